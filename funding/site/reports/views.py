"""The report that a maintainer, a sponsor's finance department and anybody else can read: one project, one month. And closing a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.generic import TemplateView, View

from funding import clock
from funding.components import context as frame
from funding.components import formats
from funding.components.tags.chrome import newest_entry
from funding.errors import Conflict, Refused
from funding.funds import policies
from funding.funds.models import Project
from funding.funds.services import fund_of
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.people import roles
from funding.people.roles import Role
from funding.site.reports import closing, course, kept, month, tables
from funding.web import ahead
from funding.web.ahead import Question
from funding.web.forms import Confirm
from funding.web.views import SignedIn, SignedInActionView

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


class Period(SignedIn, TemplateView):
    """Where the books stand and what is unfinished up to `?through=`, the last month's end unless told."""

    template_name = "site/reports/period.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not policies.shows_funds(request):
            raise Refused(_("Periods are looked at here by treasurers, administrators and auditors. The books are public."), rule="role")
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        context = self.get_context_data(**kwargs)
        return self.render_to_response(context, status=422 if context["form"].errors else 200)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        at, asked = closing.stand(), self.request.GET
        through = at.suggested()
        form = (
            closing.Through(at, {"through": asked["through"][:20]})
            if asked.get("through")
            else closing.Through(at, initial={"through": through})
        )
        if form.is_bound:
            through = form.cleaned_data["through"] if form.is_valid() else None
        return super().get_context_data(
            at=at,
            form=form,
            through=through,
            through_name=formats.date(through) if through else "",
            unfinished=closing.unfinished(through) if through else [],
            may_close=roles.has(self.request.user, Role.TREASURER),
            **kwargs,
        )


class ClosePeriod(SignedInActionView):
    """The last question before a period is closed."""

    form_class = Confirm
    template_name = "site/reports/period_close.html"
    fresh = True
    success_url = reverse_lazy("reports:period")
    done = gettext_lazy("The period is closed.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and (request.method != "POST" or not policies.shows_funds(request)):
            roles.require(request.user, Role.TREASURER)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def through(self) -> dt.date:
        try:
            return dt.datetime.strptime(self.kwargs["day"], "%Y-%m-%d").replace(tzinfo=dt.UTC).date()
        except ValueError:
            raise Http404 from None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        at, day = closing.stand(), formats.date(self.through)
        hindrance = at.hindrance(self.through)
        left = [] if hindrance else closing.unfinished(self.through)
        since = {"effective_on__gte": at.first} if at.first else {}
        facts: list[tuple[str, Any]] = [(_("Closed so far, up to"), at.closed or _("Never yet"))]
        if not hindrance:
            facts += [
                (_("Entries of the period"), Entry.objects.filter(effective_on__lte=self.through, **since).count()),
                (_("What comes later is dated from"), self.through + closing.ONE_DAY),
                *((it.what, it.count) for it in left),
            ]
        lead = _(
            "This cannot be undone. Whatever is posted from now on, corrections too, is dated after {day} and keeps its own date beside."
        )
        return super().get_context_data(
            **{
                "title": _("Close the books up to {day}").format(day=day),
                "lead": hindrance or lead.format(day=day),
                "facts": facts,
                "submit": _("Close the books up to {day}").format(day=day),
                "cancel_url": self.success_url,
                "danger": True,
                "hindered": bool(hindrance),
                **kwargs,
            }
        )

    def act(self, form: Confirm) -> None:
        hindrance = closing.stand().hindrance(self.through)
        if hindrance and roles.has(self.request.user, Role.TREASURER):
            raise Conflict(hindrance)
        ledger.close_period(actor=self.request.user, through=self.through)
