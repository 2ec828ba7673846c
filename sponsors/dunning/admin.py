from django.contrib import admin

from funding.web.admin import InspectionAdmin
from sponsors.dunning.models import Course, Schedule


@admin.register(Schedule)
class ScheduleAdmin(InspectionAdmin):
    list_display = ["version", "written_by", "created_at"]


@admin.register(Course)
class CourseAdmin(InspectionAdmin):
    list_display = ["invoice", "version", "begun_on", "taken", "next_on", "outcome"]
    list_filter = ["outcome"]
