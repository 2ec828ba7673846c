from django.contrib import admin

from funding.funds.models import Fund, Need, Project
from funding.web.admin import InspectionAdmin


@admin.register(Project)
class ProjectAdmin(InspectionAdmin):
    list_display = ["name", "slug", "state", "target_half_days", "rate_amount", "rate_currency"]
    list_filter = ["state"]
    search_fields = ["name", "slug"]


@admin.register(Fund)
class FundAdmin(InspectionAdmin):
    list_display = ["name", "kind", "project", "currency", "purpose"]
    list_filter = ["kind", "currency"]
    search_fields = ["name", "slug"]


@admin.register(Need)
class NeedAdmin(InspectionAdmin):
    list_display = ["about", "project", "half_days", "rate_amount", "currency", "fund", "state", "opened_at"]
    list_filter = ["state", "currency"]
    search_fields = ["about"]
