from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding import clock
from funding.components.parts import Column, Link, Pill, Table
from funding.funds.services import host
from funding.people.models import User
from funding.web.forms import Confirm
from funding.web.views import SignedIn, SignedInActionView
from grants.rates import forms, policies, selectors, services
from grants.rates.models import RateCard

PILLS = {"proposed": "wait", "approved": "paid", "declined": "stop", "withdrawn": ""}


def pill(card: RateCard) -> Pill:
    return Pill(card.get_state_display(), PILLS[card.state])


class Index(SignedIn, TemplateView):
    template_name = "grants/rates/ratecard_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, today = self.request.user, clock.today()
        decides = policies.may_decide(user)
        current = services.rate_on(user=user, currency=host().currency, day=today)
        return super().get_context_data(
            mine=self.mine(user),
            current=current,
            waiting=self.waiting(user) if decides else None,
            decided=self.decided(user) if decides else None,
            **kwargs,
        )

    @staticmethod
    def mine(user: User) -> Table:
        columns = [
            Column(_("From"), "date"),
            Column(_("Day rate"), "number"),
            Column(_("State")),
            Column(_("Decided by"), minor=True),
            Column(_("Reason"), minor=True),
            Column(_("Action")),
        ]
        rows = [
            (
                card.effective_from,
                card.rate,
                pill(card),
                card.decided_by,
                card.reason,
                Link(_("Withdraw"), reverse("rates:withdraw", args=[card.pk])) if card.state == RateCard.State.PROPOSED else None,
            )
            for card in selectors.mine(user)
        ]
        return Table(_("Your day rates"), columns, rows, empty=_("You have asked for no rate yet."))

    @staticmethod
    def waiting(user: User) -> Table:
        columns = [
            Column(_("Person")),
            Column(_("Day rate"), "number"),
            Column(_("From"), "date"),
            Column(_("Asked on"), "date", minor=True),
            Column(_("Approve")),
            Column(_("Decline")),
        ]
        rows = [
            (
                card.user.name,
                card.rate,
                card.effective_from,
                card.proposed_at.date(),
                Link(_("Approve"), reverse("rates:approve", args=[card.pk])),
                Link(_("Decline"), reverse("rates:decline", args=[card.pk])),
            )
            for card in selectors.waiting(user)
        ]
        return Table(_("Rates that wait for a decision"), columns, rows, empty=_("No rate waits."))

    @staticmethod
    def decided(user: User) -> Table:
        columns = [
            Column(_("Person")),
            Column(_("Day rate"), "number"),
            Column(_("From"), "date"),
            Column(_("State")),
            Column(_("Decided by"), minor=True),
        ]
        rows = [(card.user.name, card.rate, card.effective_from, pill(card), card.decided_by) for card in selectors.decided(user)]
        return Table(_("The last decisions"), columns, rows, empty=_("Nobody else's rate has been decided yet."))


class Propose(SignedInActionView):
    form_class = forms.RateForm
    template_name = "grants/rates/ratecard_form.html"
    title = gettext_lazy("Ask for a day rate")
    lead = gettext_lazy("Somebody else approves it. Proposals and days of work use the rate that is in force on their date.")
    submit = gettext_lazy("Ask for this rate")
    done = gettext_lazy("Your rate waits for approval.")
    success_url = reverse_lazy("rates:index")
    extra_context = {"cancel_url": reverse_lazy("rates:index")}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": host().currency}

    def get_initial(self) -> dict[str, Any]:
        return {"effective_from": clock.today()}

    def act(self, form: forms.RateForm) -> None:
        data = form.cleaned_data
        services.propose(actor=self.request.user, rate=data["amount"], effective_from=data["effective_from"])


class CardAction(SignedInActionView):
    """A page about one card. It exists for the person and for those who decide rates."""

    form_class: Any = Confirm
    template_name = "grants/rates/ratecard_confirm.html"
    success_url = reverse_lazy("rates:index")
    extra_context = {"cancel_url": reverse_lazy("rates:index")}

    @property
    def card(self) -> RateCard:
        card = get_object_or_404(RateCard.objects.select_related("user"), pk=self.kwargs["pk"])
        if card.user != self.request.user and not policies.may_decide(self.request.user):
            raise Http404
        return card

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        card = self.card
        facts = [
            (_("Person"), card.user.name),
            (_("Day rate"), card.rate),
            (_("From"), card.effective_from),
            (_("State"), card.get_state_display()),
        ]
        return super().get_context_data(facts=facts, **kwargs)


class Approve(CardAction):
    title = gettext_lazy("Approve this day rate")
    lead = gettext_lazy(
        "Proposals that are submitted from its date on are counted at this rate. It cannot be changed afterwards, only followed by another."
    )
    submit = gettext_lazy("Approve the rate")
    done = gettext_lazy("The rate is approved.")

    def act(self, form: Confirm) -> None:
        services.approve(actor=self.request.user, card=self.card)


class Decline(CardAction):
    form_class = forms.DeclineForm
    title = gettext_lazy("Decline this day rate")
    lead = gettext_lazy("The person reads your reason and may ask for another rate.")
    submit = gettext_lazy("Decline the rate")
    done = gettext_lazy("The rate is declined.")

    def act(self, form: forms.DeclineForm) -> None:
        services.decline(actor=self.request.user, card=self.card, reason=form.cleaned_data["reason"])


class Withdraw(CardAction):
    title = gettext_lazy("Withdraw this day rate")
    lead = gettext_lazy("Nobody is asked to decide it any more.")
    submit = gettext_lazy("Withdraw the rate")
    done = gettext_lazy("The rate is withdrawn.")

    def act(self, form: Confirm) -> None:
        services.withdraw(actor=self.request.user, card=self.card)
