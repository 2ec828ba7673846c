"""What came into a fund and by which way, what went out, what is held and what is left: always from the ledger.

    came in − spent − other out − reserved = left

The way is told by the fund: goals and awards open funds of their own, and what comes in from outside elsewhere was subscribed.
Kinds are named here as the text that the apps above post; what is nobody's in particular is “Other”. A read in two questions.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy

from funding.funds.models import Fund
from funding.ledger.models import Account, Transfer
from funding.money import Money, total
from funding.web import ahead

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PAID, CANCELLED = "payout_sent", "payout_cancelled"
HOST_FEE = "host_fee"
MOVED = frozenset(
    {"fund_move", "to_reserve", "recall", "wrong_fund", "made_up", "release", "bridge", "bridge_repaid", "match", "match_released"}
)
"""What comes into a fund out of another one."""
FROM_OUTSIDE = ("allocation", "award_received", "condition_met")
SUBSCRIPTIONS, GOALS, AWARDS = gettext_lazy("Sponsorships"), gettext_lazy("Goals"), gettext_lazy("Awards")
WAYS = (SUBSCRIPTIONS, GOALS, AWARDS)
"""The ways by which money from outside comes into funds, in the order in which pages list them."""
HOST_SHARE, OTHER_FUNDS, OTHER = gettext_lazy("The host's share"), gettext_lazy("Other funds"), gettext_lazy("Other")
GOAL_FUND, AWARD_FUND = "goal-", "award-"
OPENED_BY = {GOAL_FUND: GOALS, AWARD_FUND: AWARDS}
"""How the addresses of the funds begin that goals and awards open for themselves; no project has such an address."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One fund, added up. `inflows` by way, in the order of the ways; each sum is in the fund's currency."""

    fund: Fund
    inflows: Mapping[str, Money]
    spent: Money
    other_out: Money
    reserved: Money

    @property
    def came_in(self) -> Money:
        return total(self.inflows.values(), self.fund.currency)

    @property
    def left(self) -> Money:
        return self.came_in - self.spent - self.other_out - self.reserved

    def by(self, *ways: StrOrPromise) -> Money:
        return total((self.inflows[str(way)] for way in ways if str(way) in self.inflows), self.fund.currency)

    @property
    def from_outside(self) -> Money:
        """What sponsors, goals and awards brought."""
        return self.by(*WAYS)

    @property
    def other_in(self) -> Money:
        """What came neither from sponsors nor from a goal or an award."""
        return self.came_in - self.from_outside


@dataclass(slots=True)
class _Sums:
    into: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    spent: int = 0
    out: int = 0


def way_of(fund: Fund) -> str:
    """By which way money from outside comes into that fund."""
    return str(next((way for start, way in OPENED_BY.items() if fund.slug.startswith(start)), SUBSCRIPTIONS))


def way(fund: Fund, kind: str) -> str:
    """By which way a credit of that kind came into the fund."""
    if kind in FROM_OUTSIDE:
        return way_of(fund)
    if kind == HOST_FEE:
        return str(HOST_SHARE)
    return str(OTHER_FUNDS if kind in MOVED else OTHER)


def of(funds: Iterable[Fund], *, first: dt.date | None = None, after: dt.date | None = None) -> list[Flow]:
    """Each fund with its sums as of now, in the order given.

    With `first` and `after` only entries count that are effective from the one day to the day before the other. What is
    reserved is always as of now, so `left` means something only without them.
    """
    wanted = list(funds)
    when = Q()
    if first is not None:
        when &= Q(entry__effective_on__gte=first)
    if after is not None:
        when &= Q(entry__effective_on__lt=after)
    sums: dict[int, _Sums] = defaultdict(_Sums)
    by_account = {fund.account_id: fund for fund in wanted}
    ids = list(by_account)
    touching = Transfer.objects.filter(when, Q(credit_account__in=ids) | Q(debit_account__in=ids)).order_by()
    moved = touching.values_list("debit_account", "credit_account", "kind").annotate(sum=Sum("amount"))
    accounts = Account.objects.filter(pk__in=ids).order_by().values_list("pk", "reserved")
    ahead.look(moved, accounts)
    for debit, credit, kind, amount in ahead.rows(moved):
        if credit in by_account:
            _credit(sums[credit], by_account[credit], kind, amount)
        if debit in by_account:
            _debit(sums[debit], by_account[debit], kind, amount)
    held = dict(ahead.rows(accounts))
    return [_flow(fund, sums[fund.account_id], held[fund.account_id]) for fund in wanted]


def _credit(sums: _Sums, fund: Fund, kind: str, amount: int) -> None:
    if kind == CANCELLED:
        sums.spent -= amount
    else:
        sums.into[way(fund, kind)] += amount


def _debit(sums: _Sums, fund: Fund, kind: str, amount: int) -> None:
    """An inflow that was booked wrongly leaves again under its own kind, so it never came in."""
    if kind == PAID:
        sums.spent += amount
    elif kind in FROM_OUTSIDE:
        sums.into[way(fund, kind)] -= amount
    else:
        sums.out += amount


def _flow(fund: Fund, sums: _Sums, reserved: int) -> Flow:
    code = fund.currency
    order = [str(way) for way in (*WAYS, HOST_SHARE, OTHER_FUNDS, OTHER)]
    inflows = {name: Money(sums.into[name], code) for name in order if sums.into.get(name)}
    return Flow(fund, inflows, Money(sums.spent, code), Money(sums.out, code), Money(reserved, code))
