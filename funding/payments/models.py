from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.ledger.models import Entry
from funding.money import Money
from funding.payments import categories
from funding.people.models import Party, User
from funding.states import lifecycle


class Customer(models.Model):
    """A party as the processor's customer. `key`, `name` and `email` are stored before the call, so that a repeat is the same call."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="+")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField()
    processor_id = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["processor_id"], condition=~Q(processor_id=""), name="customer_processor_id_once")]

    def __str__(self) -> str:
        return self.processor_id or f"customer of {self.name}"


class ConnectedAccount(models.Model):
    """A party's account at the processor, to which payouts go. `account_id` is empty until the processor has made it.

    Whether it can receive is the processor's word, read again on each `account.updated`. `destination` reads `Bank ending 6789`;
    `destination_mark` changes whenever the money would end up elsewhere. `able_at` is when it could receive for the first time.
    `form_opened_by` is who was last sent to the processor's form, the only trace of who may have changed something there.
    """

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="+")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField()
    account_id = models.CharField(max_length=255, blank=True)
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)
    payouts_enabled = models.BooleanField(default=False)
    details_submitted = models.BooleanField(default=False)
    requirements = models.JSONField(default=list)
    destination = models.CharField(max_length=80, blank=True)
    destination_mark = models.CharField(max_length=80, blank=True)
    able_at = models.DateTimeField(null=True)
    form_opened_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    form_opened_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account_id"], condition=~Q(account_id=""), name="connected_account_id_once"),
            models.CheckConstraint(condition=Q(payouts_enabled=False) | ~Q(account_id=""), name="connected_account_before_it_receives"),
        ]

    def __str__(self) -> str:
        return self.account_id or f"account of {self.name}"


class InboxEvent(models.Model):
    """News from the processor, stored once before anything is done about it. The payload is never acted on; its object is read again.

    `next_try_at` is real time, because the processor does not follow our calendar.
    """

    class State(models.TextChoices):
        RECEIVED = "received", gettext_lazy("Waiting")
        DONE = "done", gettext_lazy("Done")
        IGNORED = "ignored", gettext_lazy("Ignored")
        PARKED = "parked", gettext_lazy("Parked")

    LIFECYCLE = lifecycle("event", received="done ignored parked", done="received", ignored="received", parked="received ignored")

    event_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=255)
    object_type = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=60, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    payload = models.BinaryField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.TextField(blank=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="received"), name="inbox_due"),
            models.Index(fields=["state", "-id"], name="inbox_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def ref(self) -> str:
        return self.event_id


class ProcessorLine(models.Model):
    """One movement on the processor's balance (`txn_…`), written down once as it was read. Signed sums in minor units.

    `kind` is the processor's reporting category, `source` its object. `created_at` and `read_at` are real time.
    """

    txn_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=60)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    net = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    source = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    available_on = models.DateTimeField()
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(net=F("amount") - F("fee")), name="processorline_adds_up")]
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{categories.words(self.kind)} {self.txn_id}"

    @property
    def money(self) -> Money:
        return Money(self.net, self.currency)


class TopUp(models.Model):
    """Cash that a treasurer moves from the host's bank to the processor, so that it can be paid out. Booked when it has arrived.

    `key` is stored before the call. `next_look_at` is real time, because the processor does not follow our calendar.
    """

    class State(models.TextChoices):
        ASKED = "asked", gettext_lazy("Asked")
        PENDING = "pending", gettext_lazy("On its way")
        ARRIVED = "arrived", gettext_lazy("Arrived")
        FAILED = "failed", gettext_lazy("Failed")
        REVERSED = "reversed", gettext_lazy("Taken back by the bank")

    LIFECYCLE = lifecycle(
        "top-up", asked="pending arrived failed", pending="arrived failed", arrived="reversed", failed="arrived", reversed=""
    )
    """Failed → arrived: the processor said no, and the money came all the same."""
    UNDER_WAY = frozenset({State.ASKED, State.PENDING})

    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    processor_id = models.CharField(max_length=255, blank=True)
    balance_transaction = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    failure = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    next_look_at = models.DateTimeField()
    looks = models.PositiveIntegerField(default=0)
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    reversed_entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="topup_above_zero"),
            models.UniqueConstraint(fields=["processor_id"], condition=~Q(processor_id=""), name="topup_processor_id_once"),
            models.CheckConstraint(
                condition=Q(state__in=["arrived", "reversed"], entry__isnull=False) | ~Q(state__in=["arrived", "reversed"]) & Q(entry=None),
                name="topup_booked_when_it_arrived",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        return f"TU-{self.pk:04d}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


class Probe(models.Model):
    """One replay of the flow on the operator's test keys. The books know nothing of it; docs/first-run.md says what it does.

    `steps` holds a row for each step that was tried: `name` (a Step), `ok`, `said`. `movements` are what it left on the balance (`txn_…`).
    """

    class Step(models.TextChoices):
        BALANCE = "balance", gettext_lazy("The key opens the account, and its balance can be read")
        CUSTOMER = "customer", gettext_lazy("A sponsor becomes a customer")
        PAGE = "page", gettext_lazy("The page on which a card is typed in opens")
        CARD = "card", gettext_lazy("A card is saved")
        CHARGE = "charge", gettext_lazy("The saved card is charged without its owner")
        FEE = "fee", gettext_lazy("The fee of the charge is known")
        DECLINED = "declined", gettext_lazy("A declined card is understood")
        REFUND = "refund", gettext_lazy("The charge is refunded")
        PAYEE = "payee", gettext_lazy("A payee can be set up (Stripe Connect)")

    key = models.UUIDField(default=uuid.uuid4, unique=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    began_at = models.DateTimeField(help_text="In real time, as the processor counts it.")
    steps = models.JSONField(default=list)
    movements = models.JSONField(default=list)
    finished_at = models.DateTimeField(null=True)
    news_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        return f"PROBE-{self.pk:04d}"

    @property
    def answered(self) -> bool:
        """Whether every call was answered as it should be. News may still be on its way."""
        return self.finished_at is not None and all(step["ok"] for step in self.steps)

    @property
    def passed(self) -> bool:
        return self.answered and self.news_at is not None

    @property
    def told(self) -> list[dict[str, Any]]:
        """The steps with their names in words, for a page. A name of a release before this one is words already."""
        names = dict(self.Step.choices)
        return [{**step, "name": names.get(step["name"], step["name"])} for step in self.steps]


class BankAccount(models.Model):
    """The host's bank account from an instant on, to which grantors and companies pay. The latest row holds; none is ever changed."""

    holder = models.CharField(max_length=140)
    number = models.CharField(max_length=34, help_text="An IBAN without spaces, or the number as the bank writes it.")
    bic = models.CharField(max_length=11, blank=True)
    bank = models.CharField(max_length=140)
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.bank}, {self.number}"

    @property
    def ref(self) -> str:
        return f"bank account {self.pk}"


class Match(models.Model):
    """What an app said of a movement: `net` minor units of it are what this entry booked. Written once.

    `made_by` are the ids of those who asked for or approved it; they explain no difference about it.
    """

    line = models.ForeignKey(ProcessorLine, on_delete=models.PROTECT, related_name="matches")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    net = models.BigIntegerField()
    claimed_by = models.CharField(max_length=40)
    made_by = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "entry"], name="match_once")]
        verbose_name_plural = "matches"

    def __str__(self) -> str:
        return f"{self.line_id} in {self.entry_id}"


class Difference(models.Model):
    """Something that the processor's balance and the books do not agree on. Either `line` or `entry` is what it is about.

    Settled: a later comparison found that it had come right. Explained: a treasurer said why it is so; it opens again when
    its sums change.
    """

    class Reason(models.TextChoices):
        UNCLAIMED = "unclaimed", gettext_lazy("The books know nothing of this movement")
        LINE = "line", gettext_lazy("The movement is another sum than was booked")
        ENTRY = "entry", gettext_lazy("The entry is another sum than was moved")
        MISSING = "missing", gettext_lazy("The processor has no movement for this entry")

    class State(models.TextChoices):
        OPEN = "open", gettext_lazy("Open")
        EXPLAINED = "explained", gettext_lazy("Explained")
        SETTLED = "settled", gettext_lazy("Came right")

    LIFECYCLE = lifecycle("difference", open="explained settled", explained="open", settled="open")

    reason = models.CharField(max_length=9, choices=Reason)
    line = models.ForeignKey(ProcessorLine, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    at_processor = models.BigIntegerField()
    in_books = models.BigIntegerField()
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    explanation = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(line__isnull=False, entry=None, reason__in=["unclaimed", "line"])
                | Q(line=None, entry__isnull=False, reason__in=["entry", "missing"]),
                name="difference_about_one_thing",
            ),
            models.UniqueConstraint(fields=["reason", "line"], condition=Q(line__isnull=False), name="difference_line_once"),
            models.UniqueConstraint(fields=["reason", "entry"], condition=Q(entry__isnull=False), name="difference_entry_once"),
            models.CheckConstraint(
                condition=~Q(state="explained") | Q(closed_by__isnull=False) & ~Q(explanation=""), name="difference_explained_by_somebody"
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="difference_by_state")]
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.about}"

    @property
    def ref(self) -> str:
        return f"DIFF-{self.pk}"

    @property
    def about(self) -> str:
        return str(self.line) if self.line else _("entry {number}").format(number=self.entry_id)

    @property
    def processor_money(self) -> Money:
        return Money(self.at_processor, self.currency)

    @property
    def books_money(self) -> Money:
        return Money(self.in_books, self.currency)


class Reconciliation(models.Model):
    """One comparison: which window was read, what came of it, and both balances at that moment.

    `at` is business time; `since` and `until` are the processor's. `balances` holds a row for each currency: `currency`,
    `processor`, `books`, in minor units.
    """

    at = models.DateTimeField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    read = models.PositiveIntegerField()
    matched = models.PositiveIntegerField()
    opened = models.PositiveIntegerField()
    settled = models.PositiveIntegerField()
    balances = models.JSONField(default=list)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"comparison {self.pk}"
