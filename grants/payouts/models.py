from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.money import Money
from funding.states import lifecycle
from grants.engagements.models import EngagementFund
from grants.timesheets.models import WorkEntry

PAYOUT = lifecycle(
    "payout",
    held="cancelled",
    ready="sent held cancelled",
    sent="confirmed failed",
    failed="sent confirmed written_off",
    confirmed="failed",
    cancelled="",
    written_off="failed",
)


class PayoutRun(models.Model):
    """A batch of payouts in one currency: prepared by one treasurer, released by another, then executed.

    `control_total` is the sum of what would be paid, in minor units, and `count` how many payees get it. Held payouts
    are listed in the run and in neither figure.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", gettext_lazy("Waiting for release")
        RELEASED = "released", gettext_lazy("Released")
        DONE = "done", gettext_lazy("Done")
        CANCELLED = "cancelled", gettext_lazy("Cancelled")

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
        return _("Run {number}").format(number=self.number)

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
    call whose answer was lost is repeated and never doubled; `sending` is the sum under that key. `sent_entry` moved the money
    from the funds to what is owed. `outstanding` is what is owed and not with the payee: all of it at first, nothing once it is
    confirmed, the part that came back after a return. `confirmed_entry` is the last one that settled it. `mark` tells this
    payout from one with the same number in another database. `withheld` of `amount` is tax that goes to an authority instead of the
    payee: what the last of its `withholdings` says. Sums in minor units.
    """

    class State(models.TextChoices):
        HELD = "held", gettext_lazy("Held")
        READY = "ready", gettext_lazy("Ready")
        SENT = "sent", gettext_lazy("Sent")
        CONFIRMED = "confirmed", gettext_lazy("Confirmed")
        FAILED = "failed", gettext_lazy("Failed")
        CANCELLED = "cancelled", gettext_lazy("Cancelled")
        WRITTEN_OFF = "written_off", gettext_lazy("Debt cancelled")

    run = models.ForeignKey(PayoutRun, on_delete=models.PROTECT, related_name="payouts")
    payee = models.ForeignKey("people.Party", on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    half_days = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State)
    hold_reason = models.CharField(max_length=300, blank=True)
    hold_remedy = models.CharField(max_length=300, blank=True)
    mark = models.UUIDField(default=uuid.uuid4, editable=False)
    attempt = models.PositiveSmallIntegerField(default=1)
    idempotency_key = models.CharField(max_length=80, null=True, unique=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    sending = models.BigIntegerField(default=0)
    outstanding = models.BigIntegerField(default=0)
    withheld = models.BigIntegerField(default=0)
    withheld_entry = models.OneToOneField("ledger.Entry", null=True, on_delete=models.PROTECT, related_name="+")
    transfer_id = models.CharField(max_length=80, blank=True)
    failure = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    sent_entry = models.OneToOneField("ledger.Entry", null=True, on_delete=models.PROTECT, related_name="+")
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
            models.CheckConstraint(condition=Q(outstanding__gte=0, outstanding__lte=F("amount")), name="payout_owes_at_most_its_sum"),
            models.CheckConstraint(
                condition=Q(withheld=0, withheld_entry=None) | Q(withheld__gt=0, withheld__lt=F("amount")),
                name="payout_withholds_a_part",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["sent", "failed"], outstanding__gt=0) | ~Q(state__in=["sent", "failed"]) & Q(outstanding=0),
                name="payout_owes_until_it_is_paid",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sending__gt=0, sending__lte=F("outstanding")), name="payout_sends_what_it_owes"
            ),
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

    @property
    def net(self) -> Money:
        """What goes to the payee: the sum less what is withheld of it."""
        return Money(self.amount - self.withheld, self.currency)

    @property
    def tax(self) -> Money:
        """What is withheld of the sum."""
        return Money(self.withheld, self.currency)

    @property
    def owed(self) -> Money:
        """What of it is owed and not with the payee."""
        return Money(self.outstanding, self.currency)

    def get_absolute_url(self) -> str:
        return reverse("payouts:payout", args=[self.ref])


class Withholding(models.Model):
    """What one treasurer said is withheld of a payout, in minor units, 0 for nothing. The last one counts; each stays (I10)."""

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="withholdings")
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0) & ~Q(reason=""), name="withholding_says_why")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.payout_id} {self.amount}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.payout.currency)


class PayoutTransfer(models.Model):
    """One transfer that the processor made for a payout. Usually the only one; another after money came back.

    `entry` settled it in the books. `returned` is how much of it came back so far, in minor units, as booked by its returns.
    """

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="transfers")
    transfer_id = models.CharField(max_length=80, unique=True)
    amount = models.BigIntegerField()
    returned = models.BigIntegerField(default=0)
    at = models.DateTimeField()
    balance_transaction = models.CharField(max_length=80, blank=True)
    entry = models.OneToOneField("ledger.Entry", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, returned__gte=0, returned__lte=F("amount")), name="payouttransfer_returns_at_most_its_sum"
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.transfer_id


class PayoutReturn(models.Model):
    """Money of a transfer that came back, in whole or in part, and is owed again since `entry`.

    `reversal_id` and `balance_transaction` are the processor's, empty where it told only the sum.
    """

    transfer = models.ForeignKey(PayoutTransfer, on_delete=models.PROTECT, related_name="returns")
    amount = models.BigIntegerField()
    at = models.DateTimeField()
    reversal_id = models.CharField(max_length=80, blank=True)
    balance_transaction = models.CharField(max_length=80, blank=True)
    entry = models.OneToOneField("ledger.Entry", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reversal_id"], condition=~Q(reversal_id=""), name="payoutreturn_reversal_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payoutreturn_amount_above_zero"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.transfer_id} {self.amount}"


class DebtCancellation(models.Model):
    """What failed to reach a payee for good goes back to the funds that it came from: asked for by one treasurer, decided by another.

    The half days stay approved and in their payout, written off: a later run does not take them. `amount` is what was
    outstanding when it was asked for, and the decision is about that sum; `withheld` is the tax that went back with it. Minor units.
    """

    class State(models.TextChoices):
        ASKED = "asked", gettext_lazy("Waiting for a second person")
        DONE = "done", gettext_lazy("Done")
        DECLINED = "declined", gettext_lazy("Declined")

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="cancellations")
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    withheld = models.BigIntegerField(default=0)
    entry = models.OneToOneField("ledger.Entry", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(withheld=0) | Q(withheld__gt=0, state="done"), name="debtcancellation_releases_tax"),
            models.UniqueConstraint(fields=["payout"], condition=Q(state="asked"), name="debtcancellation_one_waits"),
            models.CheckConstraint(condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="debtcancellation_two_people"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(entry__isnull=False, decided_by__isnull=False), name="debtcancellation_booked"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="debtcancellation_amount_above_zero"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"debt of {self.payout_id}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.payout.currency)


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

    @property
    def money(self) -> Money:
        return Money(self.amount, self.payout.currency)


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


class PayeeChange(models.Model):
    """A change of where a payee's money goes, or of who acts for them. Written once.

    Nothing is paid to them before `holds_until` (the same instant as `at` for a first time, which holds nothing). `before` and
    `after` are labels such as `Bank ending 6789`. `by` is empty where the processor's pages were used without ours.
    """

    class What(models.TextChoices):
        BANK = "bank", gettext_lazy("Bank details")
        ACTING = "acting", gettext_lazy("Who acts for them")

    party = models.ForeignKey("people.Party", on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=8, choices=What)
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    holds_until = models.DateTimeField()
    by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    agreed_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(holds_until__gte=F("at")), name="payeechange_holds_from_then")]
        indexes = [models.Index(fields=["party", "-at"])]
        ordering = ["-id"]

    def __str__(self) -> str:
        none = _("none")
        return _("{what}: {before} to {after}").format(what=self.get_what_display(), before=self.before or none, after=self.after or none)

    @property
    def first(self) -> bool:
        return self.holds_until == self.at


class Freeze(models.Model):
    """Nothing is paid to a payee until a treasurer has looked: somebody said of a change that it was not them."""

    party = models.ForeignKey("people.Party", on_delete=models.PROTECT, related_name="+")
    change = models.OneToOneField(PayeeChange, on_delete=models.PROTECT, related_name="freeze")
    at = models.DateTimeField()
    lifted_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lift_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_at=None) | Q(lifted_by__isnull=False) & ~Q(lift_reason=""), name="freeze_lifted_by_somebody"
            ),
        ]
        indexes = [models.Index(fields=["party"], condition=Q(lifted_at=None), name="freeze_open")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"freeze of {self.party_id}"

    @property
    def ref(self) -> str:
        return f"party:{self.party_id}"
