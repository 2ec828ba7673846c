"""The desk of a project's prices: `/projects/<slug>/tiers/`. For its maintainers and administrators."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding.funds.models import Project
from funding.web.forms import Confirm
from funding.web.views import SignedIn, SignedInActionView
from sponsors.tiers import policies, selectors, services
from sponsors.tiers.forms import PublishForm, TierForm
from sponsors.tiers.models import Tier


class OfProject(SignedIn):
    """A page about one project's tiers. Others get the page that names the rule."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.project = get_object_or_404(Project, slug=kwargs["slug"])
            policies.require_editor(request.user, self.project)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(project=self.project, **kwargs)
        return context

    def list_address(self) -> str:
        return reverse("tiers:list", args=[self.project.slug])


class OfTier(OfProject):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.tier = get_object_or_404(Tier.objects.select_related("project"), pk=kwargs["pk"], project__slug=kwargs["slug"])
        return super().dispatch(request, *args, **kwargs)

    def offer(self) -> selectors.Offer:
        return selectors.offers([self.tier])[0]


class TierList(OfProject, TemplateView):
    template_name = "sponsors/tiers/tier_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(offers=selectors.desk(self.project), **kwargs)


class TierFormView(OfProject, SignedInActionView):
    form_class = TierForm
    template_name = "sponsors/tiers/tier_form.html"
    submit = gettext_lazy("Save the draft")
    done = gettext_lazy("The draft is saved. Nobody else sees it until it is published.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "project": self.project}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=self.list_address(), **kwargs)

    def values(self, form: TierForm) -> dict[str, Any]:
        data = form.cleaned_data
        kept = ("name", "interval", "audience", "description", "benefits", "position")
        return {"price": data["amount"], **{name: data[name] for name in kept}}


class NewTier(TierFormView):
    title = gettext_lazy("Write a tier")
    lead = gettext_lazy("It starts as a draft. Once it is published its price and its promise stay as they are.")

    def act(self, form: TierForm) -> str:
        services.create_tier(actor=self.request.user, project=self.project, **self.values(form))
        return self.list_address()


class EditTier(OfTier, TierFormView):
    @property
    def title(self) -> str:
        return _("Edit {tier}").format(tier=self.tier)

    def get_initial(self) -> dict[str, Any]:
        names = ("name", "interval", "audience", "description", "benefits", "position", "version")
        return {"amount": self.tier.price, **{name: getattr(self.tier, name) for name in names}}

    def act(self, form: TierForm) -> str:
        version = form.cleaned_data["version"] or 0
        services.edit_tier(actor=self.request.user, tier=self.tier, version=version, **self.values(form))
        return self.list_address()


class ConfirmView(OfTier, SignedInActionView):
    template_name = "sponsors/tiers/tier_confirm.html"
    danger = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        offer = self.offer()
        facts = [
            (_("Project"), self.project.name),
            (_("For"), self.tier.get_audience_display()),
            (_("Buys"), f"{offer.buys} ({offer.buys_note})"),
            *((_("Comes with"), line) for line in self.tier.benefit_lines),
        ]
        price = (_("Price, {period}").format(period=self.tier.period_words), self.tier.price)
        page = {"facts": facts, "total": price, "offer": offer, "cancel_url": self.list_address(), "danger": self.danger}
        return super().get_context_data(**{**page, **kwargs})


class PublishTier(ConfirmView):
    form_class = PublishForm
    submit = gettext_lazy("Publish this tier")
    lead = gettext_lazy("From now on sponsors can take it. It cannot be edited any more, only retired.")
    done = gettext_lazy("The tier is published.")

    @property
    def title(self) -> str:
        return _("Publish {tier}").format(tier=self.tier)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.tier.version}

    def act(self, form: PublishForm) -> str:
        services.publish_tier(actor=self.request.user, tier=self.tier, version=form.cleaned_data["version"])
        return self.list_address()


class RetireTier(ConfirmView):
    form_class = Confirm
    submit = gettext_lazy("Retire this tier")
    lead = gettext_lazy("Nobody new can take it. Whoever has it keeps it at its price. This cannot be undone.")
    done = gettext_lazy("The tier is retired.")
    danger = True

    @property
    def title(self) -> str:
        return _("Retire {tier}").format(tier=self.tier)

    def act(self, form: Confirm) -> str:
        services.retire_tier(actor=self.request.user, tier=self.tier)
        return self.list_address()
