"""What restricted money may be spent on: its projects, its budget lines, its period and its closeout (I8).

One rule, asked wherever money is promised or leaves: at the determination (project, line, sum), when days are approved (the
date of the work) and when a payout is prepared and released (the date of payment). A fund without restrictions passes all of
them. What of a line is reserved and spent is read from the ledger and stored nowhere. Source of the rules: docs/awards.md.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from funding import clock
from funding.errors import Refused
from funding.funds.flows import GOAL_FUND
from funding.funds.models import BudgetLine, Fund, LineReservation, Project
from funding.ledger import links
from funding.ledger.models import Reservation, ReservationMove, Transfer
from funding.money import Money
from funding.web import ahead


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that forbids a spend: "purpose", "line", "period" or "closeout", and a sentence that names the fund."""

    rule: str
    sentence: str


def require(
    fund: Fund,
    *,
    project: Project,
    line: BudgetLine | None = None,
    on: dt.date | None = None,
    paid_on: dt.date | None = None,
    amount: Money | None = None,
) -> None:
    """Raise Refused (rule purpose, line, period or closeout) unless the fund may pay this.

    `on` is the date of the work, `paid_on` of the payment. With `amount`, a fund that has budget lines needs one of them that
    has as much left; lock the line first (`lock`), or another decision may take it meanwhile.
    """
    if breach := find(fund, project=project, line=line, on=on, paid_on=paid_on, amount=amount):
        raise Refused(breach.sentence, rule=breach.rule)


def find(
    fund: Fund,
    *,
    project: Project,
    line: BudgetLine | None = None,
    on: dt.date | None = None,
    paid_on: dt.date | None = None,
    amount: Money | None = None,
) -> Breach | None:
    """The first rule that forbids it, or None. As `require`, without raising."""
    return _purpose(fund, project) or _period(fund, on) or _closeout(fund, paid_on) or _line(fund, line, amount)


def eligible(fund: Fund, project: Project) -> bool:
    """True if work on the project is within the fund's purpose."""
    return _purpose(fund, project) is None


def covers(fund: Fund, day: dt.date) -> bool:
    """True if work of that date is within the fund's period."""
    return _period(fund, day) is None


LAST = dt.date.max


def spending_order(fund: Fund) -> tuple[bool, dt.date, int]:
    """The most restricted money is spent first: what may be spent least long, then what may be spent on the least.

    A key to sort by: restricted before general; the period that ends first; then a line of a budget, a goal's fund, one project,
    several projects, anything. What is equal keeps the order in which it is given. Read the fund with `lines` and `projects`.
    """
    if fund.lines.all():
        narrow = 0
    elif fund.slug.startswith(GOAL_FUND):
        narrow = 1
    elif fund.project_id is not None:
        narrow = 2
    else:
        narrow = 3 if fund.projects.all() else 4
    return fund.kind != Fund.Kind.RESTRICTED, fund.ends_on or LAST, narrow


def lock(lines: Iterable[BudgetLine | None]) -> None:
    """Hold these lines until the transaction ends, in the order of their ids. Lock them before the ledger's accounts."""
    wanted = [line.pk for line in lines if line is not None]
    if wanted:
        list(BudgetLine.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk"))


def charge(reservation: Reservation, line: BudgetLine | None) -> None:
    """Say on which line a reservation is made, in the transaction that makes it. Once; a repeat changes nothing."""
    if line is not None:
        LineReservation.objects.get_or_create(reservation=reservation, defaults={"line": line})


@dataclass(frozen=True, slots=True)
class LineStand:
    """One line of a budget by the ledger: what it may spend, what is promised, what was paid out, and the rest."""

    line: BudgetLine
    budget: Money
    reserved: Money
    spent: Money

    @property
    def left(self) -> Money:
        return self.budget - self.reserved - self.spent


def stands(fund: Fund, *, until: dt.date | None = None) -> list[LineStand]:
    """Every line of a fund, in order. `until`: counting only what is dated up to and including that day. Six queries."""
    lines = list(fund.lines.all())
    if not lines:
        return []
    by_reservation = dict(LineReservation.objects.filter(line__in=lines).values_list("reservation_id", "line_id"))
    spent = _spent(fund, by_reservation, until)
    reserved = _reserved(by_reservation, until)
    code = fund.currency
    return [LineStand(line, Money(line.amount, code), Money(reserved[line.pk], code), Money(spent[line.pk], code)) for line in lines]


def left(line: BudgetLine) -> Money:
    """What may still be promised on a line."""
    return next(stand.left for stand in stands(line.fund) if stand.line.pk == line.pk)


def _purpose(fund: Fund, project: Project) -> Breach | None:
    if fund.project_id is not None and fund.project_id != project.pk:
        words = _("{fund} is for {names} only, and this is work on {project}.")
        return Breach("purpose", words.format(fund=fund.name, names=fund.project, project=project))
    allowed = list(fund.projects.all())
    if allowed and project not in allowed:
        names = reduce(_both, sorted(each.name for each in allowed))
        words = _("{fund} is for work on {names} only, and this is work on {project}.")
        return Breach("purpose", words.format(fund=fund.name, names=names, project=project))
    return None


def _both(one: str, other: str) -> str:
    return _("{one} and {other}").format(one=one, other=other)


def _period(fund: Fund, on: dt.date | None) -> Breach | None:
    if on is None:
        return None
    if fund.starts_on is not None and on < fund.starts_on:
        words = _("{fund} pays for work from {first}, and this is of {day}.")
        return Breach("period", words.format(fund=fund.name, first=_date(fund.starts_on), day=_date(on)))
    if fund.ends_on is not None and on > fund.ends_on:
        words = _("{fund} pays for work until {last}, and this is of {day}.")
        return Breach("period", words.format(fund=fund.name, last=_date(fund.ends_on), day=_date(on)))
    return None


def _closeout(fund: Fund, paid_on: dt.date | None) -> Breach | None:
    if paid_on is not None and fund.closeout_on is not None and paid_on > fund.closeout_on:
        words = _("{fund} was closed out on {day} and pays nothing after that day.")
        return Breach("closeout", words.format(fund=fund.name, day=_date(fund.closeout_on)))
    return None


def _line(fund: Fund, line: BudgetLine | None, amount: Money | None) -> Breach | None:
    if line is not None and line.fund_id != fund.pk:
        return Breach("line", _("{line} is no budget line of {fund}.").format(line=line, fund=fund.name))
    if amount is None:
        return None
    if line is None:
        return Breach("line", _("{fund} has a budget, and no line of it was named.").format(fund=fund.name)) if fund.lines.all() else None
    rest = left(line)
    if amount > rest:
        words = _("{line} of {fund} has {rest} left, and this takes {amount}.")
        return Breach("line", words.format(line=line, fund=fund.name, rest=rest, amount=amount))
    return None


@dataclass(frozen=True, slots=True)
class Back:
    """Minor units of a fund's outflow that came back into it (a debt that was cancelled, a reversal)."""

    outflow: Transfer
    amount: int


def came_back(fund: Fund, *, until: dt.date | None = None) -> list[Back]:
    """Everything that left a fund and came back into it, dated up to and including `until`. Money of other funds is no return."""
    return returns([fund.account_id], until=until)[fund.account_id]


def returns(accounts: Iterable[int], *, until: dt.date | None = None) -> dict[int, list[Back]]:
    """What came back, by the fund's account; a few queries for any number of funds."""
    back = {row.pk: row for row in ahead.rows(brought_back(accounts, until))}
    into = {pk: row.credit_account_id for pk, row in back.items()}
    places = links.returned_from(into, back)
    outflows = Transfer.objects.select_related("entry").in_bulk([place.transfer_id for place in places.values()])
    found: dict[int, list[Back]] = defaultdict(list)
    for pk, place in places.items():
        outflow = outflows[place.transfer_id]
        if outflow.debit_account_id == into[pk]:
            found[into[pk]].append(Back(outflow, place.end - place.start))
    return found


def brought_back(accounts: Iterable[int], until: dt.date | None = None) -> QuerySet[Transfer]:
    """What `returns` asks first."""
    back = Transfer.objects.filter(credit_account__in=list(accounts)).exclude(source_transfer=None, settles=None)
    back = back.select_related("debit_account").order_by("pk")
    return back if until is None else back.filter(entry__effective_on__lte=until)


def _spent(fund: Fund, by_reservation: dict[int, int], until: dt.date | None) -> dict[int, int]:
    """Minor units by line id: what was drawn, less what came back of it."""
    drawn = Transfer.objects.filter(debit_account=fund.account_id, reservation__in=by_reservation)
    if until is not None:
        drawn = drawn.filter(entry__effective_on__lte=until)
    found: dict[int, int] = defaultdict(int)
    for reservation, amount in drawn.values_list("reservation_id", "amount"):
        found[by_reservation[reservation or 0]] += amount
    for back in came_back(fund, until=until):
        line = by_reservation.get(back.outflow.reservation_id or 0)
        if line is not None:
            found[line] -= back.amount
    return found


def _reserved(by_reservation: dict[int, int], until: dt.date | None) -> dict[int, int]:
    """Minor units by line id: what its reservations hold, by their moves up to the end of that day."""
    moves = ReservationMove.objects.filter(reservation__in=by_reservation)
    if until is not None:
        moves = moves.filter(at__lt=clock.end_of(until))
    found: dict[int, int] = defaultdict(int)
    for reservation, kind, amount in moves.order_by().values_list("reservation_id", "kind").annotate(sum=Sum("amount")):
        sign = 1 if kind in (ReservationMove.Kind.RESERVE, ReservationMove.Kind.INCREASE) else -1
        found[by_reservation[reservation]] += sign * amount
    return found


def _date(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"
