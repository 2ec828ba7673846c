"""Which units of an inflow were given back with somebody else's money, and when: the rule "recovered by the fund".

Money that comes back after its units were carried has no name, because its sponsor has been paid back already. The rule
looks at the order of rows only, so what was once said of a return never changes.
Source of the rule: docs/ledger.md, “Carried”.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from funding.funds.models import Carried

Span = tuple[int, int]
"""Units [from, to) of a transfer, counted from its first."""


def of(inflow_ids: Iterable[int]) -> dict[int, list[Carried]]:
    """What was ever carried of each inflow: one query."""
    found: dict[int, list[Carried]] = defaultdict(list)
    for row in Carried.objects.filter(inflow__in=list(inflow_ids)).order_by("start", "pk"):
        found[row.inflow_id].append(row)
    return found


def at(rows: Iterable[Carried], transfer_id: int | None = None) -> list[Span]:
    """The units that were carried when that transfer was written, or that are now."""
    if transfer_id is None:
        return merged((row.start, row.end) for row in rows if row.undone_by_id is None)
    spans = ((row.start, row.end) for row in rows if row.by_id < transfer_id and (row.undone_by_id or transfer_id + 1) > transfer_id)
    return merged(spans)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same units in order, without overlaps."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return found


def inside(whole: Span, spans: Iterable[Span]) -> list[Span]:
    """The parts of `whole` that are in one of the spans."""
    return [(low, high) for start, end in merged(spans) if (low := max(start, whole[0])) < (high := min(end, whole[1]))]


def outside(whole: Span, spans: Iterable[Span]) -> list[Span]:
    """The parts of `whole` that are in none of the spans."""
    found, start = [], whole[0]
    for low, high in inside(whole, spans):
        found.append((start, low))
        start = high
    found.append((start, whole[1]))
    return [(low, high) for low, high in found if low < high]
