from django.contrib import admin

from funding.web.admin import InspectionAdmin
from grants.awards.models import Award, Tranche


@admin.register(Award)
class AwardAdmin(InspectionAdmin):
    list_display = ["title", "number", "grantor", "state", "amount", "currency"]
    list_filter = ["state"]
    search_fields = ["title", "number", "slug"]


@admin.register(Tranche)
class TrancheAdmin(InspectionAdmin):
    list_display = ["award", "position", "amount", "due_on", "state"]
    list_filter = ["state"]
