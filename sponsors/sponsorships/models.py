"""What a sponsor agreed to: a snapshot of a tier, so that neither tier nor host fee can change under it.

A pledge to a goal is one too: to pay once, without a tier (docs/goals.md).
"""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from funding.funds.models import Fund, Project
from funding.money import Money
from funding.people.models import Party
from funding.states import lifecycle
from sponsors.sponsorships import naming
from sponsors.tiers.models import Interval, Tier, interval_words

SPONSORSHIP = lifecycle(
    "sponsorship",
    pending="active ended",
    active="grace past_due ended",
    grace="active past_due lapsed ended",
    past_due="active lapsed ended",
    lapsed="active",
    ended="active",
)
"""Ended or lapsed → active: money that arrives although the page had been closed is still a month of sponsorship."""


class Sponsorship(models.Model):
    """A party's agreement to pay `amount` per `interval`. `paid_through` is the last day that is paid for.

    Perks follow from dates and never from `state`: they last through `perks_through`, which is `grace_days` later while a
    renewal may still be paid. After `stopped_at` it is not renewed and ends with the paid period. `payment_method` and
    `card_label` are the processor's words for the saved card. `tier` is empty for a pledge; `tier_name` is then the goal's title.
    """

    class Naming(models.TextChoices):
        PUBLIC = naming.PUBLIC, gettext_lazy("By a public name")
        UNNAMED = naming.UNNAMED, gettext_lazy("Unnamed")
        SECRET = naming.SECRET, gettext_lazy("Secret")

    class State(models.TextChoices):
        PENDING = "pending", gettext_lazy("Waiting for the first payment")
        ACTIVE = "active", gettext_lazy("Active")
        GRACE = "grace", gettext_lazy("Payment failed, perks go on")
        PAST_DUE = "past_due", gettext_lazy("Payment failed, perks have ended")
        LAPSED = "lapsed", gettext_lazy("Lapsed")
        ENDED = "ended", gettext_lazy("Ended")

    ref = models.CharField(max_length=20, unique=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    tier = models.ForeignKey(Tier, null=True, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="+")
    tier_name = models.CharField(max_length=60)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    interval = models.CharField(max_length=5, choices=Interval)
    host_fee_basis_points = models.PositiveIntegerField()
    naming = models.CharField(max_length=7, choices=Naming, default=Naming.PUBLIC)
    public_name = models.CharField(max_length=80, blank=True)
    payer_name = models.CharField(max_length=200)
    payer_country = models.CharField(max_length=2, blank=True)
    contact_email = models.EmailField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    anchor_on = models.DateField()
    paid_through = models.DateField(null=True)
    grace_days = models.PositiveSmallIntegerField(default=0)
    billed_through = models.DateField(null=True, help_text="The last day that was billed, where a refund moved paid_through back.")
    payment_method = models.CharField(max_length=100, blank=True)
    card_label = models.CharField(max_length=60, blank=True)
    card_expires_on = models.DateField(null=True)
    expiry_told = models.DateField(null=True, help_text="The day of expiry of which the sponsor was mailed.")
    created_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="sponsorship_amount_above_zero"),
            models.CheckConstraint(condition=Q(host_fee_basis_points__lte=5_000), name="sponsorship_host_fee_at_most_half"),
            models.CheckConstraint(
                condition=~Q(state__in=["active", "grace", "past_due", "lapsed"]) | Q(paid_through__isnull=False),
                name="sponsorship_active_is_paid",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["ended", "lapsed"], ended_at__isnull=False) | ~Q(state__in=["ended", "lapsed"]) & Q(ended_at=None),
                name="sponsorship_ended_at",
            ),
            models.CheckConstraint(condition=Q(tier__isnull=False) | Q(interval="once"), name="sponsorship_pledge_is_once"),
            models.CheckConstraint(condition=~Q(naming="public") | ~Q(public_name=""), name="sponsorship_public_has_a_name"),
        ]
        indexes = [
            models.Index(fields=["paid_through"], condition=Q(state="active"), name="sponsorship_due"),
            models.Index(fields=["paid_through"], condition=Q(state="grace"), name="sponsorship_grace"),
            models.Index(fields=["project", "state"]),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def price(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def recurring(self) -> bool:
        return self.interval != Interval.ONCE

    @property
    def period_words(self) -> str:
        """`a month`, `a year`, `once`."""
        return interval_words(self.interval)

    @property
    def shown_name(self) -> str:
        """What the public reads."""
        return naming.shown_name(self.naming, self.public_name)

    @property
    def unpaid(self) -> bool:
        """A renewal was refused and may still be paid."""
        return self.state in (self.State.GRACE, self.State.PAST_DUE)

    @property
    def promised(self) -> bool:
        """A pledge whose card was not charged, and will be only if its goal is reached."""
        return self.tier_id is None and self.state == self.State.PENDING

    @property
    def over(self) -> bool:
        return self.state in (self.State.ENDED, self.State.LAPSED)

    @property
    def perks_through(self) -> dt.date | None:
        """The last day with perks as things stand; None before the first payment. The same rule as `selectors.with_perks`."""
        if self.paid_through is None or not self.recurring or self.stopped_at or self.ended_at or self.billed_through:
            return self.paid_through
        return self.paid_through + dt.timedelta(days=self.grace_days)

    @property
    def next_charge_on(self) -> dt.date | None:
        """When the saved card is charged next, or None when it is not going to be."""
        if self.state != self.State.ACTIVE or not self.recurring or self.stopped_at or self.paid_through is None:
            return None
        return max(filter(None, [self.paid_through, self.billed_through])) + dt.timedelta(days=1)
