"""The few figures of many projects at once, for lists: one query whatever the number of projects."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from funding import days
from funding.funds.models import Fund, Project
from funding.ledger.models import Transfer
from funding.money import Money
from funding.site.reports.month import ALLOCATION, COUNTED
from funding.web import ahead
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


def of(projects: QuerySet[Project], day: dt.date) -> list[Summary]:
    """The month around `day` for each project, in the order given."""
    rows = ahead.rows(question(projects, day))
    return [Summary(row, Money(int(row.net or 0), row.rate_currency), row.worked or 0) for row in rows]


def question(projects: QuerySet[Project], day: dt.date) -> QuerySet[Any]:
    """What `of` asks, for a page that looks ahead."""
    first, after = days.month_bounds(day)
    into = Transfer.objects.filter(kind=ALLOCATION, entry__effective_on__gte=first, entry__effective_on__lt=after)
    fund = Fund.objects.filter(slug=OuterRef(OuterRef("slug"))).values("account")
    net = into.filter(credit_account__in=fund).order_by().values("kind").annotate(sum=Sum("amount")).values("sum")
    logged = WorkEntry.objects.filter(engagement__project=OuterRef("pk"), state__in=COUNTED, date__gte=first, date__lt=after)
    worked = logged.order_by().values("engagement__project").annotate(n=Count("pk")).values("n")
    return projects.annotate(net=Subquery(net), worked=Subquery(worked))
