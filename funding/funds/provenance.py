"""Whose money paid which work: the ledger's links, followed through transfers between funds until they end.

The ledger links an outflow of a fund to the inflows of that fund. An inflow may itself be an outflow of another fund, or
money that came back; then the same slice is followed there. What is left at the end is a contribution (backwards) or a
payout, refund or other use (forwards). It names nobody: `sources.describe` does, for a viewer.
Source of the rule: docs/ledger.md, “The number line”.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from funding.funds import carrying, whereabouts
from funding.funds.sources import Ref
from funding.ledger.links import Link, returned_from, sources_of
from funding.ledger.models import Account, Transfer

FUND = Account.Klass.FUND


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
class _Slice:
    """The units [low, high) of a transfer that belong to the question about `root`, counted from its first unit.

    `back` is the latest row on the way by which they had come back into a fund.
    """

    root: int
    transfer_id: int
    low: int
    high: int
    back: Transfer | None = None


def origins(outflow_ids: Iterable[int]) -> dict[int, list[Share]]:
    """For each outflow of a fund, the contributions that it consumed, oldest first; the amounts add up to the outflow.

    Money that came back is followed to whom it came from, unless its sponsor had been paid back meanwhile (`carrying`).

    A constant number of queries for each hop between funds, whatever the number of outflows.
    """
    shares: dict[int, list[Share]] = defaultdict(list)
    slices = [_Slice(pk, pk, 0, amount) for pk, amount in _amounts(outflow_ids)]
    while slices:
        links = _grouped(sources_of({piece.transfer_id for piece in slices}), by="outflow_id")
        reached = [
            replace(piece, transfer_id=link.inflow_id, low=link.start + low, high=link.start + high)
            for piece in slices
            for link, low, high in _cut(links[piece.transfer_id], piece)
        ]
        inflows = _transfers(piece.transfer_id for piece in reached)
        returned = returned_from(inflows)
        before = _transfers(back.transfer_id for back in returned.values())
        slices = []
        ends: list[_Slice] = []
        for piece in reached:
            inflow, way_back = inflows[piece.transfer_id], piece.back
            low, high = (edge - (inflow.credit_offset or 0) for edge in (piece.low, piece.high))
            if back := returned.get(inflow.pk):
                way_back = way_back or inflow
                inflow, low, high = before[back.transfer_id], low + back.start, high + back.start
            (slices if inflow.debit_account.klass == FUND else ends).append(_Slice(piece.root, inflow.pk, low, high, way_back))
        _end(ends, {**inflows, **before}, shares)
    return {root: _merged(found) for root, found in shares.items()}


def _end(ends: list[_Slice], rows: dict[int, Transfer], shares: dict[int, list[Share]]) -> None:
    """The shares of slices that reached where their money came from. What came back after it was carried is the fund's."""
    carried = carrying.of({piece.transfer_id for piece in ends if piece.back}) if any(piece.back for piece in ends) else {}
    for piece in ends:
        nameless: list[carrying.Span] = []
        if piece.back is not None:
            nameless = carrying.inside((piece.low, piece.high), carrying.at(carried.get(piece.transfer_id, []), piece.back.pk))
            shares[piece.root] += [Share(high - low, piece.back, recovered=True) for low, high in nameless]
        named = piece.high - piece.low - sum(high - low for low, high in nameless)
        if named:
            shares[piece.root].append(Share(named, rows[piece.transfer_id]))


def destinations(inflow_ids: Iterable[int]) -> dict[int, list[Share]]:
    """For each inflow of a fund, what has consumed it so far, oldest first. What is missing to its amount is unspent.

    Money that came back into a fund is unspent again, or was spent on what it went to next; not if it came back after its
    sponsor had been paid back. A few queries for each inflow and step; ask for the inflows of one payment.
    """
    shares: dict[int, list[Share]] = {}
    rows = Transfer.objects.select_related("entry", "debit_account", "credit_account")
    for inflow in rows.filter(pk__in=list(inflow_ids), credit_account__klass=FUND):
        uses = whereabouts.of(inflow).uses
        outflows = _transfers(outflow for outflow, _ in uses)
        shares[inflow.pk] = _merged([Share(amount, outflows[outflow]) for outflow, amount in uses])
    return {pk: found for pk, found in shares.items() if found}


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


def _merged(shares: list[Share]) -> list[Share]:
    """One share for each transfer at the end, in the order in which they were met."""
    sums: dict[tuple[int, bool], int] = defaultdict(int)
    ends: dict[tuple[int, bool], Transfer] = {}
    for share in shares:
        key = (share.transfer.pk, share.recovered)
        sums[key] += share.amount
        ends.setdefault(key, share.transfer)
    return [Share(sums[key], transfer, key[1]) for key, transfer in ends.items()]
