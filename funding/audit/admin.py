from django.contrib import admin

from funding.audit.models import Record
from funding.web.admin import InspectionAdmin


@admin.register(Record)
class RecordAdmin(InspectionAdmin):
    closed_by = "subject"
    list_display = ["at", "actor_label", "act", "subject", "outcome", "rule"]
    list_filter = ["outcome", "act"]
    search_fields = ["actor_label", "subject", "act"]
