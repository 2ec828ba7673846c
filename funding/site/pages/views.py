"""Home, projects, the public books and one payment's way: pages that show both sides and change nothing."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from django.views.generic import TemplateView, View

from funding import clock
from funding.components import context as frame
from funding.components import formats
from funding.funds.models import Project
from funding.funds.services import may_edit
from funding.ledger.models import Entry
from funding.ledger.selectors import BY_CLASS
from funding.people import roles
from funding.site.pages import books, downloads, health, project_page, trail, verify, work_log
from funding.site.reports import kept, labels, month, summary
from funding.site.reports.views import read_month
from funding.site.setup import steps as setup_steps
from funding.site.setup import views as setup
from funding.web import ahead
from grants.payouts import signers
from sponsors.goals import selectors as goals

PER_PAGE = 50
PLACES = {"cash": gettext_lazy("Where money is"), "owed": gettext_lazy("What is owed"), "shortfall": gettext_lazy("The shortfall")}
"""Classes of accounts by which the books can be read, beside the funds."""
GOALS = 3
"""Open goals on the front page, those that end first."""
SHOWN = Project.objects.exclude(state=Project.State.DRAFT)


class Home(TemplateView):
    template_name = "site/pages/home.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.asked = goals.open_now(GOALS)
        projects = summary.question(SHOWN.all(), clock.today())
        afresh = [trail.paid_last()] if request.user.is_authenticated else []
        looked = [projects, setup_steps.first_project(), kept.totals_of_accounts(), self.asked, BY_CLASS, *afresh]
        ahead.look(*frame.questions(request), *looked)
        first = setup.home(request) if setup_steps.takes_home() else None
        return first or super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows, stand, viewer = summary.of(SHOWN.all(), clock.today()), kept.stand_of_the_books(), self.request.user
        asked = ahead.rows(self.asked)
        sent = [month.transfers_for(ahead.rows(trail.paid_last()))] if viewer.is_authenticated else []
        ahead.look(*goals.questions(asked), *sent)
        return super().get_context_data(
            **kwargs,
            rows=rows,
            today=clock.today(),
            worked=sum(row.worked for row in rows),
            waiting=sum(row.waiting for row in rows),
            still_open=sum(row.still_open for row in rows),
            target=sum(row.project.target_half_days for row in rows),
            goals=goals.figures(asked),
            stations=kept.for_everybody(viewer, stand, "latest", None, lambda: trail.latest(viewer)),
            totals=books.totals(),
        )


class Projects(TemplateView):
    template_name = "site/pages/project_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, rows=summary.of(SHOWN.all(), clock.today()), today=clock.today())


class ProjectPage(TemplateView):
    template_name = "site/pages/project_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted = Project.objects.filter(slug=kwargs["slug"])
        ahead.look(*frame.questions(self.request), summary.question(wanted, clock.today()), kept.totals_of_accounts())
        found = summary.of(wanted, clock.today())
        if not found:
            raise Http404
        it = found[0]
        editor = may_edit(self.request.user, it.project)
        if it.project.state == Project.State.DRAFT and not editor:
            raise Http404
        return super().get_context_data(**kwargs, editor=editor, **project_page.context(it, self.request.user))


def shown(slug: str) -> Project:
    """A project that everybody may see, or 404."""
    return get_object_or_404(SHOWN, slug=slug)


@method_decorator([cache_control(no_cache=True, public=True), conditional_page], name="dispatch")
class ThisMonth(View):
    """The box with the meter by itself, for a page that asks again: 304 while nothing in it has changed. Nobody's own words are in it."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        found = summary.of(SHOWN.filter(slug=slug), clock.today())
        if not found:
            raise Http404
        return render(request, "site/pages/_month.html", project_page.this_month(found[0], kept.stand_of_the_books()))


class WorkLog(TemplateView):
    """Every half day of a project, with everybody whose money paid it."""

    template_name = "site/pages/work_log.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        project = shown(kwargs["slug"])
        page = Paginator(work_log.entries(project), PER_PAGE).get_page(self.request.GET.get("page"))
        items = month.worked(list(page.object_list), self.request.user, kept.stand_of_the_books())
        return super().get_context_data(**kwargs, project=project, page=page, work=work_log.table(project, items, in_full=True))


class Sponsors(TemplateView):
    """Everybody who paid in one month (`?month=`, this one unless told), as they chose to be named."""

    template_name = "site/pages/sponsor_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        project = shown(kwargs["slug"])
        first = read_month(self.request.GET["month"]) if "month" in self.request.GET else clock.today().replace(day=1)
        return super().get_context_data(
            **kwargs, project=project, first=first, names=project_page.everybody(project, first), around=month.around(project, first)
        )


class Books(TemplateView):
    """`?kind=`, `?fund=`, `?where=` and `?month=` keep some of the entries, `?find=` leads to an entry or a payment by its number."""

    template_name = "site/pages/books.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = request.GET.get("find", "").replace("\x00", "").strip()
        if address := trail.find(wanted):
            return HttpResponseRedirect(address)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ahead.look(*frame.questions(self.request), kept.totals_of_accounts(), books.shown_funds(), roles.ever_over(roles.HOST), BY_CLASS)
        viewer, stand, funds = self.request.user, kept.stand_of_the_books(), books.funds()
        kinds, months = kept.whoever_looks(stand, "filters", clock.today(), books.filters)
        asked = self.request.GET.get
        wanted = books.Wanted(
            kind=next((code for code, name in kinds if code == asked("kind")), ""),
            fund=next((fund.slug for fund in funds if fund.slug == asked("fund")), ""),
            where=next((klass for klass in PLACES if klass == asked("where")), ""),
            month=next((month for month in months if f"{month:%Y-%m}" == asked("month")), None),
        )
        page = Paginator(wanted.entries(), PER_PAGE).get_page(asked("page"))
        listed = list(page.object_list)
        rows = kept.for_everybody(viewer, stand, "rows", [entry.pk for entry in listed], lambda: books.rows(listed, viewer))
        return super().get_context_data(
            **kwargs,
            totals=books.totals(),
            funds=funds,
            together=books.funds_together(funds),
            page=page,
            rows=rows,
            kinds=kinds,
            months=months,
            places=PLACES.items(),
            wanted=wanted,
            find=asked("find", ""),
            one_signer=signers.ONE_SIGNER if signers.one_signer() else "",
            offered=kept.whoever_looks(stand, "offered", None, downloads.offered),
        )


@method_decorator([cache_control(no_cache=True), conditional_page], name="dispatch")
class Verify(TemplateView):
    """What the last run of `verify_books` found. 304 while nothing in it has changed."""

    template_name = "site/pages/verify.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, **verify.context(self.request.user))


class EntryPage(TemplateView):
    template_name = "site/pages/entry_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entry = get_object_or_404(Entry.objects.select_related("book_day", "reverses"), pk=kwargs["number"])
        lines = books.lines(entry, self.request.user)
        corrects, corrected_by = books.corrections(entry)
        return super().get_context_data(
            **kwargs,
            entry=entry,
            entry_name=_("Entry {number}").format(number=entry.number),
            kind=labels.kind_name(entry.kind),
            lines=lines,
            trails=sorted((line for line in lines if line.trail), key=lambda line: line.leaves),
            went_on=[line for line in lines if line.moved],
            reversal=entry.reversals.first(),
            corrects=corrects,
            corrected_by=corrected_by,
            recorded=formats.instant(entry.recorded_at),
        )


class PaymentTrail(TemplateView):
    """From one sponsor's payment to the days that it paid for, to the cent."""

    template_name = "site/pages/payment_trail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = trail.of(kwargs["ref"], self.request.user)
        if found is None:
            raise Http404
        return super().get_context_data(**kwargs, it=found)


class Icon(View):
    """Where browsers look for the mark of a page that names none, such as a text or JSON."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(static("components/mark.svg"))


def livez(request: HttpRequest) -> JsonResponse:
    """The process answers. Nothing else is asked."""
    return JsonResponse({"live": True})


def readyz(request: HttpRequest) -> JsonResponse:
    """Each part with its state; 503 when pages cannot be served. With `?all=1`, for a monitor, 503 when any part is not up."""
    serving, working = health.parts()
    ready, well = (all(state == "up" for state in group.values()) for group in (serving, working))
    asked = ready and (well or request.GET.get("all") != "1")
    return JsonResponse({"ready": ready, "working": well, "parts": serving | working}, status=200 if asked else 503)
