"""I6: the number line of every fund, walked from its start in plain Python, without the queries that links.py uses."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from funding.ledger.checks import Tally
from funding.ledger.invariants.rows import rows
from funding.ledger.models import Account, Transfer

CHUNK = 5_000
RETURNED_TWICE = """
    SELECT id, source_transfer_id FROM (
        SELECT t.id, t.source_transfer_id, t.source_position + t.amount > s.amount AS outside, t.id <= s.id AS early,
            t.source_position < max(t.source_position + t.amount) OVER (
                PARTITION BY t.source_transfer_id ORDER BY t.source_position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS again
        FROM ledger_transfer t JOIN ledger_transfer s ON s.id = t.source_transfer_id AND s.currency = t.currency
    ) returned WHERE outside OR again OR early
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a fund's credit line that one outflow consumed, or one inflow brought: [start, end)."""

    start: int
    end: int
    transfer: int
    amount: int
    pinned: bool = False


def links_add_up(tally: Tally) -> Iterator[str]:
    """Links of an outflow add up to it; used, given back and unspent add up to each inflow; no link points to later money."""
    credited, debited = _Stretches(_inflows()), _Stretches(_outflows())
    for account in Account.objects.filter(klass=Account.Klass.FUND).order_by("pk"):
        tally.count("funds")
        yield from _walk(account, credited.of(account.pk), debited.of(account.pk), tally)
    for transfer, source in rows(RETURNED_TWICE):
        yield f"Transfer {transfer} returns money of transfer {source} that is not there, or has returned before."


def _walk(account: Account, inflows: list[Stretch], outflows: list[Stretch], tally: Tally) -> Iterator[str]:
    ordinary = sorted((row for row in outflows if not row.pinned), key=lambda row: row.start)
    pins = sorted((row for row in outflows if row.pinned), key=lambda row: row.start)
    tally.count("inflows", len(inflows))
    tally.count("outflows", len(outflows))
    reached = 0
    for row in ordinary:
        if row.start != reached:
            yield f"{account.code}: transfer {row.transfer} spends from {row.start}, not from {reached}."
        reached = row.end
    if reached != account.head:
        yield f"{account.code}: the head is {account.head}, its outflows reach {reached}."
    if (highest := max((row.end for row in pins), default=0)) != account.pinned_to:
        yield f"{account.code}: its highest pin is said to end at {account.pinned_to}, and ends at {highest}."
    pieces = [*pins, *(piece for row in ordinary for piece in _around(row, pins))]
    pieces.sort(key=lambda piece: piece.start)
    yield from _overlaps(account, pieces)
    yield from _match(account, inflows, pieces, tally)
    yield from _newer_pins(account, ordinary, pins)
    linked: dict[int, int] = defaultdict(int)
    for piece in pieces:
        linked[piece.transfer] += piece.end - piece.start
    for row in outflows:
        if linked[row.transfer] != row.amount:
            yield f"{account.code}: the links of transfer {row.transfer} add up to {linked[row.transfer]}, not {row.amount}."


class _Stretches:
    """Rows of all funds in the order of the funds, read once and handed out fund by fund."""

    def __init__(self, rows_of_funds: Iterator[tuple[int, Stretch]]) -> None:
        self.groups = groupby(rows_of_funds, key=itemgetter(0))
        self.waiting = next(self.groups, None)

    def of(self, account_id: int) -> list[Stretch]:
        if self.waiting is None or self.waiting[0] != account_id:
            return []
        found = [stretch for _account, stretch in self.waiting[1]]
        self.waiting = next(self.groups, None)
        return found


def _inflows() -> Iterator[tuple[int, Stretch]]:
    """Per fund in the order of the line."""
    found = Transfer.objects.filter(credit_account__klass=Account.Klass.FUND, credit_offset__isnull=False)
    columns = found.order_by("credit_account_id", "credit_offset").values_list("credit_account_id", "pk", "amount", "credit_offset")
    for account, pk, amount, offset in columns.iterator(CHUNK):
        yield account, Stretch(offset or 0, (offset or 0) + amount, pk, amount)


def _outflows() -> Iterator[tuple[int, Stretch]]:
    """Per fund in the order of time."""
    found = Transfer.objects.filter(debit_account__klass=Account.Klass.FUND, debit_offset__isnull=False)
    columns = found.order_by("debit_account_id", "debit_offset").values_list(
        "debit_account_id", "pk", "amount", "spend_from", "spend_to", "pinned"
    )
    for account, pk, amount, start, end, pinned in columns.iterator(CHUNK):
        yield account, Stretch(start or 0, end or 0, pk, amount, pinned)


def _inside(row: Stretch, pins: list[Stretch]) -> Iterator[Stretch]:
    """The pins that begin inside the stretch, in order."""
    for place in range(bisect_left(pins, row.start, key=lambda pin: pin.start), len(pins)):
        if pins[place].start >= row.end:
            return
        yield pins[place]


def _around(row: Stretch, pins: list[Stretch]) -> Iterator[Stretch]:
    """The stretch less the pins inside it."""
    start = row.start
    for pin in _inside(row, pins):
        if pin.start > start:
            yield Stretch(start, pin.start, row.transfer, row.amount)
        start = max(start, pin.end)
    if start < row.end:
        yield Stretch(start, row.end, row.transfer, row.amount)


def _newer_pins(account: Account, ordinary: list[Stretch], pins: list[Stretch]) -> Iterator[str]:
    """A pin inside an older outflow would have changed a link that was already written."""
    for row in ordinary:
        for pin in _inside(row, pins):
            if pin.transfer > row.transfer:
                yield f"{account.code}: transfer {pin.transfer} is pinned inside the older transfer {row.transfer}."


def _overlaps(account: Account, pieces: list[Stretch]) -> Iterator[str]:
    end = 0
    for piece in pieces:
        if piece.start < end:
            yield f"{account.code}: transfer {piece.transfer} consumes {piece.start} to {piece.end}, part of which was consumed before."
        end = max(end, piece.end)


def _match(account: Account, inflows: list[Stretch], pieces: list[Stretch], tally: Tally) -> Iterator[str]:
    """Walk inflows and what consumed them side by side."""
    position = 0
    unspent = 0
    for inflow in inflows:
        consumed = 0
        while position < len(pieces) and pieces[position].start < inflow.end:
            piece = pieces[position]
            part = min(piece.end, inflow.end) - max(piece.start, inflow.start)
            consumed += max(part, 0)
            tally.count("links")
            if piece.transfer < inflow.transfer:
                yield f"{account.code}: transfer {piece.transfer} spends money of transfer {inflow.transfer}, which came later."
            if piece.pinned and piece.end > inflow.end:
                yield f"{account.code}: transfer {piece.transfer} gives back more than one inflow."
            if piece.end > inflow.end:
                break
            position += 1
        if consumed > inflow.amount:
            yield f"{account.code}: {consumed} of transfer {inflow.transfer} is used or given back, more than its {inflow.amount}."
        unspent += inflow.amount - consumed
    if unspent != account.credits - account.debits:
        yield f"{account.code}: inflows have {unspent} unspent, the account has {account.credits - account.debits}."
    tally.add("unspent", account.currency, unspent)
