"""Pledge, and the page of a pledge: signed in its address, so that it works without signing in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.errors import Unavailable
from funding.people.models import User
from funding.web.forms import Confirm
from funding.web.views import ActionView, client_address
from sponsors.billing import links as billing_links
from sponsors.billing import services as billing
from sponsors.billing.models import CardChange
from sponsors.billing.views.signed import Private
from sponsors.goals import links, selectors, services
from sponsors.goals.forms import AmountForm, PledgeForm
from sponsors.goals.models import Goal, Pledge
from sponsors.goals.views.reading import PLEDGE_PILLS
from sponsors.invoices.models import Payment
from sponsors.tiers.fees import estimate

REFRESH_SECONDS = 4
CHANGEABLE = (Pledge.State.STARTED, Pledge.State.PLEDGED)


class PledgeTo(ActionView):
    """One short page: how much and who, then the processor's page for the card. What was typed is kept."""

    form_class = PledgeForm
    template_name = "sponsors/goals/pledge_form.html"
    submit = gettext_lazy("Go on to the card")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = Goal.objects.exclude(state=Goal.State.DRAFT).select_related("project", "fund")
        self.goal = get_object_or_404(found, slug=kwargs["slug"])
        if not services.takes_pledges(self.goal):
            self.template_name = "sponsors/goals/closed.html"
            return self.render_to_response({"goal": self.goal}, status=410)
        return super().dispatch(request, *args, **kwargs)

    @property
    def title(self) -> str:
        return _("Pledge to {goal}").format(goal=self.goal)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": self.goal.currency}

    def get_initial(self) -> dict[str, Any]:
        user = self.request.user
        return {"name": user.name, "email": user.email} if isinstance(user, User) else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        (it,) = selectors.figures([self.goal])
        user = self.request.user
        mine = [row for row in selectors.own(user) if row.goal_id == self.goal.pk] if isinstance(user, User) else []
        already = [(row, links.pledge(row)) for row in mine if row.state in CHANGEABLE]
        page = {"goal": self.goal, "it": it, "rules": selectors.rule_words(self.goal), "already": already}
        return super().get_context_data(cancel_url=reverse("goals:goal", args=[self.goal.slug]), **page, **kwargs)

    def act(self, form: PledgeForm) -> str:
        return services.pledge(actor=self.request.user, goal=self.goal, place=client_address(self.request), **form.details())


class OfPledge(Private, ActionView):
    """A signed page about one pledge."""

    by_link = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = Pledge.objects.select_related("goal__project", "goal__fund", "sponsorship__party")
        self.pledge = get_object_or_404(found, ref=links.read(kwargs["token"]), goal__slug=kwargs["slug"])
        return super().dispatch(request, *args, **kwargs)

    @property
    def changeable(self) -> bool:
        return self.pledge.state in CHANGEABLE and services.takes_pledges(self.pledge.goal)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it, goal = self.pledge, self.pledge.goal
        facts = [
            (_("Goal"), goal.title),
            (_("Project"), goal.project.name),
            (_("Deadline"), selectors.deadline_words(goal)),
            (_("Reference"), it.ref),
        ]
        page = {"pledge": it, "goal": goal, "facts": facts, "total": (_("Your pledge"), it.money), "changeable": self.changeable}
        return super().get_context_data(**{**page, **kwargs})


class Own(OfPledge):
    """How a pledge stands, with a form to change it. The card page leads back here, so that it looks whether a card was saved."""

    form_class = AmountForm
    template_name = "sponsors/goals/pledge_detail.html"
    submit = gettext_lazy("Change the pledge")
    done = gettext_lazy("The pledge is changed.")

    @property
    def title(self) -> str:
        return _("Your pledge to {goal}").format(goal=self.pledge.goal)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        waits = self._look()
        response = super().get(request, *args, **kwargs)
        if waits:
            response["Refresh"] = str(REFRESH_SECONDS)
        return response

    def _look(self) -> bool:
        """Learn what became of an open card page. True while the processor cannot say."""
        self.unreachable = False
        pages = CardChange.objects.filter(sponsorship=self.pledge.sponsorship, state__in=CardChange.UNDECIDED).exclude(checkout_id="")
        for pk in pages.values_list("pk", flat=True):
            try:
                billing.settle_card(change_id=pk)
            except Unavailable:
                self.unreachable = True
        self.pledge = Pledge.objects.select_related("goal__project", "goal__fund", "sponsorship__party").get(pk=self.pledge.pk)
        return self.unreachable

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "currency": self.pledge.goal.currency}

    def get_initial(self) -> dict[str, Any]:
        it = self.pledge.sponsorship
        return {"amount": it.price, "naming": it.naming, "public_name": it.public_name}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        it = self.pledge
        token, payment = links.token(it), selectors.newest_payment(it)
        owed = it.state == Pledge.State.OWED
        page = {
            "pill": PLEDGE_PILLS[Pledge.State(it.state)],
            "shares": estimate(it.money, it.goal.host_fee_basis_points),
            "payment": payment,
            "paid_url": billing_links.paid(payment) if payment is not None and payment.state in Payment.TAKEN else "",
            "fix_url": billing_links.card(it.sponsorship) if owed else "",
            "pay_url": billing_links.pay(it.sponsorship) if owed else "",
            "card_url": reverse("goals:card", args=[it.goal.slug, token]),
            "withdraw_url": reverse("goals:withdraw", args=[it.goal.slug, token]),
            "unreachable": getattr(self, "unreachable", False),
        }
        return super().get_context_data(**{**page, **kwargs})

    def act(self, form: AmountForm) -> str:
        data = form.cleaned_data
        actor, names = self.request.user, {"naming": data["naming"], "public_name": data["public_name"]}
        services.change_pledge(actor=actor, pledge=self.pledge, amount=data["amount"], **names)
        return self.request.path


class OfOpenPledge(OfPledge):
    """A page for as long as the pledge can be changed; afterwards the pledge's own page says how it stands."""

    form_class = Confirm
    template_name = "sponsors/goals/pledge_confirm.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = {"cancel_url": links.pledge(self.pledge), "pledge_url": links.pledge(self.pledge)}
        return super().get_context_data(**{**page, **kwargs})


class Card(OfOpenPledge):
    submit = gettext_lazy("Go to the card page")

    @property
    def title(self) -> str:
        return _("Save a card") if self.pledge.state == Pledge.State.STARTED else _("Change the card")

    @property
    def lead(self) -> str:
        if self.pledge.state == Pledge.State.STARTED:
            return _("Nothing is charged when you save it.")
        return _("Nothing is charged when you save another card. Until you have, the card that is saved now stays.")

    def act(self, form: Confirm) -> str:
        return services.open_card_page(actor=self.request.user, pledge=self.pledge, place=client_address(self.request))


class Withdraw(OfOpenPledge):
    submit = gettext_lazy("Withdraw this pledge")
    lead = gettext_lazy(
        "It does not count any more, your card is not kept, and nothing is charged. You can pledge again until the deadline."
    )

    @property
    def title(self) -> str:
        return _("Withdraw your pledge")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"danger": True, **kwargs})

    def act(self, form: Confirm) -> str:
        services.withdraw(actor=self.request.user, pledge=self.pledge)
        return links.pledge(self.pledge)
