"""The fund desk: every fund added up from the ledger, the moves between them, and what waits for money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding import days
from funding.errors import Refused
from funding.funds import flows, needs, policies, reserve, restrictions, selectors, services
from funding.funds.flows import Flow
from funding.funds.forms import TopUpForm
from funding.funds.models import Fund, Need
from funding.funds.views.moves import Office
from funding.money import Money, total
from funding.people import independence, roles
from funding.people.roles import Role
from funding.web.views import SignedIn


class DeskPage(SignedIn, TemplateView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not policies.shows_funds(request):
            roles.require_host(request.user)
            raise Refused(_("The funds are read here by treasurers, administrators and auditors. The books are public."), rule="role")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        return super().get_context_data(
            may_ask=roles.has(user, Role.TREASURER),
            may_decide=roles.has_any(user, {Role.TREASURER, Role.ADMIN}),
            **kwargs,
        )


class FundDesk(DeskPage):
    template_name = "funding/funds/desk.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        every = flows.of(selectors.all_funds())
        found = [flow for flow in every if not archived(flow)]
        waiting = needs.waiting()
        return super().get_context_data(
            sheets=[Sheet(currency, [flow for flow in found if flow.fund.currency == currency]) for currency in _currencies(found)],
            archive=[flow.fund for flow in every if archived(flow)],
            stranded=[flow for flow in found if flow.fund.ended_at],
            short=reserve.shortfall(services.host().currency),
            waiting=need_rows(waiting),
            moves=selectors.moves(),
            **kwargs,
        )


def archived(flow: Flow) -> bool:
    """Whether a fund is empty and what it was opened for came to nothing."""
    return flow.fund.ended_at is not None and not flow.left and not flow.reserved


def _currencies(found: Iterable[Flow]) -> list[str]:
    return sorted({flow.fund.currency for flow in found})


@dataclass(frozen=True, slots=True)
class Sheet:
    """The funds of one currency: what came in by each way − spent − other out − reserved = left, for each and together."""

    currency: str
    flows: list[Flow]

    @property
    def heads(self) -> list[str]:
        return [*map(str, flows.WAYS), _("Other in"), _("Spent"), _("Other out"), _("Reserved"), _("Left")]

    @property
    def rows(self) -> list[tuple[Fund, list[tuple[str, Money]]]]:
        return [(flow.fund, list(zip(self.heads, figures(flow), strict=True))) for flow in self.flows]

    @property
    def foot(self) -> list[tuple[str, Money]]:
        columns = zip(*(figures(flow) for flow in self.flows), strict=True)
        return [(head, total(column, self.currency)) for head, column in zip(self.heads, columns, strict=True)]


def figures(flow: Flow) -> list[Money]:
    return [*(flow.by(way) for way in flows.WAYS), flow.other_in, flow.spent, flow.other_out, flow.reserved, flow.left]


def need_rows(found: list[Need]) -> list[dict[str, Any]]:
    """What waits, with what it is about and how many days its fund buys now."""
    told, buys = needs.describe(found), needs.bought_by_each(found)
    return [
        {
            "need": need,
            "told": told[need.about],
            "wanted": need.state == Need.State.WANTED,
            "buys": buys[need.pk],
        }
        for need in found
    ]


class FundPage(DeskPage):
    template_name = "funding/funds/fund.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        fund = get_object_or_404(selectors.all_funds(), slug=kwargs["slug"])
        flow = flows.of([fund])[0]
        return super().get_context_data(
            fund=fund,
            lines=account_lines(flow),
            left=flow.left,
            budget=restrictions.stands(fund),
            moves=selectors.moves(fund),
            waiting=need_rows([need for need in needs.waiting() if need.fund_id == fund.pk]),
            **kwargs,
        )


def account_lines(flow: Flow) -> list[tuple[str, Money]]:
    """The fund as one sum that a reader can check with a pencil; what is left stands below it."""
    came = [(_("In: {way}").format(way=way.lower()), amount) for way, amount in flow.inflows.items()]
    return [
        *came,
        (_("Spent on work"), -flow.spent),
        (_("Other out: refunds, other funds"), -flow.other_out),
        (_("Reserved for agreed work"), -flow.reserved),
    ]


class TopUp(Office):
    """Name the fund that pays for approved work that waits."""

    form_class = TopUpForm
    template_name = "funding/funds/top_up.html"
    allowed = (Role.TREASURER,)
    fresh = True
    success_url = reverse_lazy("funds:desk")
    title = gettext_lazy("Find money for approved work")
    lead = gettext_lazy(
        "The days that the fund buys are reserved at once, never more than were approved, and the work begins. One fund pays, once: "
        "what it does not buy is not looked for any more. A fund whose money is on its way can be named to pay for all of it."
    )
    submit = gettext_lazy("Pay for it from this fund")
    done = gettext_lazy(
        "The fund is named. The work begins in a moment, or once the fund has the money; everybody concerned gets a mail then."
    )

    @cached_property
    def need(self) -> Need:
        return get_object_or_404(Need.objects.select_related("project", "fund__account"), pk=self.kwargs["pk"])

    @cached_property
    def told(self) -> needs.Told:
        return needs.describe([self.need])[self.need.about]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "payers": selectors.payers(self.need) if self.open else [], "wanted": self.need.half_days}

    @property
    def open(self) -> bool:
        return self.need.state == Need.State.WANTED

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        need = self.need
        approved = _("Money without work so far")
        if need.half_days:
            approved = _("{days} days at {rate} a day").format(days=days.words(need.half_days), rate=need.rate)
        facts = [(_("For"), need.project.name), (_("Approved"), approved), (_("State"), need.get_state_display())]
        hindrance = independence.hindrance(self.request.user, beneficiaries=self.told.beneficiaries, subjects=[need.about])
        return super().get_context_data(need=need, told=self.told, facts=facts, hindrance=hindrance, open=self.open, **kwargs)

    def act(self, form: TopUpForm) -> None:
        chosen = form.chosen
        needs.top_up(actor=self.request.user, need=self.need, fund=chosen.fund, line=chosen.line, seen=chosen.half_days)
