"""The page of the reserve: what is set aside, what the host is short of, and the moves that two people make."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from funding.errors import Refused
from funding.funds import reserve, services
from funding.funds.models import Fund, ReserveMove
from funding.ledger import services as ledger
from funding.money import Money
from funding.people import independence, roles
from funding.people.roles import Role
from funding.web.forms import AmountField, Confirm, Form, StoryField
from funding.web.views import SignedIn, SignedInActionView

DESK = {Role.TREASURER, Role.AUDITOR, Role.ADMIN}
SHOWN = 50


class AskForm(Form):
    amount = AmountField(label="Sum to set aside")
    reason = StoryField(label="Why", rows=3, max_length=300)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].help_text = f"In {currency}, out of the host's general fund."

    def clean_amount(self) -> Money:
        return AmountField.money(self.cleaned_data["amount"], self.currency)


class ReasonForm(Form):
    reason = StoryField(label="Why it is not done", rows=3, max_length=300)


def shows(request: HttpRequest) -> bool:
    return roles.has_any(request.user, DESK)


def waiting(request: HttpRequest) -> int:
    """Moves that this person could approve."""
    if not roles.has_any(request.user, {Role.TREASURER, Role.ADMIN}):
        return 0
    return ReserveMove.objects.filter(state=ReserveMove.State.ASKED).exclude(asked_by=request.user.pk).count()


class Reserve(SignedIn, TemplateView):
    template_name = "funding/funds/reserve.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not shows(request):
            raise Refused("The reserve is read by treasurers, administrators and auditors.", rule="role")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        currency = services.host().currency
        found = Fund.objects.filter(kind=Fund.Kind.RESERVE, currency=currency).select_related("account").first()
        moves = ReserveMove.objects.select_related("asked_by", "decided_by", "entry")[:SHOWN]
        return super().get_context_data(
            held=found.account.available if found else Money.zero(currency),
            short=reserve.shortfall(currency),
            general=ledger.account(services.host_fund(currency).account.code).available,
            moves=moves,
            may_ask=roles.has(self.request.user, Role.TREASURER),
            may_decide=roles.has_any(self.request.user, {Role.TREASURER, Role.ADMIN}),
            **kwargs,
        )


class Office(SignedInActionView):
    """A form for those who may use it. The service asks again and puts a refusal on record."""

    success_url = reverse_lazy("funds:reserve")
    allowed: tuple[str, ...] = (Role.TREASURER, Role.ADMIN)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and (request.method != "POST" or not shows(request)):
            roles.require(request.user, *self.allowed)
        return super().dispatch(request, *args, **kwargs)


class Ask(Office):
    form_class = AskForm
    template_name = "funding/funds/reserve_ask.html"
    allowed = (Role.TREASURER,)
    title = "Set money aside"
    lead = "From the host's general fund to the reserve. Another treasurer or an administrator approves it. A shortfall is repaid first."
    submit = "Ask for it"
    done = "It waits for somebody else's approval."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": services.host().currency}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=self.success_url, **kwargs)

    def act(self, form: AskForm) -> None:
        reserve.ask(actor=self.request.user, amount=form.cleaned_data["amount"], reason=form.cleaned_data["reason"])


class OfMove(Office):
    template_name = "components/confirm.html"
    danger = False

    @cached_property
    def move(self) -> ReserveMove:
        return get_object_or_404(ReserveMove.objects.select_related("asked_by"), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.move
        short = reserve.shortfall(it.currency)
        facts = [("Move", it.ref), ("Asked by", it.asked_by.name), ("Because", it.reason), ("The host is short of", short)]
        return super().get_context_data(
            **{
                "facts": facts,
                "total": ("Out of the general fund", it.money),
                "cancel_url": self.success_url,
                "danger": self.danger,
                **kwargs,
            }
        )


class Approve(OfMove):
    form_class = Confirm
    done = "The money is set aside."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        hindrance = independence.hindrance(self.request.user, prepared_by=[self.move.asked_by])
        lead = f"You cannot approve it. {hindrance.sentence}" if hindrance else "A shortfall is repaid first; the rest goes to the reserve."
        return super().get_context_data(title="Approve the move", lead=lead, submit=f"Set {self.move.money.format()} aside", **kwargs)

    def act(self, form: Confirm) -> None:
        reserve.approve(actor=self.request.user, move=self.move)


class Withdraw(OfMove):
    form_class = ReasonForm
    done = "Nothing is moved."
    danger = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title="Do without the move", lead="Nothing is moved.", submit="Do without it", **kwargs)

    def act(self, form: forms.Form) -> None:
        reserve.withdraw(actor=self.request.user, move=self.move, reason=form.cleaned_data["reason"])
