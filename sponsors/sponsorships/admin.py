from django.contrib import admin

from funding.web.admin import InspectionAdmin
from sponsors.sponsorships.models import Sponsorship


@admin.register(Sponsorship)
class SponsorshipAdmin(InspectionAdmin):
    list_display = ["ref", "project", "tier_name", "amount", "currency", "interval", "state", "paid_through"]
    list_filter = ["state", "interval"]
    search_fields = ["ref"]
