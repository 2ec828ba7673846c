"""Which reservation of an engagement pays which of its days: in drawing order, each day only from funds that may pay for it.

One function decides, for the approval of days, for the run that is prepared, and for what a closeout still lets through.
Source of the rules: docs/awards.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from funding.errors import Refused
from funding.funds import restrictions
from funding.funds.restrictions import Breach
from funding.ledger.models import Transfer
from funding.money import Money
from grants.engagements.models import Engagement, EngagementFund


class Short(Exception):
    """The sources together hold less than is asked of them. `position` counts the amounts before the one that nothing is left for."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


def allocate(
    amounts: Sequence[int], available: Sequence[int], allowed: Callable[[int, int], bool] | None = None
) -> list[list[tuple[int, int]]]:
    """Draw each amount from the sources in order: for each, the (index of source, sum) that pay it.

    All in minor units. A source is emptied before the next is touched. `allowed(amount, source)` says by their indexes whether a
    source may pay an amount (all may unless told). Raises Short when the amounts exceed what is available to them.
    """
    left = list(available)
    drawn: list[list[tuple[int, int]]] = []
    for position, amount in enumerate(amounts):
        parts: list[tuple[int, int]] = []
        for at, rest in enumerate(left):
            part = min(amount, rest)
            if part > 0 and (allowed is None or allowed(position, at)):
                parts.append((at, part))
                left[at] -= part
                amount -= part
        if amount:
            raise Short(position)
        drawn.append(parts)
    return drawn


@dataclass(frozen=True, slots=True)
class Dated:
    """One half day of work as money: the id of its entry, its date and what it costs."""

    pk: int
    on: dt.date
    amount: Money


def breach(engagement: Engagement, source: EngagementFund, on: dt.date, paid_on: dt.date | None = None) -> Breach | None:
    """The rule by which the source may not pay a day of that date, or None."""
    return restrictions.find(source.fund, project=engagement.project, on=on, paid_on=paid_on)


def require(engagement: Engagement, wanted: Sequence[Dated], approved: Sequence[Dated]) -> None:
    """Raise Refused (rule period or purpose) unless the engagement's funds may pay the days `wanted` beside those approved before.

    Costs nothing where no fund of the engagement has a period. Lock the engagement first. `approved` may hold days that are
    paid already; they are told by the books.
    """
    sources = list(engagement.funds.select_related("reservation", "fund__project").prefetch_related("fund__projects"))
    if not any(source.fund.starts_on or source.fund.ends_on for source in sources):
        return
    for day in wanted:
        found = [breach(engagement, source, day.on) for source in sources]
        if found and all(found) and found[0] is not None:
            raise Refused(f"These days cannot be approved. {found[0].sentence}", rule=found[0].rule)
    reservations = [source.reservation_id for source in sources]
    paid = set(Transfer.objects.filter(reservation__in=reservations, about_kind="work").values_list("about_id", flat=True))
    days = sorted([*(day for day in approved if day.pk not in paid), *wanted], key=lambda day: day.on)
    try:
        allocate(
            [day.amount.amount for day in days],
            [source.reservation.open for source in sources],
            lambda day, at: breach(engagement, sources[at], days[day].on) is None,
        )
    except Short as short:
        raise _short(engagement, sources, days[short.position]) from None


def _short(engagement: Engagement, sources: Sequence[EngagementFund], day: Dated) -> Refused:
    kept = [found for source in sources if (found := breach(engagement, source, day.on))]
    why = kept[0].sentence if kept else ""
    rule = kept[0].rule if kept else "line"
    return Refused(f"These days cannot be approved. What the engagement's other funds hold for them is used up. {why}".strip(), rule=rule)
