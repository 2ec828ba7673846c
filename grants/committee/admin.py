from django.contrib import admin

from funding.web.admin import InspectionAdmin
from grants.committee.models import Committee, Determination


@admin.register(Committee)
class CommitteeAdmin(InspectionAdmin):
    """Panels, reviews and votes are not listed here: staff see no content before the decision."""

    list_display = ["name", "slug", "quorum_percent", "majority_percent", "minimum_reviews", "tie"]


@admin.register(Determination)
class DeterminationAdmin(InspectionAdmin):
    list_display = ["panel", "outcome", "votes_for", "votes_against", "votes_abstained", "published_at"]
    list_filter = ["outcome"]
