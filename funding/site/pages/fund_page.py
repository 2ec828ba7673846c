"""`/books/funds/<slug>/`: one fund as everybody may read it, now or as of a past day, and its statement as a page and a file."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from funding.components import context as frame
from funding.components import formats
from funding.components.tags.chrome import newest_entry
from funding.components.tags.forms import problems
from funding.errors import Invalid
from funding.funds.models import Fund
from funding.ledger.selectors import Balance, Statement, balances_at, held_at
from funding.site.pages import books, statements
from funding.site.pages.statements import Period
from funding.site.reports import kept
from funding.web import ahead, throttle
from funding.web.forms import DateField
from funding.web.views import client_address

PER_PAGE = 50
TRIES = throttle.Limit("fund-statement", 60, dt.timedelta(minutes=10))


class Asked(forms.Form):
    """Read from the address, so that what is shown is a link; bound only where the address holds one of its fields."""

    use_required_attribute = False

    def __init__(self, fund: Fund, asked: Any) -> None:
        self.fund = fund
        there = any(asked.get(name) for name in self.base_fields)
        super().__init__({name: asked.get(name, "")[:20] for name in self.base_fields} if there else None, label_suffix="")

    def refuse(self, error: Invalid) -> None:
        self.add_error(error.field, error.message)


class AsOf(Asked):
    at = DateField(label=gettext_lazy("Day"))

    def clean_at(self) -> dt.date:
        day: dt.date = self.cleaned_data["at"]
        try:
            statements.require_past(self.fund, statements.last_instant(day), day=day, field="at")
        except Invalid as error:
            raise forms.ValidationError(error.message) from error
        return day


class Between(Asked):
    since = DateField(label=gettext_lazy("From"))
    until = DateField(label=gettext_lazy("To"))

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = self.cleaned_data
        if "since" in found and "until" in found:
            try:
                found["period"] = statements.require_period(self.fund, found["since"], found["until"])
            except Invalid as error:
                self.refuse(error)
        return found


def shown(slug: str, *also: ahead.Question) -> Fund:
    """A fund of the public books, or 404. `also`: what the page asks besides."""
    wanted = books.shown_funds().filter(slug=slug)
    ahead.look(wanted, *also)
    if not (found := ahead.rows(wanted)):
        raise Http404
    return found[0]


class FundPage(TemplateView):
    """`?at=` shows the fund as it stood at the end of that day; `?since=` and `?until=` choose the days of the statement."""

    template_name = "site/pages/fund_detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        context = self.get_context_data(**kwargs)
        wrong = context["as_of"].errors or context["between"].errors
        return self.render_to_response(context, status=422 if wrong else 200)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked, viewer = self.request.GET, self.request.user
        fund = shown(kwargs["slug"], *frame.questions(self.request), newest_entry(), kept.totals_of_accounts())
        as_of, between = AsOf(fund, asked), Between(fund, asked)
        day: dt.date | None = as_of.cleaned_data["at"] if as_of.is_valid() else None
        period: Period = between.cleaned_data["period"] if between.is_valid() else statements.month_to(day or statements.today())
        between.initial = {"since": period.first, "until": period.last}
        told, held = self._told(fund, period, day)
        page = Paginator(told.lines().select_related("entry"), PER_PAGE).get_page(asked.get("page"))
        rows, stand = list(page.object_list), kept.stand_of_the_books()
        key = [row.pk for row in rows]
        lines = kept.for_everybody(viewer, stand, "statement", (fund.pk, key), lambda: statements.lines(told, rows, viewer))
        chosen = {"since": period.first, "until": period.last} if between.is_valid() else {}
        return super().get_context_data(
            **kwargs,
            fund=fund,
            as_of=as_of,
            between=between,
            day=day,
            zone=statements.zone_name(),
            held=held,
            period=period,
            told=told,
            page=page,
            lines=lines,
            brought=lines[0].balance - lines[0].signed if lines else told.opening.amount,
            carried=lines[-1].balance if lines else told.closing.amount,
            more=f"&{urlencode(here)}" if (here := {**({"at": day} if day else {}), **chosen}) else "",
            back=f"?{urlencode(chosen)}" if chosen else "",
            file=urlencode({"since": period.first, "until": period.last}),
            opened_on=formats.date(fund.account.opened_day_id),
        )

    def _told(self, fund: Fund, period: Period, day: dt.date | None) -> tuple[Statement, Balance]:
        """The statement, and what the fund held at the end of the day, or holds now."""
        account = fund.account
        now = Balance(account, account.debits, account.credits, account.reserved)
        if day is None:
            return period.of(fund), now
        ahead.look(*(held_at([account], at) for at in (period.since, period.until, statements.last_instant(day))))
        return period.of(fund), balances_at([account], statements.last_instant(day))[account.pk]


class StatementCsv(View):
    """The statement of `?since=` to `?until=` as a file, in the words of the code."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        TRIES.hit(throttle.network(client_address(request)))
        fund = shown(slug)
        between = Between(fund, request.GET)
        if between.is_bound and not between.is_valid():
            raise Invalid(problems(between)[0]["text"])
        period = between.cleaned_data["period"] if between.is_bound else statements.month_to(statements.today())
        answer = HttpResponse(statements.as_csv(fund, period, request.user), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{slug}-{period.first}-{period.last}.csv"'
        return answer
