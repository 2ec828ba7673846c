"""What is owed for a period, and each attempt to collect it. Sums are minor units of the row's currency."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from funding.ledger.models import Entry
from funding.money import Money
from funding.states import lifecycle
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.fees import Shares

INVOICE = lifecycle("invoice", open="paid void", paid="", void="paid")
"""Void → paid: the processor took the money before it heard that the page was closed. A fact from outside is never refused."""

PAYMENT = lifecycle(
    "payment",
    created="processing paid failed abandoned",
    processing="paid failed abandoned",
    paid="booked",
    booked="",
    failed="paid",
    abandoned="paid",
)


class Invoice(models.Model):
    """One period of one sponsorship: from `period_start` until the day before `period_end`. At most one payment of it succeeds."""

    class State(models.TextChoices):
        OPEN = "open", gettext_lazy("Open")
        PAID = "paid", gettext_lazy("Paid")
        VOID = "void", gettext_lazy("Void")

    number = models.CharField(max_length=20, unique=True)
    sponsorship = models.ForeignKey(Sponsorship, on_delete=models.PROTECT, related_name="+")
    period_start = models.DateField()
    period_end = models.DateField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    billed_name = models.CharField(max_length=200)
    billed_country = models.CharField(max_length=2, blank=True)
    state = models.CharField(max_length=4, choices=State, default=State.OPEN)
    due_on = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-period_start", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["sponsorship", "period_start"], name="invoice_once_a_period"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="invoice_amount_above_zero"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="invoice_period_in_order"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def ref(self) -> str:
        return self.number

    @property
    def last_day(self) -> dt.date:
        """The last day that it covers."""
        return self.period_end - dt.timedelta(days=1)

    @property
    def total(self) -> Money:
        return Money(self.amount, self.currency)


class Payment(models.Model):
    """One attempt to collect one invoice. `idempotency_key` is stored before the processor is called.

    So are `description` and, for a saved card, `payment_method`: a repeat must be the same request. `paid` is "paid,
    being booked": the money is taken and the card fee not known yet. `booked` has its entry, and `gross` = `fee` +
    `host_fee` + `net`. `key_at` (when the key was made) and `next_look_at` are real time, as the processor's are.
    `trouble` is why the last look went wrong, for staff; empty when nothing did. `paid_at` (real time) is when we learned
    that the money was taken. `surplus` is money for an invoice that another payment paid already: it is owed to the sponsor,
    `net` is what is held for them (gross less the card fee, which the host makes up for on returning it), `host_fee` 0.
    """

    class State(models.TextChoices):
        CREATED = "created", gettext_lazy("Not sent yet")
        PROCESSING = "processing", gettext_lazy("Waiting for the card")
        PAID = "paid", gettext_lazy("Paid, being booked")
        BOOKED = "booked", gettext_lazy("Paid")
        FAILED = "failed", gettext_lazy("Failed")
        ABANDONED = "abandoned", gettext_lazy("Not completed")

    class Method(models.TextChoices):
        CHECKOUT = "checkout", gettext_lazy("The card page")
        SAVED_CARD = "saved_card", gettext_lazy("The saved card")

    UNDECIDED = (State.CREATED, State.PROCESSING)
    OPEN = (*UNDECIDED, State.PAID)
    LIVE = (*OPEN, State.BOOKED)
    TAKEN = (State.PAID, State.BOOKED)

    SAYS_NOTHING = frozenset({"Your card was declined.", "The card was declined.", "The card was not charged."})
    """What the processor and we write where the bank gave no reason."""

    ref = models.CharField(max_length=20, unique=True)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    attempt = models.PositiveSmallIntegerField()
    method = models.CharField(max_length=10, choices=Method)
    state = models.CharField(max_length=10, choices=State, default=State.CREATED)
    idempotency_key = models.CharField(max_length=100, unique=True)
    key_at = models.DateTimeField()
    description = models.CharField(max_length=200)
    payment_method = models.CharField(max_length=100, blank=True)
    checkout_id = models.CharField(max_length=255, blank=True)
    charge_id = models.CharField(max_length=255, blank=True)
    balance_transaction = models.CharField(max_length=255, blank=True)
    card_label = models.CharField(max_length=60, blank=True)
    currency = models.CharField(max_length=3)
    gross = models.BigIntegerField()
    fee = models.BigIntegerField(null=True)
    host_fee = models.BigIntegerField(null=True)
    net = models.BigIntegerField(null=True)
    failure_code = models.CharField(max_length=60, blank=True)
    failure_message = models.CharField(max_length=300, blank=True)
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    paid_on = models.DateField(null=True)
    paid_at = models.DateTimeField(null=True)
    surplus = models.BooleanField(default=False)
    returned = models.BigIntegerField(default=0, help_text="What was refunded of it, or taken back by a bank.")
    created_at = models.DateTimeField()
    looks = models.PositiveSmallIntegerField(default=0)
    next_look_at = models.DateTimeField()
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "attempt"], name="payment_attempt_once"),
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(state__in=["created", "processing", "paid", "booked"], surplus=False),
                name="payment_one_live_an_invoice",
            ),
            models.UniqueConstraint(fields=["checkout_id"], condition=~Q(checkout_id=""), name="payment_checkout_once"),
            models.UniqueConstraint(fields=["charge_id"], condition=~Q(charge_id=""), name="payment_charge_once"),
            models.UniqueConstraint(fields=["balance_transaction"], condition=~Q(balance_transaction=""), name="payment_movement_once"),
            models.CheckConstraint(condition=Q(gross__gt=0), name="payment_gross_above_zero"),
            models.CheckConstraint(condition=Q(returned__gte=0, returned__lte=F("gross")), name="payment_returned_of_it"),
            models.CheckConstraint(
                condition=Q(state="booked", entry__isnull=False, fee__gte=0, host_fee__gte=0, net__gte=0)
                & Q(gross=F("fee") + F("host_fee") + F("net"))
                | ~Q(state="booked") & Q(entry=None, fee=None, host_fee=None, net=None),
                name="payment_booked_adds_up",
            ),
            models.CheckConstraint(condition=~Q(state__in=["paid", "booked"]) | Q(paid_on__isnull=False), name="payment_paid_on"),
        ]
        indexes = [models.Index(fields=["next_look_at"], condition=Q(state__in=["created", "processing", "paid"]), name="payment_open")]

    def __str__(self) -> str:
        return self.ref

    @property
    def bank_reason(self) -> str:
        """Why the card was refused, where that says more than that it was."""
        return "" if self.failure_message in self.SAYS_NOTHING else self.failure_message

    @property
    def money(self) -> Money:
        return Money(self.gross, self.currency)

    @property
    def shares(self) -> Shares | None:
        """The four real lines; None until the payment is booked."""
        if self.fee is None or self.host_fee is None or self.net is None:
            return None
        fee, host_fee, net = (Money(part, self.currency) for part in (self.fee, self.host_fee, self.net))
        return Shares(self.money, fee, host_fee, net, 0 if self.surplus else self.invoice.sponsorship.host_fee_basis_points)
