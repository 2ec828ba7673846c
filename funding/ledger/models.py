"""The tables of the books. They are read from here and written only by the functions in sql/ (through services.py).

Amounts are integer minor units of the row's currency. No row carries a name or free text: ids, codes, sums, instants.
docs/ledger.md explains the accounts, the number line and the order of locks.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from funding.money import Money

CODE = r"^[a-z][a-z0-9_.-]*$"
PATH = r"^[!-~]+$"


class Account(models.Model):
    """A place money is (cash), what it is for (fund), what is owed, the clearing account, or the shortfall.

    For fund, owed and shortfall accounts `debits`, `credits` and `reserved` are kept here. Cash and clearing keep their
    totals in `AccountTotal` rows instead, so that they never make two contributions wait for each other; read either
    with `selectors.balances`. `head` is how much of a fund's credit line ordinary debits have passed, and `pinned_to` the end of
    its highest pin: at or above that, nothing lies in a debit's way.

    Only what every entry could break is a CHECK here, because PostgreSQL reads and plans each CHECK again for each statement.
    The trigger in sql/40_guards.sql holds the rest: codes, classes, and what each class may not have (cash and clearing: any total).
    """

    class Klass(models.TextChoices):
        CASH = "cash", gettext_lazy("Cash")
        FUND = "fund", gettext_lazy("Fund")
        OWED = "owed", gettext_lazy("Owed")
        CLEARING = "clearing", gettext_lazy("Clearing")
        SHORTFALL = "shortfall", gettext_lazy("Shortfall")

    code = models.CharField(max_length=100, unique=True)
    klass = models.CharField(max_length=10, choices=Klass)
    currency = models.CharField(max_length=3)
    debits = models.BigIntegerField(default=0)
    credits = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    head = models.BigIntegerField(default=0)
    pinned_to = models.BigIntegerField(default=0)
    opened_day = models.ForeignKey("BookDay", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(credits__gte=F("debits") + F("reserved")) | Q(klass="shortfall"), name="account_not_overdrawn"
            ),
        ]
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    @property
    def available(self) -> Money:
        """What a fund may still promise or spend: credits less debits less what is reserved."""
        return Money(self.credits - self.debits - self.reserved, self.currency)


class AccountTotal(models.Model):
    """One of sixteen shares of a cash or clearing account's totals; the backend that posts picks the shard."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="totals")
    shard = models.PositiveSmallIntegerField()
    debits = models.BigIntegerField()
    credits = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "shard"], name="accounttotal_shard_once"),
            models.CheckConstraint(condition=Q(debits__gte=0, credits__gte=0), name="accounttotal_not_negative"),
        ]


class BookDay(models.Model):
    """One UTC day of the books. Exactly one is open; entries take its date, whatever their own dates are.

    `closed_through` is the last date of the closed periods, as it stood on this day; it only moves forward.
    """

    day = models.DateField(primary_key=True)
    closed_at = models.DateTimeField(null=True)
    closed_through = models.DateField(null=True)
    seal = models.CharField(max_length=64, null=True)
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["closed_at"], condition=Q(closed_at=None), nulls_distinct=False, name="bookday_one_open"),
            models.CheckConstraint(condition=Q(seal=None) | Q(closed_at__isnull=False), name="bookday_sealed_after_closing"),
            models.CheckConstraint(
                condition=Q(seal=None, sealed_at=None) | Q(seal__isnull=False, sealed_at__isnull=False), name="bookday_seal_whole"
            ),
        ]
        ordering = ["day"]

    def __str__(self) -> str:
        return self.day.isoformat()


class Entry(models.Model):
    """One business fact: the transfers that belong together, all written or none.

    `number` is the public address of the entry and may skip values. `source` and `reference` name the fact, `revision`
    counts its versions; `digest` is the SHA-256 of what was asked for, by which a repeat is told from a contradiction.
    `effective_on` is the fact's own date, or, where that lies in a closed period, the first date after it; `stated_on` is then
    the fact's own date, and null otherwise.

    What names a row of the books here and in Transfer has no foreign key in the database: the posting function has just read
    the row, and rows of the books can be neither removed nor renumbered (`verify_books` looks for any that are missing).
    Days and dates follow the order in which rows lie in the table, so a few bytes for each stretch of it find them.
    """

    number = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    source = models.CharField(max_length=40)
    reference = models.CharField(max_length=200)
    revision = models.IntegerField(default=1)
    reverses = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="reversals", db_index=False, db_constraint=False)
    book_day = models.ForeignKey(BookDay, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False)
    effective_on = models.DateField()
    stated_on = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "reference", "revision"], name="entry_fact_once"),
            models.UniqueConstraint(fields=["reverses"], condition=Q(reverses__isnull=False), name="entry_reversed_once"),
        ]
        indexes = [BrinIndex(fields=["book_day", "effective_on"], pages_per_range=32, autosummarize=True, name="entry_days")]
        ordering = ["number"]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class Transfer(models.Model):
    """A positive amount from the credited account's giver to the debited account: one row, so it cannot be unbalanced.

    `debit_offset` and `credit_offset` are the totals that each account had before this row (none on cash and clearing).
    A debit on a fund also stores `spend_from` and `spend_to`: the stretch of that fund's credit line that it consumes,
    and `pinned` when it gives back exactly that stretch. `settles` is the owed item that this row pays off.
    `source_transfer` and `source_position` say which earlier row, and where in it, returning money comes from.
    """

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="transfers", db_index=False, db_constraint=False)
    line = models.SmallIntegerField()
    debit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debit_transfers", db_index=False, db_constraint=False
    )
    credit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="credit_transfers", db_index=False, db_constraint=False
    )
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    debit_offset = models.BigIntegerField(null=True)
    credit_offset = models.BigIntegerField(null=True)
    spend_from = models.BigIntegerField(null=True)
    spend_to = models.BigIntegerField(null=True)
    pinned = models.BooleanField(default=False)
    source_transfer = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="returns", db_index=False, db_constraint=False
    )
    source_position = models.BigIntegerField(null=True)
    settles = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="settlements", db_index=False, db_constraint=False
    )
    reservation = models.ForeignKey(
        "Reservation", null=True, on_delete=models.PROTECT, related_name="draws", db_index=False, db_constraint=False
    )
    party = models.ForeignKey("people.Party", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    about_kind = models.CharField(max_length=40, null=True)
    about_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "line"], name="transfer_line_once"),
            models.UniqueConstraint(
                fields=["debit_account", "debit_offset"], condition=Q(debit_offset__isnull=False), name="transfer_debit_line"
            ),
            models.UniqueConstraint(
                fields=["credit_account", "credit_offset"], condition=Q(credit_offset__isnull=False), name="transfer_credit_line"
            ),
            models.UniqueConstraint(
                fields=["source_transfer", "source_position"], condition=Q(source_transfer__isnull=False), name="transfer_source_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_amount_above_zero"),
        ]
        indexes = [
            models.Index(
                fields=["debit_account", "spend_from"], condition=Q(pinned=False, spend_from__isnull=False), name="transfer_spent"
            ),
            models.Index(fields=["debit_account", "spend_from"], condition=Q(pinned=True), name="transfer_pinned"),
            models.Index(fields=["debit_account", "id"], condition=Q(debit_offset=None), name="transfer_cash_debits"),
            models.Index(fields=["credit_account", "id"], condition=Q(credit_offset=None), name="transfer_cash_credits"),
            models.Index(fields=["settles", "id"], condition=Q(settles__isnull=False), name="transfer_settlements"),
            models.Index(fields=["reservation", "id"], condition=Q(reservation__isnull=False), name="transfer_draws"),
            models.Index(fields=["party", "id"], condition=Q(party__isnull=False), name="transfer_party"),
            models.Index(fields=["about_kind", "about_id"], condition=Q(about_kind__isnull=False), name="transfer_about"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.entry_id}.{self.line} {self.money}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


class Reservation(models.Model):
    """Money of one fund held for a proposal or an engagement. `reserved` counts increases too; what is open is the rest."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="reservations")
    holder_kind = models.CharField(max_length=40)
    holder_id = models.BigIntegerField()
    key = models.CharField(max_length=200, unique=True)
    reserved = models.BigIntegerField()
    drawn = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reserved__gt=0, drawn__gte=0, released__gte=0), name="reservation_not_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=F("drawn") + F("released")), name="reservation_not_exceeded"),
            models.CheckConstraint(condition=Q(holder_kind__regex=CODE, key__regex=PATH), name="reservation_codes"),
        ]
        indexes = [models.Index(fields=["holder_kind", "holder_id"])]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.holder_kind} {self.holder_id}"

    @property
    def open(self) -> int:
        """What is still held, in minor units of the fund's currency."""
        return self.reserved - self.drawn - self.released


class ReservationMove(models.Model):
    """One change of a reservation. `reserved_before` is what the fund held in all reservations before it."""

    class Kind(models.TextChoices):
        RESERVE = "reserve", gettext_lazy("Reserved")
        INCREASE = "increase", gettext_lazy("Increased")
        DRAW = "draw", gettext_lazy("Drawn")
        RELEASE = "release", gettext_lazy("Released")

    reservation = models.ForeignKey(Reservation, on_delete=models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=10, choices=Kind)
    amount = models.BigIntegerField()
    transfer = models.OneToOneField(Transfer, null=True, on_delete=models.PROTECT, related_name="reservation_move")
    reserved_before = models.BigIntegerField()
    key = models.CharField(max_length=200, unique=True)
    book_day = models.ForeignKey(BookDay, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, reserved_before__gte=0), name="move_amounts"),
            models.CheckConstraint(
                condition=Q(kind="draw", transfer__isnull=False) | (~Q(kind="draw") & Q(transfer=None)), name="move_draw_has_transfer"
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class SealedText(models.Model):
    """A sealed day as it was written out: `text` is the file whose SHA-256 is the day's seal. Written by the function that seals.

    It is no source of anything: the file follows from the rows, and this copy lets a check name the line that differs.
    """

    day = models.OneToOneField(BookDay, primary_key=True, on_delete=models.PROTECT, related_name="sealed")
    host = models.CharField(max_length=40)
    text = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(host__regex=PATH), name="sealedtext_host_is_ascii")]
        ordering = ["day"]

    def __str__(self) -> str:
        return str(self.day_id)


class SealedBalance(models.Model):
    """How an account stood at the end of a sealed day on which it moved: the Z line of that day as a row. Written once.

    The next day is sealed from the last of these of each account, so that no history is summed again. `verify_books` does sum it.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.ForeignKey(BookDay, on_delete=models.PROTECT, related_name="balances")
    debits = models.BigIntegerField()
    credits = models.BigIntegerField()
    reserved = models.BigIntegerField()
    head = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="sealedbalance_once_a_day")]
        ordering = ["day", "account"]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day_id}"


class SealedDocument(models.Model):
    """The digest of a public document, such as a determination: a line of the day on which it was published."""

    source = models.CharField(max_length=40)
    reference = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    book_day = models.ForeignKey(BookDay, on_delete=models.PROTECT, related_name="documents")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="sealeddocument_once"),
            models.CheckConstraint(
                condition=Q(source__regex=CODE, reference__regex=PATH, digest__regex=r"^[0-9a-f]{64}$"), name="sealeddocument_codes"
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.source} {self.reference}"


class Commitment(models.Model):
    """What the file of a sealed day says in place of a private field: `digest` = SHA-256(tag + salt + text) of one row.

    An entry commits to its reference, a transfer to its party and what it is about. Erasing a row empties `salt` and `text`
    and leaves `digest`, so that the file can still be written as it was.
    """

    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="commitment")
    transfer = models.OneToOneField(Transfer, null=True, on_delete=models.PROTECT, related_name="commitment")
    digest = models.CharField(max_length=64)
    salt = models.BinaryField(null=True)
    text = models.TextField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(entry=None, transfer__isnull=False) | Q(entry__isnull=False, transfer=None), name="commitment_of_one_row"
            ),
            models.CheckConstraint(condition=Q(salt=None, text=None) | Q(salt__isnull=False, text__isnull=False), name="commitment_whole"),
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="commitment_digest"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.digest
