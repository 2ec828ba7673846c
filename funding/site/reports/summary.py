"""The few figures of many projects at once, for lists: two queries whatever the number of projects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Sum

from funding import days
from funding.funds.models import Fund, Project
from funding.ledger.models import Transfer
from funding.money import Money
from funding.site.reports.month import ALLOCATION, COUNTED
from grants.timesheets.models import WorkEntry


@dataclass(frozen=True, slots=True)
class Summary:
    """One project's month: `paid_for` and `worked` in half days, `net` what reached its fund."""

    project: Project
    net: Money
    worked: int

    @property
    def paid_for(self) -> int:
        return days.affordable(self.net, self.project.rate)

    @property
    def waiting(self) -> int:
        """Half days paid for and not yet worked."""
        return max(0, self.paid_for - self.worked)

    @property
    def still_open(self) -> int:
        return max(0, self.project.target_half_days - max(self.paid_for, self.worked))


def of(projects: Iterable[Project], day: dt.date) -> list[Summary]:
    """The month around `day` for each project, in the order given."""
    projects = list(projects)
    first, after = days.month_bounds(day)
    funds = dict(Fund.objects.filter(slug__in=[project.slug for project in projects]).values_list("account_id", "project_id"))
    into = Transfer.objects.filter(credit_account__in=funds, kind=ALLOCATION, entry__effective_on__gte=first, entry__effective_on__lt=after)
    net = {funds[row["credit_account"]]: row["sum"] for row in into.order_by().values("credit_account").annotate(sum=Sum("amount"))}
    logged = WorkEntry.objects.filter(engagement__project__in=projects, state__in=COUNTED, date__gte=first, date__lt=after)
    worked = {row["engagement__project"]: row["n"] for row in logged.order_by().values("engagement__project").annotate(n=Count("pk"))}
    return [Summary(project, Money(net.get(project.pk, 0), project.rate_currency), worked.get(project.pk, 0)) for project in projects]
