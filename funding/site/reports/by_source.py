"""A project's month by where the money came from: subscriptions, goals and awards, fund by fund, read from the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from funding.funds import flows
from funding.funds.models import Fund, Project
from funding.ledger.models import Transfer
from funding.money import Money, total
from funding.web import ahead
from funding.web.ahead import Question
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
    """The funds of the project, and every other one that paid for its work in that month; by way, then by name. Three questions."""
    ahead.look(*questions(project, first, after))
    paid, funds = dict(ahead.rows(_paid(project, first, after))), ahead.rows(_funds(project, first, after))
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


def questions(project: Project, first: dt.date, after: dt.date) -> list[Question]:
    """What `of` asks first, for a page that looks ahead."""
    return [_paid(project, first, after), _funds(project, first, after)]


def _funds(project: Project, first: dt.date, after: dt.date) -> QuerySet[Any]:
    """Each with the number of projects that it is named for."""
    named_for = Fund.objects.filter(pk=OuterRef("pk")).order_by().annotate(n=Count("projects")).values("n")
    paying = _paid(project, first, after).values("debit_account")
    mine = Q(project=project) | Q(projects=project) | Q(account__in=paying)
    found = Fund.objects.filter(mine, currency=project.rate_currency).distinct().select_related("project")
    return found.annotate(named_for=Subquery(named_for)).order_by("name")


def _paid(project: Project, first: dt.date, after: dt.date) -> QuerySet[Transfer, tuple[int, int]]:
    """Minor units by the account of the fund, by the date of the payout."""
    work = WorkEntry.objects.filter(engagement__project=project).values("pk")
    sent = Transfer.objects.filter(kind=flows.PAID, about_kind="work", about_id__in=work)
    sent = sent.filter(entry__effective_on__gte=first, entry__effective_on__lt=after)
    return sent.order_by().values_list("debit_account").annotate(sum=Sum("amount"))


def _way(fund: Fund) -> str:
    way, subscribed = str(flows.way_of(fund)), str(flows.SUBSCRIPTIONS)
    return _other() if way == subscribed and (fund.project is None or fund.slug != fund.project.slug) else way


def _other() -> str:
    return _("Other funds")


def _shared(fund: Any) -> bool:
    return fund.project_id is None and fund.named_for != 1
