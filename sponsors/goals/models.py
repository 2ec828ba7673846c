"""A target with a deadline, and the promises to it. Sums are minor units of the goal's currency, work is half days.

What was received, reserved or spent is nowhere here: it is read from the goal's fund and the payments.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from funding import days
from funding.funds.models import Fund, Need, Project
from funding.money import Money
from funding.people.models import User
from funding.states import lifecycle
from sponsors.sponsorships.models import Sponsorship

GOAL = lifecycle("goal", draft="open", open="collecting failed", collecting="met", met="", failed="")
PLEDGE = lifecycle(
    "pledge",
    started="pledged withdrawn lapsed",
    pledged="withdrawn owed released",
    owed="collected dropped",
    dropped="collected",
    withdrawn="",
    released="",
    lapsed="",
    collected="",
)
"""Dropped → collected: money that was on its way. Lapsed and withdrawn have no invoice, so none can come."""


class Goal(models.Model):
    """`half_days` at `rate` is the plan; `minimum` is the sum of pledges at which it is reached, before fees.

    `deadline_at` is the first instant at which nobody can pledge any more; `zone` is how its maintainer said it. `need` is what it
    is raised for, if that is a Need. `decided_at` is when it was closed, `collect_until` when the grace for refused cards ends.
    """

    class Rule(models.TextChoices):
        ALL = "all", gettext_lazy("All or nothing: cards are charged only if the minimum is reached")
        KEEP = "keep", gettext_lazy("Keep it: cards are charged whatever the sum")

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        OPEN = "open", gettext_lazy("Open")
        COLLECTING = "collecting", gettext_lazy("Reached, being collected")
        MET = "met", gettext_lazy("Met")
        FAILED = "failed", gettext_lazy("Not met")

    PUBLIC = (State.OPEN, State.COLLECTING, State.MET, State.FAILED)

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    slug = models.SlugField(max_length=50, unique=True)
    title = models.CharField(max_length=60)
    summary = models.CharField(max_length=200)
    story = models.TextField(blank=True)
    half_days = models.PositiveSmallIntegerField()
    rate_amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    minimum_amount = models.BigIntegerField()
    rule = models.CharField(max_length=4, choices=Rule, default=Rule.ALL)
    deadline_at = models.DateTimeField()
    zone = models.CharField(max_length=60, default="UTC")
    need = models.ForeignKey(Need, null=True, on_delete=models.PROTECT, related_name="+")
    fund = models.OneToOneField(Fund, null=True, on_delete=models.PROTECT, related_name="+")
    host_fee_basis_points = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    collect_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    called_off = models.CharField(max_length=300, blank=True, help_text="Why, where its maintainer ended it before the deadline.")

    class Meta:
        ordering = ["deadline_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(half_days__gt=0, rate_amount__gt=0, minimum_amount__gt=0), name="goal_above_zero"),
            models.CheckConstraint(
                condition=Q(state="draft", published_at=None) | ~Q(state="draft") & Q(published_at__isnull=False, fund__isnull=False),
                name="goal_published_has_a_fund",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "open"], decided_at=None) | ~Q(state__in=["draft", "open"]) & Q(decided_at__isnull=False),
                name="goal_decided_at",
            ),
            models.CheckConstraint(condition=Q(state="met", finished_at__isnull=False) | ~Q(state="met"), name="goal_met_at"),
        ]
        indexes = [models.Index(fields=["deadline_at"], condition=Q(state="open"), name="goal_due")]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> str:
        """What the audit log and its Need call it."""
        return f"goal:{self.slug}"

    @property
    def rate(self) -> Money:
        return Money(self.rate_amount, self.currency)

    @property
    def minimum(self) -> Money:
        return Money(self.minimum_amount, self.currency)

    @property
    def plan(self) -> Money:
        """What the planned days cost."""
        return days.price(self.half_days, self.rate)

    @property
    def deadline(self) -> dt.datetime:
        """In the zone in which it was said."""
        return self.deadline_at.astimezone(ZoneInfo(self.zone))

    @property
    def decided(self) -> bool:
        return self.decided_at is not None


class Pledge(models.Model):
    """For which goal a sponsorship without a tier was made, and how it stands. The agreement, the card and the money are its own.

    `reminders` counts the steps of its collection, of which the first is the charge itself; `reminded` those whose mail is written.
    """

    class State(models.TextChoices):
        STARTED = "started", gettext_lazy("No card saved yet")
        PLEDGED = "pledged", gettext_lazy("Pledged")
        OWED = "owed", gettext_lazy("Being collected")
        COLLECTED = "collected", gettext_lazy("Collected")
        DROPPED = "dropped", gettext_lazy("Not collected")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")
        RELEASED = "released", gettext_lazy("Not charged")
        LAPSED = "lapsed", gettext_lazy("No card was saved")

    COUNTED = (State.PLEDGED, State.OWED, State.COLLECTED, State.DROPPED, State.RELEASED)
    """Promised at the deadline, or now while the goal is open."""
    OPEN = (State.STARTED, State.PLEDGED, State.OWED)

    ref = models.CharField(max_length=20, unique=True)
    goal = models.ForeignKey(Goal, on_delete=models.PROTECT, related_name="pledges")
    sponsorship = models.OneToOneField(Sponsorship, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.STARTED)
    created_at = models.DateTimeField()
    pledged_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["started", "lapsed"]) | Q(state="withdrawn") | Q(pledged_at__isnull=False), name="pledge_pledged_at"
            ),
            models.CheckConstraint(condition=Q(reminded__lte=F("reminders")), name="pledge_reminded_after"),
        ]
        indexes = [models.Index(fields=["goal", "state"])]

    def __str__(self) -> str:
        return self.ref

    @property
    def money(self) -> Money:
        return self.sponsorship.price
