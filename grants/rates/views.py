from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
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
            Column("From", "date"),
            Column("Day rate", "number"),
            Column("State"),
            Column("Decided by", minor=True),
            Column("Reason", minor=True),
            Column("Action"),
        ]
        rows = [
            (
                card.effective_from,
                card.rate,
                pill(card),
                card.decided_by,
                card.reason,
                Link("Withdraw", reverse("rates:withdraw", args=[card.pk])) if card.state == RateCard.State.PROPOSED else None,
            )
            for card in selectors.mine(user)
        ]
        return Table("Your day rates", columns, rows, empty="You have asked for no rate yet.")

    @staticmethod
    def waiting(user: User) -> Table:
        columns = [
            Column("Person"),
            Column("Day rate", "number"),
            Column("From", "date"),
            Column("Asked on", "date", minor=True),
            Column("Action"),
            Column("Action"),
        ]
        rows = [
            (
                card.user.name,
                card.rate,
                card.effective_from,
                card.proposed_at.date(),
                Link("Approve", reverse("rates:approve", args=[card.pk])),
                Link("Decline", reverse("rates:decline", args=[card.pk])),
            )
            for card in selectors.waiting(user)
        ]
        return Table("Rates that wait for a decision", columns, rows, empty="No rate waits.")

    @staticmethod
    def decided(user: User) -> Table:
        columns = [
            Column("Person"),
            Column("Day rate", "number"),
            Column("From", "date"),
            Column("State"),
            Column("Decided by", minor=True),
        ]
        rows = [(card.user.name, card.rate, card.effective_from, pill(card), card.decided_by) for card in selectors.decided(user)]
        return Table("The last decisions", columns, rows, empty="Nobody else’s rate has been decided yet.")


class Propose(SignedInActionView):
    form_class = forms.RateForm
    template_name = "grants/rates/ratecard_form.html"
    title = "Ask for a day rate"
    lead = "Somebody else approves it. Proposals and days of work use the rate that is in force on their date."
    submit = "Ask for this rate"
    done = "Your rate waits for approval."
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
        facts = [("Person", card.user.name), ("Day rate", card.rate), ("From", card.effective_from), ("State", card.get_state_display())]
        return super().get_context_data(facts=facts, **kwargs)


class Approve(CardAction):
    title = "Approve this day rate"
    lead = (
        "Proposals that are submitted from its date on are counted at this rate. It cannot be changed afterwards, only followed by another."
    )
    submit = "Approve the rate"
    done = "The rate is approved."

    def act(self, form: Confirm) -> None:
        services.approve(actor=self.request.user, card=self.card)


class Decline(CardAction):
    form_class = forms.DeclineForm
    title = "Decline this day rate"
    lead = "The person reads your reason and may ask for another rate."
    submit = "Decline the rate"
    done = "The rate is declined."

    def act(self, form: forms.DeclineForm) -> None:
        services.decline(actor=self.request.user, card=self.card, reason=form.cleaned_data["reason"])


class Withdraw(CardAction):
    title = "Withdraw this day rate"
    lead = "Nobody is asked to decide it any more."
    submit = "Withdraw the rate"
    done = "The rate is withdrawn."

    def act(self, form: Confirm) -> None:
        services.withdraw(actor=self.request.user, card=self.card)
