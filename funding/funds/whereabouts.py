"""Where the money of one inflow is now: unspent in which funds, given back, or spent.

It also follows what came back (a cancelled debt, a dispute won, a refund that failed) into the funds where it lies again,
and says where on their lines, so that it can be pinned. `provenance.destinations` tells the same as what money paid for.
Money that came back after it was carried is nobody's and counts as spent here, and so does what was changed into another
currency. It names nobody and posts nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from django.db.models import F

from funding.funds import carrying
from funding.funds.carrying import Span
from funding.funds.models import Carried
from funding.ledger import links
from funding.ledger.models import Account, Transfer

FUND = Account.Klass.FUND


@dataclass(frozen=True, slots=True)
class Lying:
    """Unspent units: [start, end) on the credit line of `account_id`. `position` counts the first of them in the inflow."""

    account_id: int
    start: int
    end: int
    position: int

    @property
    def amount(self) -> int:
        return self.end - self.start


@dataclass(slots=True)
class Whereabouts:
    """Every unit of the inflow is in exactly one of the three. `spent` are its positions, and so are those of `given_back`.

    `ends` says by which outflow of a fund each span that is not unspent left for good, `moved` by which one it went into another fund.
    """

    unspent: list[Lying] = field(default_factory=list)
    given_back: list[Span] = field(default_factory=list)
    spent: list[Span] = field(default_factory=list)
    ends: list[tuple[Span, int]] = field(default_factory=list)
    moved: list[tuple[Span, int]] = field(default_factory=list)

    @property
    def uses(self) -> list[tuple[int, int]]:
        """(outflow, amount) in the order of the inflow's units."""
        return [(outflow, end - start) for (start, end), outflow in sorted(self.ends)]

    def leave(self, spans: Iterable[Span], outflow: int, *, pinned: bool = False) -> None:
        """These units left by that outflow and are in no fund under this name."""
        for span in spans:
            (self.given_back if pinned else self.spent).append(span)
            self.ends.append((span, outflow))

    @property
    def left(self) -> int:
        return sum(lying.amount for lying in self.unspent)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Units [low, high) of a transfer, of which the first is unit `position` of the inflow.

    `outflow` is the row by which they last left a fund, `pinned` if it gave them back.
    """

    transfer_id: int
    low: int
    high: int
    position: int
    outflow: int = 0
    pinned: bool = False

    def cut(self, low: int, high: int) -> _Piece:
        return replace(self, low=low, high=high, position=self.position + low - self.low)

    @property
    def span(self) -> Span:
        return self.position, self.position + self.high - self.low


def of(inflow: Transfer) -> Whereabouts:
    """Follow every unit of an inflow of a fund to where it is now. Read it under `ledger.hold` before pinning anything.

    A few queries for each step that the money took; an inflow's money takes few.
    """
    found = Whereabouts()
    carried = carrying.of([inflow.pk])[inflow.pk]
    pieces = [_Piece(inflow.pk, 0, inflow.amount, 0)]
    while pieces:
        rows = Transfer.objects.select_related("credit_account", "debit_account").in_bulk({piece.transfer_id for piece in pieces})
        inside = [piece for piece in pieces if rows[piece.transfer_id].credit_account.klass == FUND]
        away = [piece for piece in pieces if rows[piece.transfer_id].credit_account.klass != FUND]
        pieces = [*_through_funds(inside, rows, found), *_back_again(away, carried, found)]
    found.unspent.sort(key=lambda lying: lying.position)
    found.given_back, found.spent = carrying.merged(found.given_back), carrying.merged(found.spent)
    return found


def _through_funds(pieces: list[_Piece], rows: dict[int, Transfer], found: Whereabouts) -> Iterator[_Piece]:
    """What is left of each piece in its fund is noted; what an outflow took goes on with that outflow."""
    uses: dict[int, list[links.Link]] = defaultdict(list)
    for link in links.uses_of({piece.transfer_id for piece in pieces}):
        uses[link.inflow_id].append(link)
    starts = links.places({link.outflow_id for taken in uses.values() for link in taken})
    pins = set(Transfer.objects.filter(pk__in={start[0] for start in starts}, pinned=True).values_list("pk", flat=True))
    for piece in pieces:
        row = rows[piece.transfer_id]
        base = row.credit_offset or 0
        whole = (base + piece.low, base + piece.high)
        if piece.outflow == piece.transfer_id:
            found.moved.append((piece.span, piece.outflow))
        for start, end in links.unspent(row):
            if (low := max(start, whole[0])) < (high := min(end, whole[1])):
                found.unspent.append(Lying(row.credit_account_id, low, high, piece.position + low - whole[0]))
        for link in uses[piece.transfer_id]:
            if (low := max(link.start, whole[0])) < (high := min(link.end, whole[1])):
                place = starts[link.outflow_id, link.start] + low - link.start
                position = piece.position + low - whole[0]
                yield _Piece(link.outflow_id, place, place + high - low, position, link.outflow_id, link.outflow_id in pins)


def _back_again(pieces: list[_Piece], carried: list[Carried], found: Whereabouts) -> Iterator[_Piece]:
    """What came back of each piece goes on with the row that brought it, unless it came back after it was carried."""
    children = _children({piece.transfer_id for piece in pieces})
    for piece in pieces:
        gone = []
        for child, start in children[piece.transfer_id]:
            low, high = max(piece.low, start), min(piece.high, start + child.amount)
            if low >= high:
                continue
            gone.append((low, high))
            part = piece.cut(low, high)
            if child.credit_account.klass == FUND:
                span = part.span
                nameless = carrying.at(carried, child.pk)
                found.leave(carrying.inside(span, nameless), piece.outflow)
                for first, last in carrying.outside(span, nameless):
                    at = low - start + first - span[0]
                    yield _Piece(child.pk, at, at + last - first, first)
            else:
                yield replace(part, transfer_id=child.pk, low=low - start, high=high - start)
        rest = carrying.outside((piece.low, piece.high), gone)
        found.leave([piece.cut(low, high).span for low, high in rest], piece.outflow, pinned=piece.pinned)


def _children(ids: Iterable[int]) -> dict[int, list[tuple[Transfer, int]]]:
    """The rows that bring back units of these rows or pay off these items, each with how many of the row's units come before."""
    wanted, found = list(ids), defaultdict(list)
    rows = Transfer.objects.select_related("credit_account")
    # A conversion brings units of another currency: for the money that was given, this one was spent on it.
    back = rows.filter(source_transfer__in=wanted, settles=None, source_transfer__currency=F("currency"))
    for row in back.exclude(debit_account__klass=FUND):
        found[row.source_transfer_id or 0].append((row, row.source_position or 0))
    paid: dict[int, int] = defaultdict(int)
    for row in rows.filter(settles__in=wanted).order_by("pk"):
        item = row.settles_id or 0
        found[item].append((row, paid[item]))
        paid[item] += row.amount
    return found
