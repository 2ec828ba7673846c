"""The file of a day of the books, from the rows alone. docs/sealed-days.md is its specification; this is not a place to change it.

The rows come in one query for each kind of line, whatever the number of days, already as text. A day is held in memory
while it is put together, the days before and after it are not. This reads, and neither hashes nor seals.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from funding.ledger.models import Account, BookDay

FORM = "1"
AT_ONCE = 5_000
"""Rows that are fetched together."""
INSTANT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
BETWEEN = "BETWEEN %(first)s AND %(last)s"


def _line(*fields: str) -> str:
    """SQL for one line: the fields with a TAB between them, `-` for null."""
    return "concat_ws(E'\\t', " + ", ".join(f"coalesce(({name})::text, '-')" for name in fields) + ")"


# Each answers (day, a key that says whose line it is, the line), in the order of the file.
ENTRIES = f"""
    SELECT e.book_day_id, e.number, {
    _line(
        "'E'",
        "e.number",
        INSTANT.format("e.recorded_at"),
        "e.effective_on",
        "e.stated_on",
        "e.kind",
        "e.source",
        "e.revision",
        "e.reverses_id",
        "c.digest",
    )
} FROM ledger_entry e LEFT JOIN ledger_commitment c ON c.entry_id = e.number
    WHERE e.book_day_id {BETWEEN} ORDER BY e.book_day_id, e.number
"""
TRANSFERS = f"""
    SELECT e.book_day_id, t.entry_id, {
    _line(
        "'T'",
        "t.entry_id || '.' || t.line",
        "t.kind",
        "d.code",
        "c.code",
        "t.currency",
        "t.amount",
        "t.debit_offset",
        "t.credit_offset",
        "t.spend_from",
        "t.spend_to",
        "t.pinned::int",
        "item.entry_id || '.' || item.line",
        "origin.entry_id || '.' || origin.line",
        "t.source_position",
        "party.digest",
    )
} FROM ledger_entry e JOIN ledger_transfer t ON t.entry_id = e.number
    JOIN ledger_account d ON d.id = t.debit_account_id JOIN ledger_account c ON c.id = t.credit_account_id
    LEFT JOIN ledger_transfer item ON item.id = t.settles_id LEFT JOIN ledger_transfer origin ON origin.id = t.source_transfer_id
    LEFT JOIN ledger_commitment party ON party.transfer_id = t.id
    WHERE e.book_day_id {BETWEEN} ORDER BY e.book_day_id, e.number, t.line
"""
MOVES = f"""
    SELECT m.book_day_id, 0, {
    _line(
        "'R'",
        "m.id",
        "m.reservation_id",
        "m.kind",
        "a.code",
        "m.amount",
        "t.entry_id || '.' || t.line",
        "m.reserved_before",
        INSTANT.format("m.at"),
    )
} FROM ledger_reservationmove m JOIN ledger_reservation r ON r.id = m.reservation_id JOIN ledger_account a ON a.id = r.account_id
    LEFT JOIN ledger_transfer t ON t.id = m.transfer_id
    WHERE m.book_day_id {BETWEEN} ORDER BY m.book_day_id, m.id
"""
DOCUMENTS = f"""
    SELECT book_day_id, 0, {_line("'D'", "id", "source", "reference", "digest")}
    FROM ledger_sealeddocument WHERE book_day_id {BETWEEN} ORDER BY book_day_id, id
"""
MOVED = """
    SELECT {day} AS day, account, sum(debits)::bigint, sum(credits)::bigint, sum(reserved)::bigint, max(head)::bigint FROM (
        SELECT e.book_day_id AS on_day, t.debit_account_id AS account, t.amount AS debits, 0 AS credits, 0 AS reserved,
                CASE WHEN NOT t.pinned THEN t.spend_to END AS head
            FROM ledger_entry e JOIN ledger_transfer t ON t.entry_id = e.number WHERE e.book_day_id {which}
        UNION ALL
        SELECT e.book_day_id, t.credit_account_id, 0, t.amount, 0, NULL
            FROM ledger_entry e JOIN ledger_transfer t ON t.entry_id = e.number WHERE e.book_day_id {which}
        UNION ALL
        SELECT m.book_day_id, r.account_id, 0, 0, CASE WHEN m.kind IN ('reserve', 'increase') THEN m.amount ELSE -m.amount END, NULL
            FROM ledger_reservationmove m JOIN ledger_reservation r ON r.id = m.reservation_id WHERE m.book_day_id {which}
    ) AS moved GROUP BY 1, 2 ORDER BY 1, 2
"""
ON_DAYS = MOVED.format(day="on_day", which=BETWEEN)
EARLIER = MOVED.format(day="NULL::date", which="< %(first)s")
KEPT = """
    SELECT NULL::date, a.id, b.debits, b.credits, b.reserved, b.head FROM ledger_account a CROSS JOIN LATERAL (
        SELECT * FROM ledger_sealedbalance WHERE account_id = a.id AND day_id < %(first)s ORDER BY day_id DESC LIMIT 1
    ) b
"""
Sums = tuple[int, int, int, int]
"""Debits, credits, reserved and head of an account, in minor units."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day written out. `lines` are all but the first, which `text` makes from the seal of the day before."""

    day: dt.date
    counts: tuple[int, int, int, int, int, int]
    """How many A, E, T, R, D and Z lines."""
    lines: list[str] = field(repr=False)
    balances: dict[int, Sums] = field(repr=False)
    """How each account that moved stands at the end: what the Z lines say."""

    def text(self, *, host: str, previous: str | None) -> str:
        """The file. `previous` is the seal of the day before, None on the first."""
        head = "\t".join(["H", FORM, host, self.day.isoformat(), previous or "-", *map(str, self.counts)])
        return "\n".join([head, *self.lines, ""])


def days(first: dt.date, last: dt.date, start: Balances | None = None) -> Iterator[Day]:
    """Every day of the books from `first` to `last`, in order. Read it inside one snapshot where more than one day matters.

    `start` is how the accounts stand before them; without it that is summed from all earlier rows.
    """
    known = list(BookDay.objects.filter(day__range=(first, last)).order_by("day").values_list("day", flat=True))
    if not known:
        return
    params = {"first": known[0], "last": known[-1]}
    entries, transfers, moves, documents, moved = (
        _ByDay(statement, params) for statement in (ENTRIES, TRANSFERS, MOVES, DOCUMENTS, ON_DAYS)
    )
    balances = start or Balances.of_rows(known[0])
    for day in known:
        facts, lines, held, papers = (rows.of(day) for rows in (entries, transfers, moves, documents))
        opened, closing = balances.after(moved.of(day))
        yield Day(
            day,
            (len(opened), len(facts), len(lines), len(held), len(papers), len(closing)),
            [
                *opened,
                *_each_with_its_own(facts, lines),
                *_texts(held),
                *_texts(papers),
                *balances.told(closing),
            ],
            dict(closing),
        )


def _texts(rows: list[Any]) -> Iterator[str]:
    return (row[2] for row in rows)


def _each_with_its_own(entries: list[Any], transfers: list[Any]) -> Iterator[str]:
    """Each entry followed by its transfers; both lists are in the order of the entries."""
    position = 0
    for _day, number, text in entries:
        yield text
        while position < len(transfers) and transfers[position][1] == number:
            yield transfers[position][2]
            position += 1


class _ByDay:
    """The rows of one query, in the order of days, handed out a day at a time."""

    def __init__(self, statement: str, params: dict[str, Any]) -> None:
        self.rows = stream(statement, params)
        self.next: Any = next(self.rows, None)

    def of(self, day: dt.date) -> list[Any]:
        found = []
        while self.next is not None and self.next[0] == day:
            found.append(self.next)
            self.next = next(self.rows, None)
        return found


class Balances:
    """How every account stands at the end of a day, carried from day to day."""

    def __init__(self, rows: Iterable[Any] = ()) -> None:
        self.accounts = {pk: what for pk, *what in Account.objects.values_list("pk", "code", "klass", "currency")}
        self.codes = {pk: what[0] for pk, what in self.accounts.items()}
        self.sums: dict[int, Sums] = {}
        self.after(list(rows))

    @classmethod
    def of_rows(cls, day: dt.date) -> Balances:
        """Before that day, from all rows of all days before it."""
        return cls(stream(EARLIER, {"first": day}))

    @classmethod
    def kept(cls, day: dt.date) -> Balances:
        """Before that day, as the days before it were sealed: one look for each account, however long the history is."""
        return cls(stream(KEPT, {"first": day}))

    def told(self, of: Iterable[tuple[int, Sums]]) -> list[str]:
        """The Z lines."""
        return ["\t".join(["Z", self.codes[pk], *map(str, sums)]) for pk, sums in of]

    def differs(self, sealed: str) -> str | None:
        """The first Z line of a file of the day before that is not how its account stands here; None where there is none."""
        own = set(self.told(self.sums.items()))
        return next((line for line in sealed.splitlines() if line.startswith("Z\t") and line not in own), None)

    def after(self, rows: list[Any]) -> tuple[list[str], list[tuple[int, Sums]]]:
        """Add what moved on a day. Returns the A lines of the accounts that did for the first time, and how those that did stand, by code.

        An account that never moved is in no file: it may belong to a draft, which is nobody's business yet.
        """
        first = ["\t".join(["A", *self.accounts[row[1]]]) for row in rows if row[1] not in self.sums]
        for _day, account, debits, credits, reserved, head in rows:
            before = self.sums.get(account, (0, 0, 0, 0))
            self.sums[account] = before[0] + debits, before[1] + credits, before[2] + reserved, max(before[3], head or 0)
        moved = sorted((row[1] for row in rows), key=self.codes.__getitem__)
        return sorted(first), [(account, self.sums[account]) for account in moved]


def stream(statement: str, params: dict[str, Any]) -> Iterator[Any]:
    """The rows of a query, some thousands at a time, so that a long history does not lie in memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, params)
        while rows := cursor.fetchmany(AT_ONCE):
            yield from rows
