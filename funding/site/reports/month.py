"""A project's month, read from the ledger and the timesheets: nothing here is typed in or stored.

Days are assigned to the month by the date of work, money by the entry's effective date. All sums are in the project
fund's currency. The lines of the account add up: opening + in − out = closing; closing − reserved = left.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.utils.translation import gettext as _

from funding import clock, days
from funding.funds import payers, sources
from funding.funds.models import Fund, Project
from funding.funds.payers import Payer
from funding.funds.services import fund_of
from funding.funds.sources import Label
from funding.ledger.models import ReservationMove, Transfer
from funding.money import Money
from funding.people.roles import Viewer
from funding.site.reports import by_source, kept
from funding.site.reports.by_source import Source
from funding.web import ahead
from funding.web.ahead import Question
from grants.payouts.models import PayoutLine
from grants.timesheets.models import WorkEntry

CONTRIBUTION, CARD_FEE, HOST_FEE, ALLOCATION = "contribution", "processor_fee", "host_fee", "allocation"
PAYOUT = "payout_sent"
COUNTED = [WorkEntry.State.LOGGED, WorkEntry.State.APPROVED]


@dataclass(frozen=True, slots=True)
class Inflow:
    """One contribution to the project: what was paid, what it cost, and what reached the fund."""

    on: dt.date
    entry: int
    label: Label
    gross: Money
    card_fee: Money
    host_fee: Money
    net: Money

    def days(self, rate: Money) -> Decimal:
        return bought(self.net, rate)


Paid = tuple[tuple[Payer, ...], dt.date | None, int | None, int | None]
"""Whose money paid one half day, on which day, in which entry it left the fund, and in which it was paid."""


@dataclass(frozen=True, slots=True)
class Worked:
    """One half day of work. `payers` is empty until it is paid out; then their amounts add up to `cost`.

    In `sent_entry` it left the fund, as owed to the payee; `paid_entry` is the one that paid it, None until that is confirmed.
    """

    entry: WorkEntry
    cost: Money
    payers: tuple[Payer, ...]
    paid_on: dt.date | None
    sent_entry: int | None
    paid_entry: int | None

    @property
    def last_entry(self) -> int | None:
        """The entry in which it came furthest."""
        return self.paid_entry or self.sent_entry


@dataclass(frozen=True, slots=True)
class Month:
    """The figures of one project and month. Sums are Money; `worked`, `approved` and `paid_for` count half days."""

    project: Project
    fund: Fund
    first: dt.date
    after: dt.date
    inflows: tuple[Inflow, ...]
    work: tuple[Worked, ...]
    opening: Money
    other_in: Money
    paid: Money
    other_out: Money
    reserved: Money
    by_source: tuple[Source, ...]

    def _sum(self, sums: Iterable[Money]) -> Money:
        return sum(sums, Money.zero(self.fund.currency))

    @property
    def gross(self) -> Money:
        return self._sum(inflow.gross for inflow in self.inflows)

    @property
    def card_fees(self) -> Money:
        return self._sum(inflow.card_fee for inflow in self.inflows)

    @property
    def host_fees(self) -> Money:
        return self._sum(inflow.host_fee for inflow in self.inflows)

    @property
    def net(self) -> Money:
        return self._sum(inflow.net for inflow in self.inflows)

    @property
    def closing(self) -> Money:
        return self.opening + self.net + self.other_in - self.paid - self.other_out

    @property
    def left(self) -> Money:
        """What can still be promised at the end of the month."""
        return self.closing - self.reserved

    @property
    def worked(self) -> int:
        return len(self.work)

    @property
    def approved(self) -> int:
        return sum(1 for item in self.work if item.entry.approved_at)

    @property
    def days_paid_for(self) -> Decimal:
        """Days that this month's money buys at the project's reference rate, rounded down to a hundredth."""
        return bought(self.net, self.project.rate)

    @property
    def half_days_paid_for(self) -> int:
        """The same in whole half days, for the meter; what is left over is carried, not lost."""
        return days.affordable(self.net, self.project.rate)


def bought(net: Money, rate: Money) -> Decimal:
    """Days at a rate, rounded down to a hundredth of a day."""
    return (Decimal(net.amount) / rate.amount).quantize(Decimal("0.01"), rounding=ROUND_DOWN)


def around(project: Project, first: dt.date) -> tuple[dt.date | None, dt.date | None]:
    """The months before and after, where the project and the calendar have them."""
    earlier, later = (first - dt.timedelta(days=1)).replace(day=1), days.month_bounds(first)[1]
    return (earlier if earlier >= project.created_at.date().replace(day=1) else None, later if later <= clock.today() else None)


def of(project: Project, first: dt.date, viewer: Viewer, also: Sequence[Question] = ()) -> Month:
    """The month that begins on `first`, as `viewer` may see it: names follow each sponsor's choice. `also`: what the page asks besides."""
    fund = ahead.rows(fund_of(project.slug))[0]
    first, after = days.month_bounds(first)
    stand = kept.stand_of_the_books()
    own = fund.account.credits, fund.account.debits, fund.account.reserved
    contributions, entries = _contributions(fund, first, after), _entries(project, first, after)

    def account() -> tuple[int, dict[tuple[str, str], int], int, tuple[Source, ...]]:
        """The sums that are the same for all. Whoever asks for them asks the rest of the page with them."""
        sums = [_by_way(fund, first, after), _reservations(fund, after), *by_source.questions(project, first, after)]
        ahead.look(*sums, contributions, entries, *also)
        return *_flows(fund, first, after), _reserved(fund, after), tuple(by_source.of(project, first, after))

    before, moves, reserved, by_way = kept.whoever_looks(stand, "account", (fund.pk, first, *own), account)
    ahead.look(entries, *also, *([contributions] if viewer.is_authenticated else []))
    work = ahead.rows(entries)
    ahead.look(transfers_for(work), *(sources.questions(_refs(ahead.rows(contributions)), viewer) if viewer.is_authenticated else []))
    return Month(
        project=project,
        fund=fund,
        first=first,
        after=after,
        inflows=kept.for_everybody(viewer, stand, "inflows", (fund.pk, first), lambda: _inflows(fund, first, after, viewer)),
        work=worked(work, viewer, stand),
        opening=Money(before, fund.currency),
        other_in=Money(sum(amount for (way, kind), amount in moves.items() if way == "in" and kind != ALLOCATION), fund.currency),
        paid=Money(moves.get(("out", PAYOUT), 0), fund.currency),
        other_out=Money(sum(amount for (way, kind), amount in moves.items() if way == "out" and kind != PAYOUT), fund.currency),
        reserved=Money(reserved, fund.currency),
        by_source=by_way,
    )


def _of_fund(fund: Fund) -> Q:
    return Q(debit_account=fund.account_id) | Q(credit_account=fund.account_id)


def _flows(fund: Fund, first: dt.date, after: dt.date) -> tuple[int, dict[tuple[str, str], int]]:
    """What the fund had before that day, and what moved since by way and kind. One query."""
    opening, moves = 0, {}
    for way_, kind, earlier, sum_ in ahead.rows(_by_way(fund, first, after)):
        if earlier:
            opening += sum_ if way_ == "in" else -sum_
        else:
            moves[way_, kind] = sum_
    return opening, moves


def _by_way(fund: Fund, first: dt.date, after: dt.date) -> QuerySet[Transfer, tuple[str, str, bool, int]]:
    way = Case(When(credit_account=fund.account_id, then=Value("in")), default=Value("out"))
    before = Case(When(entry__effective_on__lt=first, then=True), default=False)
    rows = Transfer.objects.filter(_of_fund(fund), entry__effective_on__lt=after).order_by()
    return rows.values_list(way, "kind", before).annotate(sum=Sum("amount"))


def _reserved(fund: Fund, after: dt.date) -> int:
    return sum(ahead.rows(_reservations(fund, after)))


def _reservations(fund: Fund, after: dt.date) -> QuerySet[ReservationMove, int]:
    adds = [ReservationMove.Kind.RESERVE, ReservationMove.Kind.INCREASE]
    signed = Case(When(kind__in=adds, then=F("amount")), default=-F("amount"))
    end = clock.end_of(after - dt.timedelta(days=1))
    held = ReservationMove.objects.filter(reservation__account=fund.account_id, at__lt=end).order_by()
    return held.values("reservation__account").annotate(sum=Sum(signed)).values_list("sum", flat=True)


def _contributions(fund: Fund, first: dt.date, after: dt.date) -> QuerySet[Transfer]:
    """Every line of the entries that fed the fund in these days: one that feeds several funds shares its fees in proportion."""
    into = Transfer.objects.filter(credit_account=fund.account_id, kind=ALLOCATION)
    during = into.filter(entry__effective_on__gte=first, entry__effective_on__lt=after)
    return Transfer.objects.filter(entry__in=during.values("entry")).select_related("entry").order_by("entry_id", "line")


def _inflows(fund: Fund, first: dt.date, after: dt.date, viewer: Viewer) -> tuple[Inflow, ...]:
    whole_entries = ahead.rows(_contributions(fund, first, after))
    parts = defaultdict[int, dict[str, int]](lambda: defaultdict(int))
    for row in whole_entries:
        parts[row.entry_id][row.kind] += row.amount
    allocations = [row for row in whole_entries if row.credit_account_id == fund.account_id and row.kind == ALLOCATION]
    labels = sources.describe(_refs(allocations), viewer)
    inflows = []
    for row in allocations:
        whole = parts[row.entry_id]
        share = [row.amount, whole[ALLOCATION] - row.amount]
        card, host, gross = (Money(whole[kind], fund.currency).split(share)[0] for kind in (CARD_FEE, HOST_FEE, CONTRIBUTION))
        label = labels.get((row.about_kind or "", row.about_id or 0), Label(_("Contribution")))
        inflows.append(Inflow(row.entry.effective_on, row.entry_id, label, gross, card, host, row.money))
    return tuple(inflows)


def _refs(rows: Iterable[Transfer]) -> list[sources.Ref]:
    return [(row.about_kind, row.about_id) for row in rows if row.about_kind and row.about_id]


def _entries(project: Project, first: dt.date, after: dt.date) -> QuerySet[WorkEntry]:
    counted = WorkEntry.objects.filter(state__in=COUNTED, date__gte=first, date__lt=after)
    return counted.filter(engagement__project=project).select_related("worker", "engagement__payee").order_by("date", "slot", "pk")


def worked(entries: Sequence[WorkEntry], viewer: Viewer, stand: str | None = None) -> tuple[Worked, ...]:
    """The same half days with who paid for them: a constant number of queries for any number of entries."""
    return with_payers(
        entries, kept.for_everybody(viewer, stand, "paid", sorted(entry.pk for entry in entries), lambda: paid(entries, viewer))
    )


def with_payers(entries: Iterable[WorkEntry], found: Mapping[int, Paid]) -> tuple[Worked, ...]:
    nobody: Paid = ((), None, None, None)
    return tuple(Worked(entry, entry.amount, *found.get(entry.pk, nobody)) for entry in entries)


def transfers_for(entries: Iterable[WorkEntry]) -> QuerySet[Any]:
    """What `worked` asks first, for a page that looks ahead: the transfers by which these half days were paid out, each with the number
    of the entry in which that was `confirmed`.
    """
    about = Transfer.objects.filter(about_kind="work", about_id__in=sorted({entry.pk for entry in entries}), kind=PAYOUT)
    confirmed = PayoutLine.objects.filter(work_entry=OuterRef("about_id")).values("payout__confirmed_entry")
    return about.annotate(confirmed=Subquery(confirmed)).select_related("entry").order_by("pk")


def paid(entries: Iterable[WorkEntry], viewer: Viewer) -> dict[int, Paid]:
    """Who paid for which of these half days, by id. What is not paid out yet is left out."""
    sent: dict[int, list[Any]] = defaultdict(list)
    for transfer in ahead.rows(transfers_for(entries)):
        sent[transfer.about_id or 0].append(transfer)
    named = payers.of((transfer for transfers in sent.values() for transfer in transfers), viewer)
    found: dict[int, Paid] = {}
    for pk, transfers in sent.items():
        last = transfers[-1]
        found[pk] = (
            tuple(payer for transfer in transfers for payer in named[transfer.pk]),
            last.entry.effective_on,
            last.entry_id,
            last.confirmed,
        )
    return found
