from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from funding import clock
from funding.funds.needs import Told
from grants.awards import policies, selectors, tables
from grants.awards.forms import CutOffForm
from grants.awards.models import Award


def readable(request: HttpRequest, slug: str) -> Award:
    """The award, for everybody once it is active and before that for the host's desk; 404 for others."""
    award = get_object_or_404(Award.objects.select_related("grantor", "fund__account", "need"), slug=slug)
    if not award.is_public and not policies.shows(request):
        raise Http404
    return award


def grantor(award: Award, *, named: bool) -> str:
    """Who gave it. `named`: the reader may know an unnamed one too."""
    if award.unnamed and not named:
        return award.shown_grantor
    return _("{name}, number {number}").format(name=award.grantor.name, number=award.number)


def project_links(award: Award) -> SafeString:
    """What it may pay for, side by side in one sentence."""
    projects = award.projects.all()
    return format_html_join(", ", '<a href="/projects/{}/">{}</a>', ((project.slug, project.name) for project in projects))


def work_link(told: Told) -> SafeString:
    """What a need is about, to its page where it has one."""
    return format_html('<a href="{}">{}</a>' if told.url else "{1}", told.url, told.text)


class AwardList(TemplateView):
    template_name = "grants/awards/award_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = policies.public().select_related("grantor", "fund__account").prefetch_related("projects")
        named = policies.shows(self.request)
        rows = [
            {"award": it, "figures": figures, "grantor": grantor(it, named=named), "projects": project_links(it)}
            for it, figures in selectors.with_figures(found)
        ]
        return super().get_context_data(rows=rows, **kwargs)


class AwardPage(TemplateView):
    template_name = "grants/awards/award_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        award = readable(self.request, kwargs["slug"])
        return super().get_context_data(**kwargs, **page(self.request, award))


def page(request: HttpRequest, award: Award, until: dt.date | None = None) -> dict[str, Any]:
    """Everything that the award's page and its report show."""
    whole = selectors.figures(award, until=until)
    spent = selectors.spending(award, request.user, until=until)
    return {
        "award": award,
        "grantor": grantor(award, named=policies.shows(request)),
        "projects": list(award.projects.all()),
        "figures": whole,
        "uses": [(need, work_link(told)) for need, told in selectors.uses(award)],
        "statement": tables.statement(whole),
        "tranches": tables.tranche_table(selectors.instalments(award, until=until), whole, until or clock.today()),
        "budget": tables.budget_table(selectors.budget(award, whole, until=until), whole),
        "by_project": tables.project_table(selectors.by_project(spent, award.currency), whole),
        "on_desk": policies.shows(request),
    }


def cut_off(request: HttpRequest) -> tuple[dt.date, CutOffForm]:
    """The day that was asked for, today when none was or when it is none; and the form, which says what was wrong."""
    form = CutOffForm(request.GET if "until" in request.GET else None, initial={"until": clock.today()})
    asked = form.cleaned_data["until"] if form.is_bound and form.is_valid() else None
    return asked or clock.today(), form


class Report(TemplateView):
    """What the grantor reads: every figure from the books, up to a day."""

    template_name = "grants/awards/report.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        award = readable(self.request, kwargs["slug"])
        until, form = cut_off(self.request)
        return super().get_context_data(**kwargs, **page(self.request, award, until), until=until, form=form)


class ReportCsv(View):
    """For programs: it says the same words in every language."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        award = readable(request, slug)
        until, form = cut_off(request)
        if form.is_bound and not form.is_valid():
            return HttpResponse(" ".join(form.errors["until"]), status=400, content_type="text/plain; charset=utf-8")
        whole = selectors.figures(award, until=until)
        with translation.override("en"):
            text = tables.as_csv(
                award,
                until,
                whole,
                selectors.instalments(award, until=until),
                selectors.budget(award, whole, until=until),
                selectors.spending(award, request.user, until=until),
                grantor(award, named=policies.shows(request)),
            )
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{award.slug}-{until.isoformat()}.csv"'
        return response
