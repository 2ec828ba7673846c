"""The comparison itself: what is matched, what differs. One transaction, no network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.payments import cash, probe
from funding.payments.models import Difference, Match, ProcessorLine
from funding.payments.reconciliation import claims

CHUNK = 500
LOCK = 0x7265636F
Reason, State = Difference.Reason, Difference.State

# What each entry moved on the processor's cash, against what its matched movements say; with when it was recorded.
ENTRIES = """
WITH moved AS (
    SELECT t.entry_id, a.currency, sum(CASE WHEN t.debit_account_id = a.id THEN t.amount ELSE -t.amount END)::bigint AS net
    FROM ledger_account a JOIN ledger_transfer t ON a.id IN (t.debit_account_id, t.credit_account_id)
    WHERE a.code LIKE %s GROUP BY t.entry_id, a.currency
), told AS (
    SELECT m.entry_id, l.currency, sum(m.net)::bigint AS net FROM payments_match m JOIN payments_processorline l ON l.id = m.line_id
    GROUP BY m.entry_id, l.currency
)
SELECT e.number, currency, told.net IS NULL AS missing, coalesce(told.net, 0), coalesce(moved.net, 0)
FROM moved FULL JOIN told USING (entry_id, currency) JOIN ledger_entry e ON e.number = entry_id
WHERE coalesce(moved.net, 0) <> coalesce(told.net, 0) AND e.recorded_at <= %s AND NOT (told.net IS NULL AND EXISTS (
    SELECT 1 FROM ledger_entry r WHERE (r.reverses_id = e.number OR r.number = e.reverses_id)
    AND NOT EXISTS (SELECT 1 FROM payments_match m WHERE m.entry_id = r.number)))
"""
LINES = """
SELECT l.id, l.currency, l.net, sum(m.net)::bigint FROM payments_processorline l JOIN payments_match m ON m.line_id = l.id
GROUP BY l.id HAVING l.net <> sum(m.net)
"""
UNCLAIMED = """
SELECT l.id, l.currency, l.net FROM payments_processorline l
WHERE l.created_at <= %s AND l.net <> 0 AND NOT EXISTS (SELECT 1 FROM payments_match m WHERE m.line_id = l.id)
"""


@dataclass(frozen=True, slots=True)
class Found:
    reason: str
    line_id: int | None
    entry_id: int | None
    currency: str
    at_processor: int
    in_books: int

    @property
    def key(self) -> tuple[str, int | None, int | None]:
        return self.reason, self.line_id, self.entry_id


@dataclass(frozen=True, slots=True)
class Compared:
    matched: int
    opened: tuple[Difference, ...]
    settled: int


def compare(*, grace: dt.timedelta) -> Compared:
    """Match what can be matched, then open, change and settle differences. Call inside a transaction; one at a time.

    `grace`: how old a movement (real time) or an entry (business time) has to be before its other half is missed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    matched = _match()
    opened, settled = _note({found.key: found for found in _differences(grace)})
    return Compared(matched, tuple(opened), settled)


def _match() -> int:
    matched, last = 0, 0
    while lines := list(ProcessorLine.objects.filter(matches=None, pk__gt=last).order_by("pk")[:CHUNK]):
        made = [
            Match(line=line, entry_id=claim.entry_id, net=claim.net, claimed_by=name, made_by=sorted(claim.made_by))
            for line, name, claim in claims.ask(lines)
        ]
        Match.objects.bulk_create(made)
        matched += len({match.line_id for match in made})
        last = lines[-1].pk
    return matched


def _differences(grace: dt.timedelta) -> Iterator[Found]:
    for pk, currency, net in _rows(UNCLAIMED, timezone.now() - grace):
        yield Found(Reason.UNCLAIMED, pk, None, currency, net, 0)
    for pk, currency, net, claimed in _rows(LINES):
        yield Found(Reason.LINE, pk, None, currency, net, claimed)
    for number, currency, missing, told, moved in _rows(ENTRIES, f"{cash.CODE}:%", clock.now() - grace):
        yield Found(Reason.MISSING if missing else Reason.ENTRY, None, number, currency, told, moved)


def _rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _note(found: dict[tuple[str, int | None, int | None], Found]) -> tuple[list[Difference], int]:
    """Bring the rows to what was found. Returns those that are newly open, and how many came right."""
    known = {(row.reason, row.line_id, row.entry_id): row for row in Difference.objects.select_for_update(of=("self",))}
    opened = [row for item in found.values() if (row := _opened(item, known.get(item.key)))]
    settled = [row for key, row in known.items() if row.state == State.OPEN and key not in found]
    for row in settled:
        _move(row, State.SETTLED, closed_at=clock.now())
    return opened, len(settled)


def _opened(item: Found, row: Difference | None) -> Difference | None:
    """The difference if it is newly open, or open again."""
    sums = {"currency": item.currency, "at_processor": item.at_processor, "in_books": item.in_books}
    if row is None:
        row = Difference.objects.create(reason=item.reason, line_id=item.line_id, entry_id=item.entry_id, opened_at=clock.now(), **sums)
        return None if _left_by_a_probe(row) else row
    same = (row.at_processor, row.in_books) == (item.at_processor, item.in_books)
    if row.state == State.OPEN:
        Difference.objects.filter(pk=row.pk).update(**sums)
        _left_by_a_probe(row)  # which may not have known of it yet when the difference was opened
        return None
    if row.state == State.EXPLAINED and same:
        return None
    for name, value in sums.items():
        setattr(row, name, value)
    _move(row, State.OPEN, opened_at=clock.now(), closed_at=None, closed_by=None, explanation="")
    return row


def _left_by_a_probe(row: Difference) -> bool:
    """Whether somebody replayed the flow and this is what it left on the balance: then it is explained as soon as it is seen."""
    if row.line is None or row.reason != Reason.UNCLAIMED or (made := probe.behind(row.line.txn_id)) is None:
        return False
    words = _("{ref}: the flow was replayed on test keys, and the books know nothing of it.").format(ref=made.ref)
    _move(row, State.EXPLAINED, closed_at=clock.now(), closed_by=made.asked_by, explanation=words)
    return True


def _move(row: Difference, state: str, **fields: Any) -> None:
    Difference.LIFECYCLE.check(row.state, state)
    row.state = state
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
