"""The report that a maintainer, a sponsor's finance department and anybody else can read: one project, one month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.generic import TemplateView, View

from funding import clock
from funding.components import context as frame
from funding.components.tags.chrome import newest_entry
from funding.funds.models import Project
from funding.funds.services import fund_of
from funding.site.reports import course, kept, month, tables
from funding.web import ahead
from funding.web.ahead import Question

EARLIEST = 2000


def read_month(text: str) -> dt.date:
    """`2026-10` → its first day. 404 for a month that does not exist, has not begun, or lies before anybody kept books here."""
    try:
        first = dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC).date()
    except ValueError:
        raise Http404 from None
    if first.year < EARLIEST or first > clock.today():
        raise Http404
    return first


Also = Callable[[Project, dt.date], list[Question]]


def report(request: HttpRequest, slug: str, text: str, also: Also = lambda project, first: []) -> month.Month:
    """The month of that address, or 404. `also`: what the page asks besides, so that it is asked with the rest."""
    shown = Project.objects.filter(slug=slug).exclude(state=Project.State.DRAFT)
    ahead.look(*frame.questions(request), shown, fund_of(slug), kept.totals_of_accounts())
    found, first = ahead.rows(shown), read_month(text)
    if not found or first < found[0].created_at.date().replace(day=1):
        raise Http404
    return month.of(found[0], first, request.user, also(found[0], first))


def besides(project: Project, first: dt.date) -> list[Question]:
    """What stands on the page beside the month itself: the course of the months before, and how far the books have come."""
    return [*course.questions(project, first), newest_entry()]


class MonthReport(TemplateView):
    template_name = "site/reports/month_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = report(self.request, kwargs["slug"], kwargs["month"], besides)
        earlier, later = month.around(it.project, it.first)
        return super().get_context_data(
            **kwargs,
            it=it,
            project=it.project,
            account=[*tables.account(it), (_("Left"), it.left)],
            inflows=tables.inflow_table(it),
            by_source=tables.source_table(it),
            work=tables.work_table(it),
            course=course.of(it.project, it.first),
            earlier=earlier,
            later=later,
            running=it.after > clock.today(),
            open_half_days=max(0, it.project.target_half_days - max(it.worked, it.half_days_paid_for)),
            waiting_half_days=max(0, it.half_days_paid_for - it.worked),
        )


class MonthCsv(View):
    """A file for programs: in the words of the code, whatever language the site speaks."""

    @method_decorator(override(None))
    def get(self, request: HttpRequest, slug: str, month: str) -> HttpResponse:
        it = report(request, slug, month)
        response = HttpResponse(tables.as_csv(it), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{slug}-{month}.csv"'
        return response


class ReportList(View):
    """`/reports/<project>/`: every month since the project began."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        project = get_object_or_404(Project.objects.exclude(state=Project.State.DRAFT), slug=slug)
        first, begun = clock.today().replace(day=1), project.created_at.date().replace(day=1)
        earlier = []
        shown = course.of(project, first)
        while (first := (first - dt.timedelta(days=1)).replace(day=1)) >= begun:
            if first not in shown.months:
                earlier.append(first)
        return render(request, "site/reports/month_list.html", {"project": project, "course": shown, "earlier": earlier})
