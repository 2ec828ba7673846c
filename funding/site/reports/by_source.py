"""A project's month by where the money came from: subscriptions, goals and awards, fund by fund, read from the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from funding.funds import flows
from funding.funds.models import Fund, Project
from funding.ledger.models import Transfer
from funding.money import Money, total
from grants.timesheets.models import WorkEntry


@dataclass(frozen=True, slots=True)
class Source:
    """One fund in one month: what came into it from outside, and what it paid for work on the project.

    `shared`: it is for several projects, so what came in is theirs together.
    """

    way: str
    fund: Fund
    came_in: Money
    paid: Money
    shared: bool


def of(project: Project, first: dt.date, after: dt.date) -> list[Source]:
    """The funds of the project, and every other one that paid for its work in that month; by way, then by name. Five queries at most."""
    paid = _paid(project, first, after)
    mine = Q(project=project) | Q(projects=project) | Q(account__in=paid)
    funds = (
        Fund.objects.filter(mine, currency=project.rate_currency)
        .distinct()
        .select_related("project")
        .prefetch_related("projects")
        .order_by("name")
    )
    found = [
        Source(
            _way(flow.fund), flow.fund, flow.from_outside, Money(paid.get(flow.fund.account_id, 0), flow.fund.currency), _shared(flow.fund)
        )
        for flow in flows.of(funds, first=first, after=after)
    ]
    order = [*map(str, flows.WAYS), _other()]
    return sorted(found, key=lambda row: (order.index(row.way), row.fund.name))


def came_in(rows: Iterable[Source], currency: str) -> Money:
    """What came in for this project alone: the money that it shares with others is told and not added."""
    return total((row.came_in for row in rows if not row.shared), currency)


def _paid(project: Project, first: dt.date, after: dt.date) -> dict[int, int]:
    """Minor units by the account of the fund, by the date of the payout."""
    work = WorkEntry.objects.filter(engagement__project=project).values("pk")
    sent = Transfer.objects.filter(kind=flows.PAID, about_kind="work", about_id__in=work)
    sent = sent.filter(entry__effective_on__gte=first, entry__effective_on__lt=after)
    return dict(sent.order_by().values_list("debit_account").annotate(sum=Sum("amount")))


def _way(fund: Fund) -> str:
    way, subscribed = str(flows.way_of(fund)), str(flows.SUBSCRIPTIONS)
    return _other() if way == subscribed and (fund.project is None or fund.slug != fund.project.slug) else way


def _other() -> str:
    return _("Other funds")


def _shared(fund: Fund) -> bool:
    return fund.project_id is None and len(fund.projects.all()) != 1
