from django.contrib import admin

from funding.web.admin import InspectionAdmin
from grants.engagements.models import Engagement, EngagementFund


class FundInline(admin.TabularInline):
    model = EngagementFund
    can_delete = False
    extra = max_num = 0


@admin.register(Engagement)
class EngagementAdmin(InspectionAdmin):
    list_display = ["ref", "title", "project", "worker", "payee", "cap_half_days", "state"]
    list_filter = ["state"]
    search_fields = ["title", "worker__name"]
    inlines = [FundInline]
