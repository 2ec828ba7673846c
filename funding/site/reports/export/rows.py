"""What every format is written from: accounts with their totals, and transfers in the order in which they were posted.

Read in one snapshot and in pieces, so that the books are never in memory as a whole and an entry that is posted meanwhile is in none
of it. Labels are those that a stranger reads.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db import connection

from funding.funds import sources
from funding.money import Money, exponent

PIECE = 2_000
"""Transfers that are read at a time."""

Progress = Callable[[int], None]


class Held(NamedTuple):
    """One account: debits and credits are its stored totals, in minor units."""

    code: str
    klass: str
    currency: str
    opened: dt.date
    debits: int
    credits: int


class Fact(NamedTuple):
    """One transfer with what its entry says. `about` is what a stranger is told of it; empty where there is nothing to tell."""

    number: int
    kind: str
    source: str
    reference: str
    revision: int
    reverses: int | None
    book_day: dt.date
    effective_on: dt.date
    stated_on: dt.date | None
    recorded_at: dt.datetime
    transfer: int
    line: int
    what: str
    debit: str
    credit: str
    currency: str
    amount: int
    party: int | None
    party_name: str | None
    about_kind: str | None
    about_id: int | None
    settles: int | None
    source_transfer: int | None
    source_position: int | None
    reservation: int | None
    pinned: bool
    about: str = ""


@dataclass(slots=True)
class Summary:
    """What was written: counts, and what moved in minor units of each currency."""

    entries: int = 0
    transfers: int = 0
    accounts: int = 0
    moved: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def describe(self) -> str:
        """`12 entries, 40 transfers, 7 accounts, moved $1,200.00`."""
        counts = [f"{self.entries:,} entries", f"{self.transfers:,} transfers", f"{self.accounts:,} accounts"]
        return ", ".join([*counts, *(f"moved {Money(amount, currency)}" for currency, amount in sorted(self.moved.items()))])


# Without `full`, an account that nothing has moved is left out: its code may name a project that is still a draft.
ACCOUNTS = """
    SELECT code, klass, currency, opened, debits, credits FROM (
        SELECT a.id, a.code, a.klass, a.currency, a.opened_day_id AS opened,
            a.debits + coalesce(sum(t.debits), 0)::bigint AS debits, a.credits + coalesce(sum(t.credits), 0)::bigint AS credits
        FROM ledger_account a LEFT JOIN ledger_accounttotal t ON t.account_id = a.id GROUP BY a.id
    ) kept WHERE %(full)s OR debits + credits > 0 ORDER BY id
"""
FACTS = """
    SELECT e.number, e.kind, e.source, e.reference, e.revision, e.reverses_id, e.book_day_id, e.effective_on, e.stated_on, e.recorded_at,
        t.id, t.line, t.kind, d.code, c.code, t.currency, t.amount, t.party_id, p.name, t.about_kind, t.about_id, t.settles_id,
        t.source_transfer_id, t.source_position, t.reservation_id, t.pinned
    FROM ledger_transfer t JOIN ledger_entry e ON e.number = t.entry_id
    JOIN ledger_account d ON d.id = t.debit_account_id JOIN ledger_account c ON c.id = t.credit_account_id
    LEFT JOIN people_party p ON p.id = t.party_id
    WHERE (t.entry_id, t.line) > (%s, %s) ORDER BY t.entry_id, t.line LIMIT %s
"""
MOVED = "SELECT currency, count(*), count(DISTINCT entry_id), sum(amount)::bigint FROM ledger_transfer GROUP BY currency"
ENTRIES = "SELECT count(*) FROM ledger_entry"
TRANSFERS = "SELECT count(*) FROM ledger_transfer"


def accounts(full: bool) -> list[Held]:
    """Every account that a file names, in the order in which they were opened."""
    return [Held(*row) for row in _read(ACCOUNTS, {"full": full})]


def facts() -> Iterator[Fact]:
    """Every transfer, by entry and line."""
    last = (0, 0)
    while piece := [Fact(*row) for row in _read(FACTS, [*last, PIECE])]:
        refs = {(row.about_kind, row.about_id) for row in piece if row.about_kind is not None and row.about_id is not None}
        labels = sources.describe(refs, AnonymousUser()) if refs else {}
        for row in piece:
            label = labels.get((row.about_kind or "", row.about_id or 0))
            yield row._replace(about=label.text) if label and not label.private else row
        last = (piece[-1].number, piece[-1].line)


def count() -> int:
    """How many transfers there are."""
    return int(_read(TRANSFERS)[0][0])


def whole(full: bool) -> Summary:
    """What the books hold, counted by the database."""
    found = Summary(accounts=len(accounts(full)), entries=int(_read(ENTRIES)[0][0]))
    for currency, transfers, _entries, amount in _read(MOVED):
        found.transfers += transfers
        found.moved[currency] += amount
    return found


def figures(amount: int, currency: str) -> str:
    """Minor units as programs read them, with the currency's own places and no grouping: `-1250.50`, `500` yen, `1.250` dinars."""
    places = exponent(currency)
    if not places:
        return str(amount)
    whole_, part = divmod(abs(amount), 10**places)
    return f"{'-' if amount < 0 else ''}{whole_}.{part:0{places}d}"


def _read(statement: str, params: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
