"""Whose sponsorships a person may see: those of the parties that they act for. Nobody else's exist for them."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from funding.funds.models import Project
from funding.people.models import Membership, User
from sponsors.sponsorships.models import Sponsorship

State = Sponsorship.State


def parties_of(user: User) -> QuerySet[Membership, int]:
    """Ids of the parties that the user acts for. Working somewhere is not enough: anybody may say where they work."""
    return Membership.objects.filter(user=user, role=Membership.Role.OWNER).values_list("party", flat=True)


def own(user: User) -> QuerySet[Sponsorship]:
    """The user's sponsorships, newest first. Sign-ups that were never paid and have lapsed are left out."""
    mine = Sponsorship.objects.filter(party__in=parties_of(user)).select_related("project", "party")
    return mine.exclude(state=State.ENDED, paid_through=None)


def active_counts(projects: list[Project]) -> dict[int, int]:
    """How many sponsorships are active, by project id. Those whose last payment failed are not counted."""
    counted = Sponsorship.objects.filter(project__in=projects, state=State.ACTIVE).order_by().values("project").annotate(n=Count("pk"))
    return {row["project"]: row["n"] for row in counted}
