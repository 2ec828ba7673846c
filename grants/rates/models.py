from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from funding.money import Money
from funding.people.models import User


class RateCard(models.Model):
    """A contributor's day rate in one currency from one date on. A new card never changes what was worked before it."""

    class State(models.TextChoices):
        PROPOSED = "proposed", gettext_lazy("Proposed")
        APPROVED = "approved", gettext_lazy("Approved")
        DECLINED = "declined", gettext_lazy("Declined")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    effective_from = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-effective_from", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "currency", "effective_from"], condition=Q(state="approved"), name="rate_approved_once"
            ),
            models.UniqueConstraint(
                fields=["user", "currency", "effective_from"], condition=Q(state="proposed"), name="rate_proposed_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="rate_above_zero"),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "withdrawn"]) | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="rate_decided_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["state", "proposed_at"])]

    def __str__(self) -> str:
        return f"{self.user}: {self.rate} a day from {self.effective_from}"

    @property
    def ref(self) -> str:
        """What the audit log calls it."""
        return f"rate:{self.pk}"

    @property
    def rate(self) -> Money:
        return Money(self.amount, self.currency)
