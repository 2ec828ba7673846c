"""What goes back to a sponsor or is claimed by their bank. Sums are minor units of the row's currency."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.ledger.models import Entry, Transfer
from funding.money import Money
from funding.people.models import User
from funding.states import lifecycle
from sponsors.invoices.models import Payment

REFUND = lifecycle(
    "refund", requested="approved declined", approved="sent succeeded failed", sent="succeeded failed", succeeded="failed", failed="",
    declined="",
)  # fmt: skip
"""Succeeded → failed: a bank may send it back weeks later."""

DISPUTE = lifecycle("dispute", watched="open closed", open="won lost", lost="won", won="", closed="")
"""Lost → won: a bank may change its mind, and its money is a fact."""


BANK_REASONS = {
    "bank_cannot_process": gettext_lazy("the bank cannot process it"),
    "check_returned": gettext_lazy("a check was returned"),
    "credit_not_processed": gettext_lazy("a refund was promised and did not arrive"),
    "customer_initiated": gettext_lazy("its customer asked for it"),
    "debit_not_authorized": gettext_lazy("the debit was not authorized"),
    "duplicate": gettext_lazy("charged twice"),
    "fraudulent": gettext_lazy("the card's owner did not make it"),
    "general": gettext_lazy("no reason given"),
    "incorrect_account_details": gettext_lazy("the account details were wrong"),
    "insufficient_funds": gettext_lazy("not enough money on the account"),
    "noncompliant": gettext_lazy("against the rules of the card network"),
    "product_not_received": gettext_lazy("nothing was received for it"),
    "product_unacceptable": gettext_lazy("not what was agreed"),
    "subscription_canceled": gettext_lazy("the sponsorship was stopped before"),
    "unrecognized": gettext_lazy("the card's owner does not recognize it"),
}
"""The processor's codes of why a bank disputes a charge."""


class Taking(models.Model):
    """A sum taken out of what one contribution brought, and held until it is paid out or given back.

    `entry` took it, `paid_entry` let it leave the processor, `returned_entry` says that it came back, and `given_back_entry`
    put it where it had been. `excess` is what a bank takes beyond all that the contribution still had; the host bears it.
    """

    contribution = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    excess = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    paid_entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    returned_entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    given_back_entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, excess__gte=0, excess__lte=F("amount")), name="taking_amounts"),
            models.CheckConstraint(
                condition=Q(given_back_entry=None) | Q(paid_entry=None) | Q(returned_entry__isnull=False),
                name="taking_returned_before_given_back",
            ),
            models.CheckConstraint(condition=Q(returned_entry=None) | Q(paid_entry__isnull=False), name="taking_paid_before_returned"),
        ]

    def __str__(self) -> str:
        return f"{self.money} of entry {self.contribution_id}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


class TakenPart(models.Model):
    """How much of a taking belongs to one inflow of its contribution, or (`inflow` empty) to the fee that the processor keeps."""

    taking = models.ForeignKey(Taking, on_delete=models.PROTECT, related_name="parts")
    inflow = models.ForeignKey(Transfer, null=True, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["taking", "inflow"], nulls_distinct=False, name="taken_part_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="taken_part_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of {self.inflow_id or 'the fee'}"


class Refund(models.Model):
    """Money of one payment on its way back. `idempotency_key` is stored before the processor is called.

    `origin` processor: somebody made it in the processor's own dashboard, and we heard of it. `from_others` is what the fund's
    other money, the reserve and the shortfall bear, and `from_reserve` the reserve's part of it; whoever approved it agreed to
    that. `next_look_at` is real time, as the processor's is.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", gettext_lazy("Waiting for approval")
        APPROVED = "approved", gettext_lazy("Being sent")
        SENT = "sent", gettext_lazy("On its way")
        SUCCEEDED = "succeeded", gettext_lazy("Refunded")
        FAILED = "failed", gettext_lazy("Failed")
        DECLINED = "declined", gettext_lazy("Not made")

    class Origin(models.TextChoices):
        DESK = "desk", gettext_lazy("Here")
        PROCESSOR = "processor", gettext_lazy("At the processor")

    class Category(models.TextChoices):
        REQUESTED = "requested_by_customer", gettext_lazy("The sponsor asked for it")
        DUPLICATE = "duplicate", gettext_lazy("It was paid twice")
        FRAUDULENT = "fraudulent", gettext_lazy("The card was stolen")

    UNDER_WAY = (State.APPROVED, State.SENT)

    ref = models.CharField(max_length=20, unique=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    category = models.CharField(max_length=24, choices=Category)
    reason = models.CharField(max_length=500)
    stop = models.BooleanField(default=False)
    origin = models.CharField(max_length=9, choices=Origin, default=Origin.DESK)
    state = models.CharField(max_length=9, choices=State, default=State.REQUESTED)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    from_others = models.BigIntegerField(default=0)
    from_reserve = models.BigIntegerField(default=0)
    taking = models.OneToOneField(Taking, null=True, on_delete=models.PROTECT, related_name="+")
    idempotency_key = models.CharField(max_length=100, unique=True)
    processor_id = models.CharField(max_length=255, blank=True)
    balance_transaction = models.CharField(max_length=255, blank=True)
    failure_balance_transaction = models.CharField(max_length=255, blank=True)
    credit_note = models.CharField(max_length=20, blank=True)
    paid_on = models.DateField(null=True)
    failure = models.CharField(max_length=300, blank=True)
    looks = models.PositiveSmallIntegerField(default=0)
    next_look_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, from_others__gte=0, from_reserve__gte=0), name="refund_amounts"),
            models.UniqueConstraint(fields=["processor_id"], condition=~Q(processor_id=""), name="refund_processor_id_once"),
            models.UniqueConstraint(fields=["payment"], condition=Q(state="requested"), name="refund_one_request_a_payment"),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "succeeded"]) | Q(taking__isnull=False, paid_on__isnull=False), name="refund_sent_is_booked"
            ),
            models.CheckConstraint(condition=Q(origin="processor") | Q(asked_by__isnull=False), name="refund_asked_by_somebody"),
            models.CheckConstraint(
                condition=Q(origin="processor")
                | Q(state__in=["requested", "declined"])
                | Q(from_others=0)
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by")),
                name="refund_of_others_money_takes_two",
            ),
        ]
        indexes = [models.Index(fields=["next_look_at"], condition=Q(state__in=["approved", "sent"]), name="refund_open")]

    def __str__(self) -> str:
        return self.ref

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    def get_absolute_url(self) -> str:
        return reverse("refunds:refund", args=[self.ref])


class Dispute(models.Model):
    """A payment that its card's bank disputes (`du_…`). `amount` is what the bank took, `fee` what the processor charged for it.

    Watched: the bank only asks, or the news came before the money went. Open: the bank has the money. `status` and `reason` are
    the processor's words. `withdrawal` and `reinstatement` are the movements on its balance (`txn_…`).
    """

    class State(models.TextChoices):
        WATCHED = "watched", gettext_lazy("The bank asks")
        OPEN = "open", gettext_lazy("Open")
        WON = "won", gettext_lazy("Won")
        LOST = "lost", gettext_lazy("Lost")
        CLOSED = "closed", gettext_lazy("Closed without a claim")

    UNDER_WAY = (State.WATCHED, State.OPEN)

    ref = models.CharField(max_length=20, unique=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="+")
    processor_id = models.CharField(max_length=255, unique=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fee = models.BigIntegerField(default=0)
    fee_returned = models.BigIntegerField(default=0)
    from_others = models.BigIntegerField(default=0)
    from_shortfall = models.BigIntegerField(default=0)
    status = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=60, blank=True)
    evidence_due = models.DateTimeField(null=True)
    state = models.CharField(max_length=7, choices=State, default=State.WATCHED)
    taking = models.OneToOneField(Taking, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawal = models.CharField(max_length=255, blank=True)
    reinstatement = models.CharField(max_length=255, blank=True)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True)
    looks = models.PositiveSmallIntegerField(default=0)
    next_look_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, fee__gte=0), name="dispute_amounts"),
            models.CheckConstraint(condition=~Q(state__in=["open", "won", "lost"]) | Q(taking__isnull=False), name="dispute_booked"),
        ]
        indexes = [models.Index(fields=["next_look_at"], condition=Q(state__in=["watched", "open"]), name="dispute_open")]

    def __str__(self) -> str:
        return self.ref

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def reason_words(self) -> str:
        """In words; the processor's code spelled out where we have none."""
        if not self.reason:
            return _("no reason given")
        return str(BANK_REASONS[self.reason]) if self.reason in BANK_REASONS else self.reason.replace("_", " ")

    def get_absolute_url(self) -> str:
        return reverse("refunds:dispute", args=[self.ref])
