"""Ask for money to move between two funds; approve it, or do without it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.errors import Invalid, Refused
from funding.funds import moves, policies, reserve, selectors
from funding.funds.forms import MoveForm, MoveReasonForm, RecallForm
from funding.funds.models import Fund, FundMove
from funding.people import independence, roles
from funding.people.roles import Role
from funding.web.forms import Confirm
from funding.web.views import SignedInActionView


class Office(SignedInActionView):
    """A form for those who may use it. The service asks again and puts a refusal on record."""

    success_url = reverse_lazy("funds:desk")
    allowed: tuple[str, ...] = (Role.TREASURER, Role.ADMIN)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and (request.method != "POST" or not policies.shows_funds(request)):
            roles.require(request.user, *self.allowed)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"cancel_url": self.success_url, **kwargs})


class Ask(Office):
    """`?from=` and `?to=` name the funds that the form begins with, by their addresses."""

    form_class = MoveForm
    template_name = "funding/funds/move_ask.html"
    allowed = (Role.TREASURER,)
    fresh = True
    title = gettext_lazy("Move money between funds")
    lead = gettext_lazy("Another treasurer or an administrator approves it. Restricted money goes only where its purpose still holds.")
    submit = gettext_lazy("Ask for it")
    done = gettext_lazy("It waits for somebody else's approval.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "funds": list(selectors.all_funds())}

    def get_initial(self) -> dict[str, Any]:
        asked = {"giver": self.request.GET.get("from", ""), "taker": self.request.GET.get("to", "")}
        known = dict(Fund.objects.filter(slug__in=[slug[:60].replace("\x00", "") for slug in asked.values()]).values_list("slug", "pk"))
        return {name: str(known[slug]) for name, slug in asked.items() if slug in known}

    def act(self, form: MoveForm) -> None:
        try:
            moves.ask(actor=self.request.user, **form.terms)
        except Refused as refusal:
            if refusal.rule not in moves.RULES:
                raise
            raise Invalid(refusal.message, field="taker") from refusal


class OfMove(Office):
    template_name = "funding/funds/move_decide.html"
    danger = False

    @cached_property
    def move(self) -> FundMove:
        return get_object_or_404(FundMove.objects.select_related("asked_by", "giver__account", "taker__account"), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.move
        facts = [
            (_("Move"), it.ref),
            (_("Asked by"), it.asked_by.name),
            (_("Because"), it.reason),
            (_("From"), f"{it.giver.name}: {it.giver.purpose}"),
            (_("It has available now"), it.giver.account.available),
            (_("To"), f"{it.taker.name}: {it.taker.purpose}"),
            (_("It has available now"), it.taker.account.available),
        ]
        return super().get_context_data(**{"facts": facts, "total": (_("To be moved"), it.money), "danger": self.danger, **kwargs})


class Approve(OfMove):
    form_class = Confirm
    fresh = True
    done = gettext_lazy("The money is moved.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title, submit = _("Approve the move"), _("Move {money}").format(money=self.move.money)
        return super().get_context_data(title=title, lead=self.hindrance or self.effect, submit=submit, **kwargs)

    @property
    def hindrance(self) -> str:
        """Why this person, or anybody, cannot approve it; "" when they can."""
        found = independence.hindrance(self.request.user, prepared_by=[self.move.asked_by])
        if found:
            return _("You cannot approve it. {sentence}").format(sentence=found.sentence)
        try:
            moves.require_possible(self.move)
        except Refused as refusal:
            return _("Nobody can approve it now. {message}").format(message=refusal.message)
        return ""

    @property
    def effect(self) -> str:
        short = reserve.shortfall(self.move.currency)
        if short and reserve.is_own(self.move.taker):
            return _("The host is short of {short}. That is repaid first; the rest goes to {fund}.").format(
                short=short, fund=self.move.taker.name
            )
        return _("It is booked at once, and the books show it to everybody.")

    def act(self, form: Confirm) -> None:
        moves.approve(actor=self.request.user, move=self.move)


class Withdraw(OfMove):
    form_class = MoveReasonForm
    done = gettext_lazy("Nothing is moved.")
    danger = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=_("Withdraw the request"), lead=_("Nothing is moved."), submit=_("Withdraw it"), **kwargs)

    def act(self, form: forms.Form) -> None:
        moves.withdraw(actor=self.request.user, move=self.move, reason=form.cleaned_data["reason"])


class Recall(OfMove):
    """Ask that what is unspent of a move goes back."""

    form_class = RecallForm
    allowed = (Role.TREASURER,)
    fresh = True
    done = gettext_lazy("It waits for somebody else's approval.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lead = _("Exactly the money that the move brought goes back to where it came from. What was spent of it stays spent.")
        return super().get_context_data(title=_("Call the move back"), lead=lead, submit=_("Ask for it"), **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": self.move.currency}

    def act(self, form: RecallForm) -> None:
        moves.ask_recall(actor=self.request.user, move=self.move, **form.terms)
