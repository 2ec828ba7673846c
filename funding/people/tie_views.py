"""The pages of the register of ties: contest one, settle one, and how many months a tie counts."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding.errors import Refused
from funding.people import forms, roles, services, ties
from funding.people.models import Host, Relation
from funding.people.roles import Role
from funding.people.views import ProfileAction, ProfileConfirm
from funding.web.forms import Confirm
from funding.web.views import SignedIn, SignedInActionView


class ContestRelation(ProfileAction):
    form_class = forms.ContestForm
    title = gettext_lazy("Contest a relation")
    lead = gettext_lazy("It stands until somebody who is tied to neither of you has looked at it. They read what both of you wrote.")
    submit = gettext_lazy("Contest it")
    done = gettext_lazy("The relation is contested. You get a mail when it is settled.")

    def relation(self) -> Relation:
        return get_object_or_404(Relation.objects.select_related("user"), pk=self.kwargs["pk"], other=self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        relation = self.relation()
        self.title = _("Contest the relation that {user} declared").format(user=relation.user)
        return super().get_context_data(**kwargs)

    def act(self, form: forms.ContestForm) -> None:
        services.contest_relation(actor=self.request.user, relation=self.relation(), why=form.cleaned_data["why"])


class ConfirmRelation(ProfileConfirm):
    lead = gettext_lazy("It binds you from then on as if you had declared it first: you do not decide about money that would reach them.")
    submit = gettext_lazy("It is true")
    done = gettext_lazy("The relation is confirmed.")

    def relation(self) -> Relation:
        return get_object_or_404(Relation.objects.select_related("user"), pk=self.kwargs["pk"], other=self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        relation = self.relation()
        self.title = _("Confirm the relation that {user} declared").format(user=relation.user)
        facts = [(_("Kind"), relation.get_kind_display()), (_("In their words"), relation.words or _("Nothing more"))]
        return super().get_context_data(facts=facts, **kwargs)

    def act(self, form: Confirm) -> None:
        services.confirm_relation(actor=self.request.user, relation=self.relation())


class Ties(SignedIn, TemplateView):
    """What is contested and waits for this reader. Other ties are on nobody's page but those of the two people."""

    template_name = "funding/people/tie_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        if not ties.may_settle(user):
            raise Refused(_("Only an administrator or the chair of a committee settles a contested relation."), rule="role")
        return super().get_context_data(relations=ties.to_settle(user), host=Host.get(), manages=roles.has(user, Role.ADMIN), **kwargs)


class SettleRelation(SignedInActionView):
    """For somebody who is tied to neither. For everybody else this relation does not exist."""

    form_class = forms.SettleForm
    template_name = "components/confirm.html"
    title = gettext_lazy("Settle a contested relation")
    lead = gettext_lazy("If you dismiss it, it never counted, and panels give back the seats that it took.")
    submit = gettext_lazy("Settle it")
    done = gettext_lazy("The relation is settled. Both of them get a mail.")
    success_url = reverse_lazy("people:ties")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.relation = get_object_or_404(Relation.objects.select_related("user", "other").exclude(contested_at=None), pk=kwargs["pk"])
            try:
                ties.require_settler(request.user, self.relation)
            except Refused:
                raise Http404 from None
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        relation = self.relation
        facts = [
            (_("Declared by"), relation.user),
            (_("With"), relation.other),
            (_("Kind"), relation.get_kind_display()),
            (_("In their words"), relation.words or _("Nothing more")),
            (_("Contested, because"), relation.contest),
        ]
        return super().get_context_data(**{"facts": facts, "cancel_url": reverse("people:ties"), **kwargs})

    def act(self, form: forms.SettleForm) -> None:
        data = form.cleaned_data
        services.settle_relation(actor=self.request.user, relation=self.relation, holds=data["holds"] == "yes", because=data["because"])


class TieMonths(SignedInActionView):
    form_class = forms.MonthsForm
    title = gettext_lazy("How long a tie counts")
    lead = gettext_lazy("So that nobody leaves an employer, a relation or a project for the length of one decision.")
    done = gettext_lazy("The months are saved.")
    success_url = reverse_lazy("people:ties")
    extra_context = {"cancel_url": reverse_lazy("people:ties")}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            roles.require(request.user, Role.ADMIN)
        return super().dispatch(request, *args, **kwargs)

    def host(self) -> Host:
        host = Host.get()
        if host is None:
            raise Http404
        return host

    def get_initial(self) -> dict[str, Any]:
        host = self.host()
        return {"cooling": host.cooling_months, "cowork": host.cowork_months}

    def act(self, form: forms.MonthsForm) -> None:
        services.set_months(actor=self.request.user, host=self.host(), **{name: form.cleaned_data[name] for name in ("cooling", "cowork")})
