"""Choose a project, choose a tier, say who pays: then the processor's card page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from funding import clock
from funding.errors import Unavailable
from funding.funds.models import Project
from funding.people.models import User
from funding.web.views import ActionView, client_address, private
from sponsors.billing import links, services
from sponsors.billing.forms import JoinForm
from sponsors.invoices import selectors as payments
from sponsors.invoices.models import Payment
from sponsors.sponsorships import calendar
from sponsors.sponsorships.models import Sponsorship
from sponsors.sponsorships.naming import tidy
from sponsors.tiers import selectors as tiers
from sponsors.tiers.models import Interval, Tier


def public_project(slug: str) -> Project:
    """A project that the public may see. Drafts do not exist for it."""
    return get_object_or_404(Project.objects.exclude(state=Project.State.DRAFT), slug=slug)


class Projects(TemplateView):
    template_name = "sponsors/billing/project_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(projects=tiers.open_projects(), **kwargs)


class Choose(TemplateView):
    """The published tiers of one project. `?tier=` leads straight to one of them."""

    template_name = "sponsors/billing/tier_choice.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.project = public_project(kwargs["slug"])
        chosen = request.GET.get("tier", "")
        if chosen:
            if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 10):
                raise BadRequest("tier is a number")
            return redirect("billing:join", self.project.slug, int(chosen))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        offers = tiers.published(self.project)
        lead = len(offers) // 2
        cards = [
            offer.card(url=reverse("billing:join", args=[self.project.slug, offer.tier.pk]), first=index == lead)
            for index, offer in enumerate(offers)
        ]
        return super().get_context_data(project=self.project, cards=cards, **kwargs)


class Join(ActionView):
    """One short page. What was typed is kept on every way back to it, from the card page too."""

    form_class = JoinForm
    template_name = "sponsors/billing/join.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.project = public_project(kwargs["slug"])
        offered = Tier.objects.exclude(state=Tier.State.DRAFT).select_related("project")
        self.tier = get_object_or_404(offered, pk=kwargs["tier"], project=self.project)
        self.earlier, self.attempt = self._earlier()
        answer = self._answer(request, *args, **kwargs)
        return answer if self.earlier is None else private(answer)

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.attempt is not None and self.attempt.state in Payment.TAKEN:
            return HttpResponseRedirect(links.paid(self.attempt))
        if not self.takes_sponsors:
            self.template_name = "sponsors/billing/closed.html"
            return self.render_to_response({"project": self.project, "tier": self.tier}, status=410)
        return super().dispatch(request, *args, **kwargs)

    @property
    def takes_sponsors(self) -> bool:
        return self.tier.state == Tier.State.PUBLISHED and self.project.state == Project.State.OPEN

    @property
    def title(self) -> str:
        return _("{tier} for {project}").format(tier=self.tier, project=self.project)

    @property
    def submit(self) -> str:
        """Carries the sum and the period."""
        return _("Pay {price} {period}").format(price=self.tier.price, period=self.tier.period_words)

    @property
    def next_charge_on(self) -> dt.date | None:
        if self.tier.interval == Interval.ONCE:
            return None
        return calendar.step(clock.today(), 1, self.tier.interval)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "tier": self.tier}

    def get_initial(self) -> dict[str, Any]:
        if self.earlier is not None:
            it = self.earlier
            kept = {"naming": it.naming, "public_name": it.public_name, "country": it.payer_country, "email": it.contact_email}
            return {**kept, "kind": it.party.kind, "name": it.payer_name}
        user = self.request.user
        return {"name": user.name, "email": user.email} if isinstance(user, User) else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(project=self.project, tier=self.tier, attempt=self.attempt, **kwargs)
        form = context["form"]
        typed = tidy(str(form["public_name"].value() or form["name"].value() or ""))[:80]
        offer = tiers.offers([self.tier])[0]
        return {**context, "offer": offer, "next_charge_on": self.next_charge_on, "preview": typed or _("Your public name")}

    def act(self, form: JoinForm) -> str:
        place = client_address(self.request)
        return services.join(actor=self.request.user, tier=self.tier, place=place, replaces=self.earlier, **form.details())

    def _earlier(self) -> tuple[Sponsorship | None, Payment | None]:
        """The unpaid sign-up that somebody comes back from, and how its payment stands."""
        token = self.request.GET.get("back", "")
        if not token:
            return None, None
        ref = links.read(links.BACK, token)
        sponsorship = Sponsorship.objects.filter(ref=ref, tier=self.tier).select_related("party").first()
        attempt = payments.newest(sponsorship) if sponsorship else None
        if sponsorship is None or attempt is None:
            raise Http404("No sign-up")
        try:
            attempt = services.settle(payment_id=attempt.pk)
        except Unavailable:
            # The page works without the reason of a refusal; nothing was charged that could be missed here.
            attempt.failure_message = ""
        return sponsorship, attempt
