from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy

from funding import days
from funding.money import Money


class Engagement(models.Model):
    """The statement of work that a funded proposal becomes: who works, who is paid, how much at most, at what day rate.

    The caps are what the determination reserved. `cap_half_days` is in half days, `rate_amount` a day rate in minor units.
    """

    class State(models.TextChoices):
        ACTIVE = "active", gettext_lazy("Active")
        COMPLETE = "complete", gettext_lazy("Complete")
        ENDED = "ended", gettext_lazy("Ended early")

    proposal = models.OneToOneField("proposals.Proposal", on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey("funds.Project", on_delete=models.PROTECT, related_name="+")
    worker = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    payee = models.ForeignKey("people.Party", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    cap_half_days = models.PositiveSmallIntegerField()
    rate_amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cap_half_days__gt=0, cap_half_days__lte=days.MAX_HALF_DAYS), name="engagement_cap_in_range"),
            models.CheckConstraint(condition=Q(rate_amount__gt=0), name="engagement_rate_above_zero"),
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="engagement_ends_after_it_starts"),
            models.CheckConstraint(condition=~Q(state="active") | Q(ends_on=None), name="engagement_active_has_no_end"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    @property
    def ref(self) -> str:
        return f"E-{self.pk:04d}"

    @property
    def rate(self) -> Money:
        return Money(self.rate_amount, self.currency)

    @property
    def cap(self) -> Money:
        return days.price(self.cap_half_days, self.rate)

    def get_absolute_url(self) -> str:
        return reverse("timesheets:engagement", args=[self.ref])

    def allows(self, day: dt.date) -> bool:
        """True if a day of work may be logged on that date, as far as the dates go."""
        return self.state == self.State.ACTIVE and self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


class EngagementFund(models.Model):
    """One reservation that an engagement draws from. The lowest position is drawn first."""

    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="funds")
    fund = models.ForeignKey("funds.Fund", on_delete=models.PROTECT, related_name="+")
    reservation = models.OneToOneField("ledger.Reservation", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["engagement", "position"], name="engagement_fund_position_once")]
        ordering = ["engagement_id", "position"]

    def __str__(self) -> str:
        return f"{self.fund}"

    @property
    def open(self) -> Money:
        """What is still held in this fund for the engagement."""
        return Money(self.reservation.open, self.fund.currency)
