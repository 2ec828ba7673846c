"""Home, projects, the public books and one payment's way: pages that show both sides and change nothing."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.generic import TemplateView

from funding import clock
from funding.components import formats
from funding.funds.models import Project
from funding.funds.services import may_edit
from funding.ledger.models import Entry
from funding.site.pages import books, health, project_page, trail
from funding.site.reports import labels, summary
from grants.payouts import signers
from sponsors.goals import selectors as goals

PER_PAGE = 50
GOALS = 3
"""Open goals on the front page, those that end first."""
SHOWN = Project.objects.exclude(state=Project.State.DRAFT)


class Home(TemplateView):
    template_name = "site/pages/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = summary.of(SHOWN.all(), clock.today())
        return super().get_context_data(
            **kwargs,
            rows=rows,
            today=clock.today(),
            worked=sum(row.worked for row in rows),
            waiting=sum(row.waiting for row in rows),
            still_open=sum(row.still_open for row in rows),
            target=sum(row.project.target_half_days for row in rows),
            goals=goals.open_now(GOALS),
            stations=trail.latest(self.request.user),
            totals=books.totals(),
        )


class Projects(TemplateView):
    template_name = "site/pages/project_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, rows=summary.of(SHOWN.all(), clock.today()), today=clock.today())


class ProjectPage(TemplateView):
    template_name = "site/pages/project_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        project = get_object_or_404(Project, slug=kwargs["slug"])
        editor = may_edit(self.request.user, project)
        if project.state == Project.State.DRAFT and not editor:
            raise Http404
        return super().get_context_data(**kwargs, project=project, editor=editor, **project_page.context(project, self.request.user))


class Books(TemplateView):
    """`?kind=` keeps one kind of entry, `?find=` leads to an entry or a payment by its number."""

    template_name = "site/pages/books.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = request.GET.get("find", "").replace("\x00", "").strip()
        if address := trail.find(wanted):
            return HttpResponseRedirect(address)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kinds = list(Entry.objects.order_by("kind").values_list("kind", flat=True).distinct())
        kind = self.request.GET.get("kind", "")
        entries = Entry.objects.order_by("-number")
        if kind in kinds:
            entries = entries.filter(kind=kind)
        page = Paginator(entries, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            **kwargs,
            totals=books.totals(),
            funds=books.funds(),
            page=page,
            rows=books.rows(list(page.object_list), self.request.user),
            kinds=[(code, labels.kind_name(code)) for code in kinds],
            kind=kind,
            find=self.request.GET.get("find", ""),
            one_signer=signers.ONE_SIGNER if signers.one_signer() else "",
        )


class EntryPage(TemplateView):
    template_name = "site/pages/entry_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entry = get_object_or_404(Entry.objects.select_related("book_day", "reverses", "reversal"), pk=kwargs["number"])
        return super().get_context_data(
            **kwargs,
            entry=entry,
            entry_name=f"Entry {entry.number}",
            kind=labels.kind_name(entry.kind),
            lines=books.lines(entry, self.request.user),
            reversal=getattr(entry, "reversal", None),
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


def livez(request: HttpRequest) -> JsonResponse:
    """The process answers. Nothing else is asked."""
    return JsonResponse({"live": True})


def readyz(request: HttpRequest) -> JsonResponse:
    """Each part with its state; 503 when pages cannot be served. With `?all=1`, for a monitor, 503 when any part is not up."""
    serving, working = health.parts()
    ready, well = (all(state == "up" for state in group.values()) for group in (serving, working))
    asked = ready and (well or request.GET.get("all") != "1")
    return JsonResponse({"ready": ready, "working": well, "parts": serving | working}, status=200 if asked else 503)
