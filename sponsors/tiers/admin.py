from django.contrib import admin

from funding.web.admin import InspectionAdmin
from sponsors.tiers.models import Tier


@admin.register(Tier)
class TierAdmin(InspectionAdmin):
    list_display = ["name", "project", "amount", "currency", "interval", "audience", "state"]
    list_filter = ["state", "interval"]
    search_fields = ["name", "project__name"]
