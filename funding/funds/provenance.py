"""Whose money paid which work: the ledger's links, followed through transfers between funds until they end.

The ledger links an outflow of a fund to the inflows of that fund. An inflow may itself be an outflow of another fund, or
money that came back; then the same slice is followed there. What is left at the end is a contribution (backwards) or a
payout, refund or other use (forwards). It names nobody: `sources.describe` does, for a viewer.
Source of the rule: docs/ledger.md, “The number line”.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from funding.funds.sources import Ref
from funding.ledger.links import Link, returned_from, sources_of, uses_of
from funding.ledger.models import Account, Transfer

FUND = Account.Klass.FUND


@dataclass(frozen=True, slots=True)
class Share:
    """`amount` minor units of the transfer that was asked about end at `transfer`."""

    amount: int
    transfer: Transfer

    @property
    def about(self) -> Ref | None:
        """What that transfer was for, as `sources.describe` takes it."""
        return (self.transfer.about_kind, self.transfer.about_id) if self.transfer.about_kind and self.transfer.about_id else None


@dataclass(frozen=True, slots=True)
class _Slice:
    """The units [low, high) of a transfer that belong to the question about `root`, counted from its first unit."""

    root: int
    transfer_id: int
    low: int
    high: int


def origins(outflow_ids: Iterable[int]) -> dict[int, list[Share]]:
    """For each outflow of a fund, the contributions that it consumed, oldest first; the amounts add up to the outflow.

    A constant number of queries for each hop between funds, whatever the number of outflows.
    """
    shares: dict[int, list[Share]] = defaultdict(list)
    slices = [_Slice(pk, pk, 0, amount) for pk, amount in _amounts(outflow_ids)]
    while slices:
        links = _grouped(sources_of({piece.transfer_id for piece in slices}), by="outflow_id")
        reached = [
            _Slice(piece.root, link.inflow_id, link.start + low, link.start + high)
            for piece in slices
            for link, low, high in _cut(links[piece.transfer_id], piece)
        ]
        inflows = _transfers(piece.transfer_id for piece in reached)
        returned = returned_from(inflows)
        before = _transfers(back.transfer_id for back in returned.values())
        slices = []
        for piece in reached:
            inflow = inflows[piece.transfer_id]
            low, high = (edge - (inflow.credit_offset or 0) for edge in (piece.low, piece.high))
            if back := returned.get(inflow.pk):
                inflow, low, high = before[back.transfer_id], low + back.start, high + back.start
            if inflow.debit_account.klass == FUND:
                slices.append(_Slice(piece.root, inflow.pk, low, high))
            else:
                shares[piece.root].append(Share(high - low, inflow))
    return {root: _merged(found) for root, found in shares.items()}


def destinations(inflow_ids: Iterable[int]) -> dict[int, list[Share]]:
    """For each inflow of a fund, what has consumed it so far, oldest first. What is missing to its amount is unspent."""
    shares: dict[int, list[Share]] = defaultdict(list)
    slices = [_Slice(pk, pk, 0, amount) for pk, amount in _amounts(inflow_ids)]
    while slices:
        inflows = _transfers(piece.transfer_id for piece in slices)
        links = _grouped(uses_of({piece.transfer_id for piece in slices}), by="inflow_id")
        outflows = _transfers(link.outflow_id for found in links.values() for link in found)
        between = {pk for pk, outflow in outflows.items() if outflow.credit_account.klass == FUND}
        places = _places(between)
        following: list[_Slice] = []
        for piece in slices:
            base = inflows[piece.transfer_id].credit_offset or 0
            for link in links[piece.transfer_id]:
                low, high = max(link.start - base, piece.low), min(link.end - base, piece.high)
                if low >= high:
                    continue
                if link.outflow_id in between:
                    start = places[link.outflow_id, link.start] + low - (link.start - base)
                    following.append(_Slice(piece.root, link.outflow_id, start, start + high - low))
                else:
                    shares[piece.root].append(Share(high - low, outflows[link.outflow_id]))
        slices = following
    return {root: _merged(found) for root, found in shares.items()}


def _amounts(ids: Iterable[int]) -> Iterable[tuple[int, int]]:
    return Transfer.objects.filter(pk__in=list(ids)).values_list("pk", "amount")


def _transfers(ids: Iterable[int]) -> dict[int, Transfer]:
    rows = Transfer.objects.select_related("entry", "debit_account", "credit_account")
    return rows.in_bulk(list(set(ids)))


def _grouped(links: Iterable[Link], *, by: str) -> dict[int, list[Link]]:
    groups: dict[int, list[Link]] = defaultdict(list)
    for link in sorted(links, key=lambda link: link.start):
        groups[getattr(link, by)].append(link)
    return groups


def _cut(links: list[Link], piece: _Slice) -> Iterator[tuple[Link, int, int]]:
    """The parts of an outflow's links, in order, that fall into the slice: (link, from, to) counted from the link's start."""
    position = 0
    for link in links:
        low, high = max(piece.low - position, 0), min(piece.high - position, link.amount)
        if low < high:
            yield link, low, high
        position += link.amount


def _places(outflow_ids: set[int]) -> dict[tuple[int, int], int]:
    """Where, counted from the outflow's first unit, each of its links begins."""
    places: dict[tuple[int, int], int] = {}
    for outflow_id, links in _grouped(sources_of(outflow_ids), by="outflow_id").items():
        position = 0
        for link in links:
            places[outflow_id, link.start] = position
            position += link.amount
    return places


def _merged(shares: list[Share]) -> list[Share]:
    """One share for each transfer at the end, in the order in which they were met."""
    sums: dict[int, int] = defaultdict(int)
    ends: dict[int, Transfer] = {}
    for share in shares:
        sums[share.transfer.pk] += share.amount
        ends.setdefault(share.transfer.pk, share.transfer)
    return [Share(sums[pk], transfer) for pk, transfer in ends.items()]
