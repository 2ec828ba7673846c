"""Whose money paid which work: the ledger's links, followed through transfers between funds until they end.

The ledger links an outflow of a fund to the inflows of that fund. An inflow may itself be an outflow of another fund, or
money that came back; then the same slice is followed there. What is left at the end is a contribution (backwards) or a
payout, refund or other use (forwards). It names nobody: `sources.describe` does, for a viewer. Backwards it goes on through a
conversion: of two halves a and b, unit x of the one is unit floor(x · b ÷ a) of the other, so that sums stay exact.
Source of the rule: docs/ledger.md, “The number line”.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from funding.funds import carrying, whereabouts
from funding.funds.sources import Ref
from funding.ledger.links import Link, returned_from, sources_of
from funding.ledger.models import Account, Transfer

FUND = Account.Klass.FUND
Worth = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Share:
    """`amount` minor units of the transfer that was asked about end at `transfer`.

    `recovered`: it came back after its sponsor had been paid back with other money, so it is the fund's, in nobody's name.
    """

    amount: int
    transfer: Transfer
    recovered: bool = False

    @property
    def about(self) -> Ref | None:
        """What that transfer was for, as `sources.describe` takes it; None for recovered money."""
        if self.recovered:
            return None
        return (self.transfer.about_kind, self.transfer.about_id) if self.transfer.about_kind and self.transfer.about_id else None


@dataclass(frozen=True, slots=True)
class Onward:
    """What became of one inflow, oldest first: `uses` consumed it, and each of `moved` took some of it into another fund. `unspent` says
    how many minor units still lie in which fund, by its account. `uses` and `unspent` add up to the inflow.
    """

    uses: list[Share]
    moved: list[Share]
    unspent: dict[int, int]


@dataclass(frozen=True, slots=True)
class _Slice:
    """The units [low, high) of a transfer that belong to the question about `root`, counted from its first unit.

    `back` is the latest row on the way by which they had come back into a fund. `worth` says of a place in the transfer how many units
    of `root` come before it: the same number of units, unless a conversion lies between.
    """

    root: int
    transfer_id: int
    low: int
    high: int
    back: Transfer | None = None
    worth: Worth = field(default=lambda place: place)

    def moved(self, transfer_id: int, by: int, low: int, high: int) -> _Slice:
        """[low, high) of this slice, in a transfer whose units are counted `by` more."""
        worth = self.worth
        return replace(self, transfer_id=transfer_id, low=low + by, high=high + by, worth=lambda place: worth(place - by))

    def converted(self, source: Transfer, amount: int) -> _Slice:
        """The same money as it was before a conversion of `source` into `amount`."""
        worth, low, high, whole = self.worth, self.low, self.high, source.amount
        return replace(
            self,
            transfer_id=source.pk,
            low=((low + 1) * whole - 1) // amount,
            high=-(-high * whole // amount),
            worth=lambda place: worth(min(max(place * amount // whole, low), high)),
        )

    def value(self, low: int, high: int) -> int:
        return self.worth(high) - self.worth(low)


def origins(outflow_ids: Iterable[int]) -> dict[int, list[Share]]:
    """For each outflow of a fund, the contributions that it consumed, oldest first; the amounts add up to the outflow.

    Money that came back is followed to whom it came from, unless its sponsor had been paid back meanwhile (`carrying`). Amounts are in
    the currency of the outflow that was asked about, also where the contribution was in another one.

    A constant number of queries for each hop between funds, whatever the number of outflows.
    """
    shares: dict[int, list[Share]] = defaultdict(list)
    links = _grouped(sources_of(outflow_ids), by="outflow_id")
    slices = [_Slice(pk, pk, 0, sum(link.amount for link in found)) for pk, found in links.items()]
    while slices:
        inflows = _transfers(link.inflow_id for piece in slices for link, *_ in _cut(links[piece.transfer_id], piece))
        returned = returned_from(inflows, inflows)
        before = _transfers(back.transfer_id for back in returned.values())
        reached = [
            piece.moved(link.inflow_id, link.start - (inflows[link.inflow_id].credit_offset or 0) - at, at + low, at + high)
            for piece in slices
            for link, at, low, high in _cut(links[piece.transfer_id], piece)
        ]
        slices = []
        ends: list[_Slice] = []
        for piece in reached:
            inflow = inflows[piece.transfer_id]
            if back := returned.get(inflow.pk):
                piece = replace(piece.moved(back.transfer_id, back.start, piece.low, piece.high), back=piece.back or inflow)
                inflow = before[back.transfer_id]
            elif inflow.source_transfer is not None and inflow.source_transfer.currency != inflow.currency:
                slices.append(piece.converted(inflow.source_transfer, inflow.amount))
                continue
            (slices if inflow.debit_account.klass == FUND else ends).append(piece)
        _end(ends, {**inflows, **before}, shares)
        links = _grouped(sources_of({piece.transfer_id for piece in slices}), by="outflow_id")
    return {root: _merged(found) for root, found in shares.items()}


def _end(ends: list[_Slice], rows: dict[int, Transfer], shares: dict[int, list[Share]]) -> None:
    """The shares of slices that reached where their money came from. What came back after it was carried is the fund's."""
    carried = carrying.of({piece.transfer_id for piece in ends if piece.back}) if any(piece.back for piece in ends) else {}
    for piece in ends:
        nameless: list[carrying.Span] = []
        if piece.back is not None:
            nameless = carrying.inside((piece.low, piece.high), carrying.at(carried.get(piece.transfer_id, []), piece.back.pk))
            shares[piece.root] += [Share(worth, piece.back, recovered=True) for low, high in nameless if (worth := piece.value(low, high))]
        named = piece.value(piece.low, piece.high) - sum(piece.value(low, high) for low, high in nameless)
        if named:
            shares[piece.root].append(Share(named, rows[piece.transfer_id]))


def destinations(inflow_ids: Iterable[int]) -> dict[int, list[Share]]:
    """For each inflow of a fund, what has consumed it so far, oldest first. What is missing to its amount is unspent."""
    return {pk: found.uses for pk, found in onward(inflow_ids).items() if found.uses}


def onward(inflow_ids: Iterable[int]) -> dict[int, Onward]:
    """For each inflow of a fund, what has consumed it so far, by which moves it went from fund to fund, and where the rest lies.

    Money that came back into a fund is unspent again, or was spent on what it went to next; not if it came back after its
    sponsor had been paid back. A few queries for each inflow and step; ask for the inflows of one payment.
    """
    found: dict[int, Onward] = {}
    rows = Transfer.objects.select_related("entry", "debit_account", "credit_account")
    for inflow in rows.filter(pk__in=list(inflow_ids), credit_account__klass=FUND):
        there = whereabouts.of(inflow)
        moved = sorted((outflow, end - start) for (start, end), outflow in there.moved)
        outflows = _transfers(outflow for outflow, _ in [*there.uses, *moved])
        unspent: dict[int, int] = defaultdict(int)
        for lying in there.unspent:
            unspent[lying.account_id] += lying.amount
        uses, moves = ([Share(amount, outflows[outflow]) for outflow, amount in some] for some in (there.uses, moved))
        found[inflow.pk] = Onward(_merged(uses), _merged(moves), dict(unspent))
    return found


def _transfers(ids: Iterable[int]) -> dict[int, Transfer]:
    rows = Transfer.objects.select_related("entry", "debit_account", "credit_account", "source_transfer")
    return rows.in_bulk(list(set(ids)))


def _grouped(links: Iterable[Link], *, by: str) -> dict[int, list[Link]]:
    groups: dict[int, list[Link]] = defaultdict(list)
    for link in sorted(links, key=lambda link: link.start):
        groups[getattr(link, by)].append(link)
    return groups


def _cut(links: list[Link], piece: _Slice) -> Iterator[tuple[Link, int, int, int]]:
    """The parts of an outflow's links, in order, that fall into the slice: (link, how many of the outflow's units come before it, from,
    to), the last two counted from the link's start."""
    position = 0
    for link in links:
        low, high = max(piece.low - position, 0), min(piece.high - position, link.amount)
        if low < high:
            yield link, position, low, high
        position += link.amount


def _merged(shares: list[Share]) -> list[Share]:
    """One share for each transfer at the end, in the order in which they were met."""
    sums: dict[tuple[int, bool], int] = defaultdict(int)
    ends: dict[tuple[int, bool], Transfer] = {}
    for share in shares:
        key = (share.transfer.pk, share.recovered)
        sums[key] += share.amount
        ends.setdefault(key, share.transfer)
    return [Share(sums[key], transfer, key[1]) for key, transfer in ends.items()]
