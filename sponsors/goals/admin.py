"""A target with a deadline, and the promises to it."""

from django.contrib import admin

from funding.web.admin import InspectionAdmin
from sponsors.goals.models import Goal, Pledge


@admin.register(Goal)
class GoalAdmin(InspectionAdmin):
    list_display = ["slug", "project", "title", "half_days", "minimum_amount", "currency", "rule", "state", "deadline_at"]
    list_filter = ["state"]
    search_fields = ["slug", "title"]


@admin.register(Pledge)
class PledgeAdmin(InspectionAdmin):
    list_display = ["ref", "goal", "sponsorship", "state", "pledged_at"]
    list_filter = ["state"]
    search_fields = ["ref"]
