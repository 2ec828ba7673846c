"""Twelve months of a project as bars: what came in and was paid out, days paid for and days worked. Two questions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils.translation import gettext as _

from funding import days
from funding.components import formats
from funding.components.parts import Chart, Series
from funding.funds.models import Fund, Project
from funding.ledger.models import Transfer
from funding.money import Money
from funding.site.reports.month import ALLOCATION, COUNTED, PAYOUT
from funding.web import ahead
from grants.timesheets.models import WorkEntry

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Course:
    """The months from the project's beginning, twelve at most, oldest first. `paid_for` and `worked` count half days.

    What came in and the other money in, less what was paid out and the other money out, is what the fund has more than before.
    """

    project: Project
    months: list[dt.date]
    came_in: list[Money]
    paid_out: list[Money]
    other_in: list[Money]
    other_out: list[Money]
    worked: list[int]

    @property
    def paid_for(self) -> list[int]:
        return [days.affordable(sum_, self.project.rate) for sum_ in self.came_in]

    @property
    def money(self) -> Chart:
        most = max(range(len(self.months)), key=lambda index: self.came_in[index].amount)
        best = self.came_in[most]
        found = _("Nothing has come in yet.")
        if best:
            found = _("{month} brought the most: {sum}.").format(month=formats.month(self.months[most]), sum=best)
        series = [Series(_("To the fund"), self.came_in, "f"), Series(_("From it, for work"), self.paid_out)]
        others = Series(_("Other money in"), self.other_in, "p"), Series(_("Other money out"), self.other_out, "o")
        series += [other for other in others if any(other.values)]
        return self._chart("money", found, _("Money of {project} by month").format(project=self.project.name), series)

    @property
    def days(self) -> Chart:
        found = _("{worked} days were worked, {paid} paid for.")
        found = found.format(worked=days.words(sum(self.worked)), paid=days.words(sum(self.paid_for)))
        series = [Series(_("Paid for"), self.paid_for, "f"), Series(_("Worked"), self.worked)]
        return self._chart("days", found, _("Days of {project} by month").format(project=self.project.name), series)

    def _chart(self, key: str, title: str, caption: str, series: list[Series]) -> Chart:
        return Chart(
            key=key,
            title=title,
            caption=caption,
            head=_("Month"),
            names=[formats.month(month) for month in self.months],
            short=[formats.short_month(month) for month in self.months],
            series=series,
            urls=[reverse("reports:month", args=[self.project.slug, f"{month:%Y-%m}"]) for month in self.months],
        )


def of(project: Project, last: dt.date) -> Course:
    """The months up to the one of `last`."""
    months, (money, work) = _months(project, last), questions(project, last)
    ahead.look(money, work)
    by_month, worked = {month: sums for month, *sums in ahead.rows(money)}, dict(ahead.rows(work))
    came, paid, other_in, other_out = (
        [Money(by_month[month][way] or 0 if month in by_month else 0, project.rate_currency) for month in months] for way in range(4)
    )
    return Course(project, months, came, paid, other_in, other_out, [worked.get(month, 0) for month in months])


def _months(project: Project, last: dt.date) -> list[dt.date]:
    months = [last.replace(day=1)]
    while len(months) < MONTHS and months[0] > project.created_at.date().replace(day=1):
        months.insert(0, (months[0] - dt.timedelta(days=1)).replace(day=1))
    return months


def questions(project: Project, last: dt.date) -> tuple[QuerySet[Any, Any], QuerySet[Any, Any]]:
    """What `of` asks, for a page that looks ahead: by month, the sums in and out and the other ones; by month, the half days."""
    months, after = _months(project, last), days.month_bounds(last)[1]
    account = Fund.objects.filter(slug=project.slug).values("account")
    dated = Transfer.objects.filter(entry__effective_on__gte=months[0], entry__effective_on__lt=after).order_by()
    by_month = dated.annotate(month=TruncMonth("entry__effective_on")).values_list("month")
    into, out, given, for_work = Q(credit_account__in=account), Q(debit_account__in=account), Q(kind=ALLOCATION), Q(kind=PAYOUT)
    ways = {"came": into & given, "paid": out & for_work, "other_in": into & ~given, "other_out": out & ~for_work}
    money = by_month.filter(into | out).annotate(**{name: Sum("amount", filter=which) for name, which in ways.items()})
    logged = WorkEntry.objects.filter(engagement__project=project, state__in=COUNTED, date__gte=months[0], date__lt=after)
    return money, logged.order_by().annotate(month=TruncMonth("date")).values_list("month").annotate(n=Count("pk"))
