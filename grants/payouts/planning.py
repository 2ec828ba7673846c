"""What a payout run would hold: approved, unpaid half days by payee, each matched three ways before it is payable.

The match: the engagement (cap and rate), the approved entry (count and rate kept on it), and the reservation (what is still
open for it). A payee whose days do not match, or who cannot receive money, is held with the reason; nothing of theirs is lost.
This reads; `services.prepare` writes what it says.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from funding import clock, days
from funding.components import formats
from funding.money import Money, total
from funding.payments.models import ConnectedAccount
from funding.people.models import Party
from grants.engagements import drawing
from grants.engagements.drawing import Short, allocate
from grants.engagements.models import Engagement, EngagementFund
from grants.payouts import holding
from grants.payouts.holding import Hold
from grants.payouts.models import Payout, PayoutLine, PayoutShare
from grants.timesheets import selectors as timesheets
from grants.timesheets.models import WorkEntry


@dataclass(frozen=True, slots=True)
class Share:
    """The part of one half day that one reservation pays, in minor units."""

    source: EngagementFund
    amount: int


@dataclass(frozen=True, slots=True)
class PlannedLine:
    entry: WorkEntry
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class PayeePlan:
    """One payee's payment. `held` is why it cannot be paid now, None when it can; a held payee has no lines.

    `left_out` are their half days that a rule of the funds forbids to pay, each with the reason; the others are paid all the same.
    """

    payee: Party
    entries: tuple[WorkEntry, ...]
    lines: tuple[PlannedLine, ...]
    held: Hold | None
    left_out: tuple[tuple[WorkEntry, Hold], ...] = ()

    @property
    def hold(self) -> str:
        return self.held.reason if self.held else ""

    @property
    def amount(self) -> Money:
        return total([entry.amount for entry in self.entries], self.entries[0].currency)

    @property
    def half_days(self) -> int:
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class Plan:
    currency: str
    payees: tuple[PayeePlan, ...]

    @property
    def payable(self) -> list[PayeePlan]:
        return [payee for payee in self.payees if not payee.hold]

    @property
    def held(self) -> list[PayeePlan]:
        return [payee for payee in self.payees if payee.hold]

    @property
    def control_total(self) -> Money:
        return total([payee.amount for payee in self.payable], self.currency)


def unpaid(currency: str | None = None, up_to: dt.date | None = None) -> QuerySet[WorkEntry]:
    """Approved half days in no payout, in the order in which they are paid: by engagement and calendar."""
    found = WorkEntry.objects.filter(state=WorkEntry.State.APPROVED).exclude(pk__in=PayoutLine.objects.values("work_entry"))
    if currency is not None:
        found = found.filter(currency=currency)
    if up_to is not None:
        found = found.filter(date__lte=up_to)
    related = found.select_related("worker", "engagement__payee", "engagement__project", "engagement__proposal")
    return related.order_by("engagement_id", "date", "slot", "pk")


def planned_shares(engagement: Engagement) -> dict[int, dict[int, int]]:
    """What payouts that are not sent yet will draw, for `drawing.register_planned`."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    shares = PayoutShare.objects.filter(
        source__engagement=engagement, line__payout__sent_entry=None, line__payout__state=Payout.State.READY
    )
    for entry, source, amount in shares.values_list("line__work_entry_id", "source_id", "amount"):
        found[entry][source] = amount
    return found


def plan(currency: str, up_to: dt.date) -> Plan:
    """The run that would be prepared now for work up to and including that date. A constant number of queries."""
    entries = list(unpaid(currency, up_to))
    engagements = {entry.engagement_id: entry.engagement for entry in entries}
    sources = _sources(engagements)
    usage = timesheets.usages(engagements.values())
    by_payee: dict[Party, list[WorkEntry]] = defaultdict(list)
    for entry in entries:
        by_payee[entry.engagement.payee].append(entry)
    holds = holding.of(by_payee)
    able = set(ConnectedAccount.objects.filter(party__in=by_payee, payouts_enabled=True).values_list("party_id", flat=True))
    payees = []
    for payee, theirs in sorted(by_payee.items(), key=lambda item: (item[0].name, item[0].pk)):
        hold = holds.get(payee.pk) or (None if payee.pk in able else _no_account(payee))
        hold = hold or _mismatch(theirs, usage)
        lines: tuple[PlannedLine, ...] = ()
        left_out: tuple[tuple[WorkEntry, Hold], ...] = ()
        if not hold:
            lines, left_out, hold = _lines(theirs, sources)
        if left_out and not hold:
            out = {entry.pk for entry, __ in left_out}
            theirs = [entry for entry in theirs if entry.pk not in out] or theirs
            hold = None if lines else left_out[0][1]
        payees.append(PayeePlan(payee, tuple(theirs), () if hold else lines, hold, left_out))
    return Plan(currency, tuple(payees))


@dataclass(frozen=True, slots=True)
class Source:
    """One reservation of an engagement with what no earlier, unsent payout has planned to draw from it."""

    fund: EngagementFund
    free: int


def _sources(engagements: Mapping[int, Engagement]) -> dict[int, list[Source]]:
    """By engagement id, in drawing order."""
    planned = PayoutShare.objects.filter(source__engagement__in=engagements, line__payout__sent_entry=None)
    sums = planned.filter(line__payout__state=Payout.State.READY).values("source").order_by("source").annotate(sum=Sum("amount"))
    taken = {row["source"]: row["sum"] for row in sums}
    found: dict[int, list[Source]] = defaultdict(list)
    rows = EngagementFund.objects.filter(engagement__in=engagements).select_related("reservation", "fund__project")
    for fund in rows.prefetch_related("fund__projects").order_by("position"):
        found[fund.engagement_id].append(Source(fund, fund.reservation.open - taken.get(fund.pk, 0)))
    return found


def _no_account(payee: Party) -> Hold:
    return Hold(
        _("{name} has no account that can receive money yet.").format(name=payee.name),
        _("The payee sets it up; the days then go into the next run."),
    )


def _mismatch(entries: Sequence[WorkEntry], usage: Mapping[int, timesheets.Usage]) -> Hold | None:
    remedy = _("An administrator finds out which is right; the days then go into the next run.")
    for entry in entries:
        engagement = entry.engagement
        if usage[engagement.pk].approved > engagement.cap_half_days:
            return Hold(
                _("{ref} allows {days} days and more are approved.").format(ref=engagement.ref, days=days.words(engagement.cap_half_days)),
                remedy,
            )
        if entry.rate != engagement.rate:
            return Hold(
                _("{ref} was logged at {rate} a day, and {engagement} agreed {agreed}.").format(
                    ref=entry.ref, rate=entry.rate, engagement=engagement.ref, agreed=engagement.rate
                ),
                remedy,
            )
    return None


Lines = tuple[PlannedLine, ...]
LeftOut = tuple[tuple[WorkEntry, Hold], ...]


def _lines(entries: Sequence[WorkEntry], sources: Mapping[int, Sequence[Source]]) -> tuple[Lines, LeftOut, Hold | None]:
    """The payee's lines, what a rule forbids to pay, or the reason why the reservations do not cover the rest."""
    by_engagement: dict[int, list[WorkEntry]] = defaultdict(list)
    for entry in entries:
        by_engagement[entry.engagement_id].append(entry)
    lines: list[PlannedLine] = []
    left_out: list[tuple[WorkEntry, Hold]] = []
    for pk, theirs in by_engagement.items():
        funds = sources.get(pk, [])
        while theirs:
            try:
                drawn = allocate([entry.amount.amount for entry in theirs], [source.free for source in funds], _may_pay(theirs, funds))
            except Short as short:
                hold = _forbidden(theirs[short.position], funds)
                if hold is None:
                    return (), (), _uncovered(theirs, funds)
                left_out.append((theirs.pop(short.position), hold))
                continue
            for entry, parts in zip(theirs, drawn, strict=True):
                lines.append(PlannedLine(entry, tuple(Share(funds[index].fund, amount) for index, amount in parts)))
            break
    return tuple(lines), tuple(left_out), None


def _uncovered(entries: Sequence[WorkEntry], funds: Sequence[Source]) -> Hold:
    held = Money(sum(source.free for source in funds), entries[0].currency)
    cost = total([entry.amount for entry in entries], entries[0].currency)
    reason = _("{ref} has {held} reserved, and its approved days cost {cost}.").format(ref=entries[0].engagement.ref, held=held, cost=cost)
    return Hold(reason, _("It takes a change order that reserves the rest; the days then go into the next run."))


def _may_pay(entries: Sequence[WorkEntry], sources: Sequence[Source]) -> Callable[[int, int], bool]:
    today = clock.today()
    return lambda entry, at: drawing.breach(entries[entry].engagement, sources[at].fund, entries[entry].date, today) is None


def _forbidden(entry: WorkEntry, sources: Sequence[Source]) -> Hold | None:
    """The rule that keeps what is reserved from paying this half day, if one does."""
    for source in sources:
        if breach := drawing.breach(entry.engagement, source.fund, entry.date, clock.today()):
            said = _("{ref} of {day} cannot be paid.").format(ref=entry.ref, day=formats.date(entry.date)) + f" {breach.sentence}"
            return Hold(said[:300], holding.barred_remedy(entry.engagement))
    return None
