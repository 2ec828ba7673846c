from __future__ import annotations

from urllib.parse import urlsplit

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding import days
from funding.components.formats import date
from funding.money import Money
from grants.engagements.models import Engagement


class WorkEntry(models.Model):
    """Half a day of work by one person. The day rate in force is kept on the row, so that a later rate changes nothing.

    A slot is (worker, date, morning or afternoon) and can be taken once, whatever engagement it is for. An entry that was
    withdrawn or returned stays as history and frees its slot.
    """

    class State(models.TextChoices):
        LOGGED = "logged", gettext_lazy("Logged")
        APPROVED = "approved", gettext_lazy("Approved")
        RETURNED = "returned", gettext_lazy("Returned")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")

    class Slot(models.TextChoices):
        MORNING = days.MORNING, gettext_lazy("Morning")
        AFTERNOON = days.AFTERNOON, gettext_lazy("Afternoon")

    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="+")
    worker = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    date = models.DateField()
    slot = models.CharField(max_length=2, choices=Slot)
    note = models.CharField(max_length=200)
    evidence_url = models.URLField(max_length=500, blank=True, validators=[URLValidator(schemes=["http", "https"])])
    rate_amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=State, default=State.LOGGED)
    logged_at = models.DateTimeField()
    approved_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["worker", "date", "slot"], condition=Q(state__in=["logged", "approved"]), name="work_slot_once"
            ),
            models.CheckConstraint(condition=Q(slot__in=["am", "pm"]), name="work_slot_is_half_a_day"),
            models.CheckConstraint(condition=Q(rate_amount__gt=0), name="work_rate_above_zero"),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_by__isnull=False, approved_at__isnull=False), name="work_approved_by_somebody"
            ),
            models.CheckConstraint(condition=Q(approved_by=None) | ~Q(approved_by=models.F("worker")), name="work_not_approved_by_worker"),
        ]
        indexes = [
            models.Index(fields=["engagement", "state"]),
            models.Index(fields=["worker", "date"]),
        ]
        ordering = ["date", "slot", "id"]
        verbose_name_plural = "work entries"

    def __str__(self) -> str:
        return f"{self.ref} {self.when}"

    @property
    def ref(self) -> str:
        return f"W-{self.pk:04d}"

    @property
    def rate(self) -> Money:
        return Money(self.rate_amount, self.currency)

    @property
    def amount(self) -> Money:
        """What this half day costs at the rate kept on it."""
        return days.price(1, self.rate)

    @property
    def evidence_host(self) -> str:
        """Where the evidence is, short enough for a table: `github.com`."""
        return urlsplit(self.evidence_url).hostname or ""

    @property
    def when(self) -> str:
        """`Wed 14 Oct 2026, morning`."""
        words = _("{day}, morning") if self.slot == self.Slot.MORNING else _("{day}, afternoon")
        return words.format(day=date(self.date))
