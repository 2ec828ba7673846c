"""Reads for the page of day rates."""

from __future__ import annotations

from django.db.models import QuerySet

from funding.people.roles import Viewer
from grants.rates.models import RateCard


def mine(user: Viewer) -> QuerySet[RateCard]:
    """The person's own cards, newest date first."""
    return RateCard.objects.filter(user=user.pk).select_related("decided_by")


def waiting(decider: Viewer) -> QuerySet[RateCard]:
    """Rates of other people that nobody has decided, oldest first."""
    found = RateCard.objects.filter(state=RateCard.State.PROPOSED).exclude(user=decider.pk)
    return found.select_related("user").order_by("proposed_at", "pk")


def decided(viewer: Viewer) -> QuerySet[RateCard]:
    """The last decisions about other people's rates, newest first."""
    found = RateCard.objects.filter(decided_at__isnull=False).exclude(user=viewer.pk)
    return found.select_related("user", "decided_by").order_by("-decided_at")[:20]
