"""Which reservation of an engagement pays which of its days: in drawing order, each day only from funds that may pay for it.

One function decides, for the approval of days, for the run that is prepared, and for what a closeout still lets through.
Source of the rules: docs/awards.md.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from funding import clock
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


Planned = Callable[[Engagement], Mapping[int, Mapping[int, int]]]
"""What unsent payouts will draw: for each half day's id the minor units by the id of the EngagementFund."""

_planned: list[Planned] = []


def register_planned(planned: Planned) -> None:
    """The app that pays says what it has planned already, so that nothing else gives it away."""
    if planned not in _planned:
        _planned.append(planned)


def require(engagement: Engagement, wanted: Sequence[Dated], approved: Sequence[Dated]) -> None:
    """Raise Refused (rule period, purpose, closeout) unless the funds may pay the days `wanted` beside those approved before.

    Costs nothing where no fund of the engagement has a period. Lock the engagement first. `approved` may hold days that are
    paid already; they are told by the books. Payment is thought of as today's.
    """
    sources = _sources(engagement)
    if not any(source.fund.starts_on or source.fund.ends_on or source.fund.closeout_on for source in sources):
        return
    today = clock.today()
    for day in wanted:
        found = [breach(engagement, source, day.on, today) for source in sources]
        if found and all(found) and found[0] is not None:
            raise Refused(_("These days cannot be approved. {sentence}").format(sentence=found[0].sentence), rule=found[0].rule)
    days = sorted([*_unpaid(sources, approved), *wanted], key=lambda day: day.on)
    try:
        allocate(
            [day.amount.amount for day in days],
            [source.reservation.open for source in sources],
            lambda day, at: breach(engagement, sources[at], days[day].on, today) is None,
        )
    except Short as short:
        raise _short(engagement, sources, days[short.position]) from None


def barred(engagement: Engagement, approved: Sequence[Dated]) -> dict[int, Breach]:
    """Of the days that are approved and neither paid nor in a payout, those that no fund of the engagement may pay today, and why."""
    sources, today = _sources(engagement), clock.today()
    planned = {pk for plan in _planned for pk in plan(engagement)}
    found = {}
    for day in _unpaid(sources, approved):
        rules = [breach(engagement, source, day.on, today) for source in sources]
        if day.pk not in planned and rules and all(rules) and rules[0] is not None:
            found[day.pk] = rules[0]
    return found


def kept(engagement: Engagement, approved: Sequence[Dated]) -> dict[int, int]:
    """What each fund of the engagement has to keep for days that are approved and not paid, in minor units by EngagementFund id.

    Where a payout is planned, as it is planned; else as it would be today. A day that no fund may pay any more keeps its sum
    wherever something is left. Lock the engagement first.
    """
    sources, today = _sources(engagement), clock.today()
    free = {source.pk: source.reservation.open for source in sources}
    planned = {pk: parts for plan in _planned for pk, parts in plan(engagement).items()}
    keep: dict[int, int] = defaultdict(int)
    for day in sorted(_unpaid(sources, approved), key=lambda day: (day.pk not in planned, day.on, day.pk)):
        left = day.amount.amount
        takes = [(pk, amount) for pk, amount in planned.get(day.pk, {}).items()]
        able = [it for it in sources if breach(engagement, it, day.on, today) is None]
        takes += [(it.pk, free[it.pk]) for it in ([] if takes else [*able, *sources])]
        for pk, most in takes:
            part = min(left, most, free[pk])
            keep[pk] += part
            free[pk] -= part
            left -= part
    return dict(keep)


def _sources(engagement: Engagement) -> list[EngagementFund]:
    return list(engagement.funds.select_related("reservation", "fund__project").prefetch_related("fund__projects"))


def _unpaid(sources: Sequence[EngagementFund], approved: Sequence[Dated]) -> list[Dated]:
    """Those of the days that nothing was drawn for."""
    reservations = [source.reservation_id for source in sources]
    paid = set(Transfer.objects.filter(reservation__in=reservations, about_kind="work").values_list("about_id", flat=True))
    return [day for day in approved if day.pk not in paid]


def _short(engagement: Engagement, sources: Sequence[EngagementFund], day: Dated) -> Refused:
    kept = [found for source in sources if (found := breach(engagement, source, day.on, clock.today()))]
    why = kept[0].sentence if kept else ""
    rule = kept[0].rule if kept else "line"
    return Refused(
        _("These days cannot be approved. What the engagement's other funds hold for them is used up. {why}").format(why=why).strip(),
        rule=rule,
    )
