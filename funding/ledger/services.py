"""The only door to the books. Every verb is one call of one database function, which writes everything or nothing.

Amounts are positive integers of minor units (cents) of the accounts' currency. Instants carry a zone and are arguments,
because a fact has its own time. Each verb is safe to repeat with the same key: it returns what the first call wrote.
A refusal raises a `LedgerError`, changes nothing, and leaves the caller's transaction usable.
Source of the rules: docs/ledger.md.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.ledger import calling, errors
from funding.ledger.models import Account, BookDay, Entry, Reservation, SealedDocument, Transfer
from funding.money import exponent
from funding.people import roles
from funding.people.models import User

MAX_LINES = 10_000
LARGEST = 2**63 - 1
CODE = re.compile(r"[a-z][a-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer to write: `amount` minor units from `credit` to `debit`.

    `party_id` is the Party that the money is from or for; `about` a (kind, id) that `funds.sources` can name.
    `reservation`: this debit of a fund draws it. `settles`: the Transfer id of the owed item that this debit of an owed
    account pays off, in part or whole. `source` and `source_position`: the Transfer id that returning money comes back
    from, and how many of its units come before it (0 when left out); not needed beside `settles`, which implies it.
    `pin`: give back exactly [from, to) of the fund's credit line, which must be unspent and inside one inflow.
    """

    debit: Account
    credit: Account
    amount: int
    kind: str
    party_id: int | None = None
    about: tuple[str, int] | None = None
    reservation: Reservation | None = None
    settles: int | None = None
    source: int | None = None
    source_position: int | None = None
    pin: tuple[int, int] | None = None

    def as_text(self) -> str:
        """The line as PostgreSQL reads a `ledger_line`. Raises BadLine for a kind that is not a code, TooLarge, TypeError."""
        position = self.source_position
        if position is None and self.source is not None and self.settles is None:
            position = 0
        about_kind, about_id = self.about or (None, None)
        if not CODE.fullmatch(self.kind) or not CODE.fullmatch(about_kind or self.kind):
            raise errors.BadLine(_("The kind of a line, and of what it is about, is a code."), rule="bad_line")
        pin_from, pin_to = self.pin or (None, None)
        fields = (
            self.debit.pk, self.credit.pk, _whole(self.amount), self.kind, self.party_id, about_kind, about_id,
            self.reservation and self.reservation.pk, self.settles, self.source, position, pin_from, pin_to,
        )  # fmt: skip
        return f'"({",".join("" if field is None else str(field) for field in fields)})"'


@dataclass(frozen=True, slots=True)
class Fact:
    """What `post` takes, for `post_many` and `post_each`."""

    kind: str
    source: str
    reference: str
    lines: Sequence[Line]
    at: dt.datetime
    effective_on: dt.date
    revision: int = 1
    reverses: Entry | None = None


def open_account(*, code: str, klass: str, currency: str) -> Account:
    """The account of that code, opened now if there is none. `klass` is one of `Account.Klass`.

    Raises ReferenceReused when the code exists with another class or currency, Invalid for an unknown currency.
    """
    exponent(currency)
    found = Account.objects.filter(code=code, klass=klass, currency=currency).first()
    return found or calling.one(Account, "ledger_open_account(%s, %s, %s, %s)", [code, str(klass), currency, _instant(clock.now())])


def account(code: str) -> Account:
    """The account of that code, with its totals as of now. Raises UnknownAccount."""
    found = Account.objects.filter(code=code).first()
    if found is None:
        raise errors.UnknownAccount(_("There is no account {code}.").format(code=code), rule="unknown_account")
    return found


def post(
    *,
    kind: str,
    source: str,
    reference: str,
    lines: Sequence[Line],
    at: dt.datetime,
    effective_on: dt.date,
    revision: int = 1,
    reverses: Entry | None = None,
) -> Entry:
    """Write one business fact: 1 to 10,000 lines, all or none, in their order; no prefix of them may overdraw.

    Where `effective_on` lies in a closed period, the entry is dated on the first date after it and keeps the other as `stated_on`.

    (source, reference, revision) names the fact. The same name with the same kind, date, lines returns the first entry;
    other content raises ReferenceReused, so take `effective_on` from the fact and not from the moment of the call.
    `at` is when it was recorded and may differ in a repeat. Revision n+1 needs the reversal of revision n.
    Raises Overdrawn, NotReserved, ItemExceeded, WrongCurrency, Unbalanced, BadLine, PinRefused, ReferenceReused,
    RevisionRefused, UnknownAccount, TooLarge.
    """
    params = [kind, source, reference, revision, reverses and reverses.pk, _instant(at), effective_on, _as_array(lines)]
    return calling.one(Entry, "ledger_post(%s, %s, %s, %s, %s, %s, %s, %s::ledger_line[])", params)


def post_fact(fact: Fact) -> Entry:
    """`post` of one fact."""
    return post(
        kind=fact.kind,
        source=fact.source,
        reference=fact.reference,
        lines=fact.lines,
        at=fact.at,
        effective_on=fact.effective_on,
        revision=fact.revision,
        reverses=fact.reverses,
    )


def post_many(facts: Sequence[Fact]) -> list[Entry]:
    """Post several facts in one round trip, all or none; their lines together are 1 to 10,000. Returns the entries in order.

    A fact may spend what one before it brought. Raises what `post` raises, for the first fact that is refused.
    """
    with calling.refusals():
        return [outcome for outcome in _post_all(facts, alone=False) if isinstance(outcome, Entry)]


def post_each(facts: Sequence[Fact]) -> list[Entry | errors.LedgerError]:
    """Post several facts in one round trip, each by itself: for every one its entry, or the error by which it was refused."""
    unfit = {place: refusal for place, fact in enumerate(facts) if (refusal := _unfit(fact))}
    with calling.refusals():
        posted = iter(_post_all([fact for place, fact in enumerate(facts) if place not in unfit], alone=True))
    return [unfit.get(place) or next(posted) for place in range(len(facts))]


def reverse(*, entry: Entry, at: dt.datetime, effective_on: dt.date) -> Entry:
    """Mirror the whole entry, last line first, so that its fact can be posted again as the next revision.

    Money that the entry put into a fund is given back from exactly where it lies; if any of it was spent, returned or
    reserved since, the reversal is refused (PinRefused or Overdrawn) and the correction has to be posted as its own
    entry that names who carries the spent part. What the entry took from a fund comes back as money returned by that
    outflow; a reservation that it drew stays drawn. Items that it created are paid off; if they were settled in part,
    ItemExceeded. Repeating it returns the first reversal. Raises RevisionRefused for a reversal of a reversal.
    """
    rows = Transfer.objects.filter(entry=entry).select_related("debit_account", "credit_account").order_by("-line")
    return post(
        kind="reversal",
        source="reversal",
        reference=str(entry.pk),
        lines=[_mirror(row) for row in rows],
        at=at,
        effective_on=effective_on,
        reverses=entry,
    )


def reserve(*, account: Account, amount: int, holder: tuple[str, int], key: str, at: dt.datetime) -> Reservation:
    """Hold `amount` of a fund for `holder` (kind, id). Raises Overdrawn with `missing`, or ReferenceReused for the key."""
    return calling.one(
        Reservation,
        "ledger_reserve(%s, %s, %s, %s, %s, %s)",
        [account.pk, _whole(amount), holder[0], holder[1], key, _instant(at)],
    )


def increase(*, reservation: Reservation, amount: int, key: str, at: dt.datetime) -> Reservation:
    """Hold `amount` more. `key` is unique over all moves of all reservations. Raises Overdrawn with `missing`."""
    return _change("increase", reservation, amount, key, at)


def release(*, reservation: Reservation, amount: int, key: str, at: dt.datetime) -> Reservation:
    """Let go of `amount` of what is still open. Raises NotReserved with `missing`."""
    return _change("release", reservation, amount, key, at)


def hold(*, currency: str) -> int:
    """Lock every fund, owed and shortfall account of the currency until the transaction ends; returns how many.

    For the rare entry whose lines follow from what it reads (which slices are unspent, what is available): read after this
    and post in the same transaction, and nobody has moved any of it. Lock rows of the business first. Accounts that are
    opened later are not held, so open them before.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("hold() needs a transaction, or it lets go at once")
    with calling.refusals():
        return int(calling.rows("SELECT ledger_hold(%s, %s)", [currency, _instant(clock.now())])[0][0])


def advance_book_day(to: dt.date) -> BookDay:
    """Close the open day and every day before `to`, and open `to`; earlier or equal dates change nothing.

    Waits up to five seconds for entries that are being written. Returns the open day.
    """
    with calling.refusals():
        ((opened,),) = calling.rows("SELECT ledger_advance_day(%s, %s)", [to, _instant(clock.now())])
        return BookDay.objects.get(pk=opened)


@audited("ledger.close_period", subject="through")
def close_period(*, actor: User | None, through: dt.date) -> dt.date:
    """Close every period up to and including `through`: what is posted from now on is dated after it.

    Facts of a closed period are still taken, because facts from outside cannot be refused. Only ever moves forward: an earlier
    date changes nothing. A treasurer, or nobody (the operator's command). Returns the last closed date. Raises Refused, and PeriodOpen
    while the open day of the books is not after `through`.
    """
    if actor is not None:
        roles.require(actor, roles.Role.TREASURER)
    with calling.refusals():
        closed: dt.date = calling.rows("SELECT ledger_close_period(%s, %s)", [through, _instant(clock.now())])[0][0]
        return closed


def seal_document(source: str, ref: str, digest: str) -> SealedDocument:
    """Make the SHA-256 (64 hexadecimal digits) of a public document a line of the open day; (source, ref) is its name for ever.

    Call it in the transaction that publishes the document. Repeating it returns the first; another digest raises ReferenceReused.
    """
    return calling.one(SealedDocument, "ledger_seal_document(%s, %s, %s, %s)", [source, ref, digest, _instant(clock.now())])


def seal_day(*, day: dt.date, host: str, text: str, at: dt.datetime) -> BookDay:
    """Seal a closed day with the SHA-256 of its file `text`, for good. `sealing.closing` makes the file.

    Raises NotToSeal for a day that is open, sealed, or not next in the chain, and for a file that does not begin as its own.
    """
    return calling.one(BookDay, "ledger_seal_day(%s, %s, %s, %s)", [day, host, text, _instant(at)])


def _change(kind: str, reservation: Reservation, amount: int, key: str, at: dt.datetime) -> Reservation:
    return calling.one(
        Reservation,
        "ledger_change_reservation(%s, %s, %s, %s, %s)",
        [kind, reservation.pk, _whole(amount), key, _instant(at)],
    )


def _mirror(row: Transfer) -> Line:
    """What undoes one transfer."""
    takes_from, gives_to = row.credit_account, row.debit_account
    pin = settles = source = None
    if takes_from.klass == Account.Klass.FUND and row.credit_offset is not None:
        pin = (row.credit_offset, row.credit_offset + row.amount)
    elif takes_from.klass == Account.Klass.OWED:
        settles = row.pk
    if settles is None and gives_to.klass in (Account.Klass.FUND, Account.Klass.OWED):
        source = row.pk
    about = (row.about_kind, row.about_id) if row.about_kind is not None and row.about_id is not None else None
    return Line(takes_from, gives_to, row.amount, row.kind, party_id=row.party_id, about=about, settles=settles, source=source, pin=pin)


def _whole(amount: int) -> int:
    if type(amount) is not int:
        raise TypeError(f"The ledger takes an integer of minor units, not {type(amount).__name__}")
    if amount > LARGEST:
        raise calling.error("", {"rule": calling.TOO_LARGE})
    return amount


def _instant(at: dt.datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("The ledger needs an instant with a zone")
    return at.isoformat()


def _unfit(fact: Fact) -> errors.LedgerError | None:
    """Why a fact cannot even be sent: PostgreSQL would refuse the whole call, and not say for which of its facts."""
    try:
        _as_array(fact.lines)
    except errors.LedgerError as refusal:
        return refusal
    return None


def _post_all(facts: Sequence[Fact], *, alone: bool) -> list[Entry | errors.LedgerError]:
    if not facts:
        return []
    columns: list[Any] = [
        [fact.kind for fact in facts],
        [fact.source for fact in facts],
        [fact.reference for fact in facts],
        [fact.revision for fact in facts],
        [fact.reverses and fact.reverses.pk for fact in facts],
        [_instant(fact.at) for fact in facts],
        [fact.effective_on.isoformat() for fact in facts],
        [len(fact.lines) for fact in facts],
        _as_array([line for fact in facts for line in fact.lines]),
        alone,
    ]
    outcomes = calling.rows(
        "SELECT entry, sentence, detail FROM ledger_post_all(%s::text[], %s::text[], %s::text[], %s::integer[], %s::bigint[],"
        " %s::timestamptz[], %s::date[], %s::integer[], %s::ledger_line[], %s) ORDER BY ord",
        columns,
    )
    entries = Entry.objects.in_bulk([number for number, _sentence, _detail in outcomes if number is not None])
    return [calling.error(sentence, json.loads(detail)) if number is None else entries[number] for number, sentence, detail in outcomes]


def _as_array(lines: Sequence[Line]) -> str:
    return "{" + ",".join([line.as_text() for line in lines]) + "}"
