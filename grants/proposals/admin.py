from django.contrib import admin

from funding.web.admin import InspectionAdmin
from grants.proposals.models import Call


@admin.register(Call)
class CallAdmin(InspectionAdmin):
    """Proposals are not listed here: staff see no content before the decision."""

    list_display = ["title", "slug", "kind", "state", "committee", "opens_at", "closes_at"]
    list_filter = ["state", "kind"]
    search_fields = ["title", "slug"]
