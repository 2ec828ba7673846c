from django.contrib import admin

from funding.web.admin import InspectionAdmin
from grants.rates.models import RateCard


@admin.register(RateCard)
class RateCardAdmin(InspectionAdmin):
    list_display = ["user", "amount", "currency", "effective_from", "state", "decided_by"]
    list_filter = ["state", "currency"]
    search_fields = ["user__name"]
