from django.contrib import admin

from funding.web.admin import InspectionAdmin
from grants.timesheets.models import WorkEntry


@admin.register(WorkEntry)
class WorkEntryAdmin(InspectionAdmin):
    list_display = ["ref", "worker", "date", "slot", "note", "state", "engagement"]
    list_filter = ["state"]
    search_fields = ["worker__name", "note"]
    date_hierarchy = "date"
