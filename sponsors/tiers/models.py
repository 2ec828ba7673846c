"""Published prices. A tier is written as a draft, published once, and from then on only retired.

The database holds that too (guards.py): what somebody agreed to can still be read where they agreed to it.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.funds.models import Fund, Project
from funding.money import Money
from funding.people.models import User


class Interval(models.TextChoices):
    MONTH = "month", gettext_lazy("Every month")
    YEAR = "year", gettext_lazy("Every year")
    ONCE = "once", gettext_lazy("One time")


def interval_words(interval: str) -> str:
    """What stands behind a price: `$100.00 a month`."""
    return {"month": _("a month"), "year": _("a year"), "once": _("once")}[interval]


class Tier(models.Model):
    """A price with what it buys, for one project, feeding one fund. `amount` is what the sponsor pays, before fees."""

    class Audience(models.TextChoices):
        ANYONE = "anyone", gettext_lazy("People and companies")
        PERSON = "person", gettext_lazy("People")
        COMPANY = "company", gettext_lazy("Companies")

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        PUBLISHED = "published", gettext_lazy("Published")
        RETIRED = "retired", gettext_lazy("Retired")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.ANYONE)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    interval = models.CharField(max_length=5, choices=Interval, default=Interval.MONTH)
    description = models.CharField(max_length=200, blank=True)
    benefits = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "amount", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="tier_amount_above_zero"),
            models.CheckConstraint(condition=Q(state="draft") | Q(published_at__isnull=False), name="tier_published_at"),
            models.CheckConstraint(
                condition=Q(retired_at=None) | Q(state="retired", retired_at__gte=F("published_at")), name="tier_retired_after"
            ),
        ]
        indexes = [models.Index(fields=["project", "state"])]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """What the audit log calls it."""
        return f"tier:{self.pk}"

    @property
    def price(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def period_words(self) -> str:
        return interval_words(self.interval)

    @property
    def benefit_lines(self) -> list[str]:
        return [line.strip() for line in self.benefits.splitlines() if line.strip()]
