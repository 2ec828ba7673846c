from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from funding.money import Money
from grants.engagements.models import EngagementFund
from grants.timesheets.models import WorkEntry


class PayoutRun(models.Model):
    """A batch of payouts in one currency: prepared by one treasurer, released by another, then executed.

    `control_total` is the sum of what would be paid, in minor units, and `count` how many payees get it. Held payouts
    are listed in the run and in neither figure.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", "Waiting for release"
        RELEASED = "released", "Released"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    number = models.BigAutoField(primary_key=True)
    currency = models.CharField(max_length=3)
    up_to = models.DateField()
    state = models.CharField(max_length=9, choices=State, default=State.PREPARED)
    prepared_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    released_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    control_total = models.BigIntegerField(default=0)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency"], condition=Q(state="prepared"), name="payoutrun_one_prepared"),
            models.CheckConstraint(
                condition=~Q(state__in=["released", "done"]) | Q(released_by__isnull=False, released_at__isnull=False),
                name="payoutrun_released_by_somebody",
            ),
            models.CheckConstraint(condition=Q(released_by=None) | ~Q(released_by=F("prepared_by")), name="payoutrun_two_people"),
            models.CheckConstraint(condition=Q(control_total__gte=0), name="payoutrun_total_not_negative"),
        ]
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Run {self.number}"

    @property
    def ref(self) -> str:
        return f"run:{self.number}"

    @property
    def total(self) -> Money:
        return Money(self.control_total, self.currency)

    def get_absolute_url(self) -> str:
        return reverse("payouts:run", args=[self.number])


class Payout(models.Model):
    """One payee's payment in a run. Its sum is the sum of its lines; a held payout has a reason and no lines.

    `idempotency_key` is stored before the processor is called and changes only after the processor said no, so that a
    call whose answer was lost is repeated and never doubled. `sent_entry` moved the money from the funds to what is owed,
    `confirmed_entry` from what is owed to the processor's cash. `owed_entry` holds the items that are or were to be settled:
    the sent entry, or the last return. `mark` tells this payout from one with the same number in another database.
    """

    class State(models.TextChoices):
        HELD = "held", "Held"
        READY = "ready", "Ready"
        SENT = "sent", "Sent"
        CONFIRMED = "confirmed", "Confirmed"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    run = models.ForeignKey(PayoutRun, on_delete=models.PROTECT, related_name="payouts")
    payee = models.ForeignKey("people.Party", on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    half_days = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=State)
    hold_reason = models.CharField(max_length=300, blank=True)
    mark = models.UUIDField(default=uuid.uuid4, editable=False)
    attempt = models.PositiveSmallIntegerField(default=1)
    idempotency_key = models.CharField(max_length=80, null=True, unique=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    transfer_id = models.CharField(max_length=80, blank=True)
    failure = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    sent_entry = models.OneToOneField("ledger.Entry", null=True, on_delete=models.PROTECT, related_name="+")
    owed_entry = models.OneToOneField("ledger.Entry", null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_entry = models.OneToOneField("ledger.Entry", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "payee"], name="payout_payee_once_in_run"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_amount_above_zero"),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "confirmed", "failed"])
                | Q(sent_entry__isnull=False, sent_at__isnull=False, idempotency_key__isnull=False),
                name="payout_owed_before_it_is_paid",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_entry__isnull=False, confirmed_at__isnull=False),
                name="payout_confirmed_in_the_books",
            ),
            models.CheckConstraint(condition=~Q(state="held") | ~Q(hold_reason=""), name="payout_held_for_a_reason"),
        ]
        indexes = [models.Index(fields=["next_try_at"], condition=Q(state__in=["ready", "sent"]), name="payout_due")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.ref} {self.money}"

    @property
    def ref(self) -> str:
        return f"PO-{self.pk:04d}"

    @property
    def ref_at_processor(self) -> str:
        """What the processor knows it by. One processor account may serve several databases, and each counts from one."""
        return f"{self.ref}:{self.mark.hex}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    def get_absolute_url(self) -> str:
        return reverse("payouts:payout", args=[self.ref])


class PayoutLine(models.Model):
    """One half day in a payout. One to one with the work entry: no half day is ever in two payouts."""

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="lines")
    work_entry = models.OneToOneField(WorkEntry, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="payoutline_amount_above_zero")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.payout_id} {self.work_entry_id}"


class PayoutShare(models.Model):
    """The part of a line that one reservation pays. Nearly always one to a line; two where a fund runs out in mid half day."""

    line = models.ForeignKey(PayoutLine, on_delete=models.PROTECT, related_name="shares")
    source = models.ForeignKey(EngagementFund, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "source"], name="payoutshare_source_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payoutshare_amount_above_zero"),
        ]
        ordering = ["line_id", "source__position"]

    def __str__(self) -> str:
        return f"{self.line_id} {self.amount}"
