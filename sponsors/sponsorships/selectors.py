"""Whose sponsorships a person may see: those of the parties that they act for. Nobody else's exist for them."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, DateField, ExpressionWrapper, F, Q, QuerySet

from funding import clock
from funding.funds.models import Project
from funding.people.models import Membership, User
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Interval

State = Sponsorship.State


def parties_of(user: User) -> QuerySet[Membership, int]:
    """Ids of the parties that the user acts for. Working somewhere is not enough: anybody may say where they work."""
    return Membership.objects.filter(user=user, role=Membership.Role.OWNER).values_list("party", flat=True)


def own(user: User) -> QuerySet[Sponsorship]:
    """The user's sponsorships, newest first. Sign-ups that were never paid and have lapsed are left out, and so are pledges until
    they are paid: those have pages of their own."""
    mine = Sponsorship.objects.filter(party__in=parties_of(user)).select_related("project", "party")
    return mine.exclude(state=State.ENDED, paid_through=None).exclude(state=State.PENDING, tier=None)


def with_perks(day: dt.date) -> QuerySet[Sponsorship]:
    """Whose perks hold on that day: paid through it, or unpaid no longer than the days of grace. Dates only, never a state.

    The same rule as `Sponsorship.perks_through`. Grace is for a renewal that may still be paid: not for what was stopped, has
    ended, was paid once, or was paid back.
    """
    forgiven = ExpressionWrapper(F("paid_through") + F("grace_days"), output_field=DateField())
    waits = Q(stopped_at=None, ended_at=None, billed_through=None, forgiven_through__gte=day) & ~Q(interval=Interval.ONCE)
    return Sponsorship.objects.alias(forgiven_through=forgiven).filter(Q(paid_through__gte=day) | waits)


def grace_over(day: dt.date) -> QuerySet[Sponsorship]:
    """Sponsorships that still say grace although their perks ended before that day."""
    forgiven = ExpressionWrapper(F("paid_through") + F("grace_days"), output_field=DateField())
    return Sponsorship.objects.alias(forgiven_through=forgiven).filter(state=State.GRACE, forgiven_through__lt=day)


def perk_counts(projects: list[Project]) -> dict[int, int]:
    """How many sponsorships have their perks today, by project id."""
    counted = with_perks(clock.today()).filter(project__in=projects).order_by().values("project").annotate(n=Count("pk"))
    return {row["project"]: row["n"] for row in counted}
