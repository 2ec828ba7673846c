"""Pages of calls: the list, one call, and the desk where an administrator writes, opens and closes them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView

from funding import clock
from funding.components.parts import Column, Pill, Table
from funding.funds.models import Fund
from funding.funds.services import host
from funding.people import roles, subjects
from funding.people.roles import Role
from funding.web.forms import Confirm
from funding.web.views import SignedInActionView
from grants.proposals import forms, policies, rubrics, selectors, services
from grants.proposals.models import Call

COMMITTEE = "committee:"


def state_pill(call: Call) -> Pill:
    """“Open” only while it takes proposals."""
    if policies.takes_proposals(call):
        return Pill(_("Open"), "pen")
    if call.state == Call.State.OPEN:
        return Pill(_("Opens soon"), "wait") if call.opens_at > clock.now() else Pill(_("Closed"))
    return Pill(call.get_state_display(), "wait" if call.state == Call.State.DRAFT else "")


class CallList(TemplateView):
    template_name = "grants/proposals/call_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        manages = policies.may_manage_calls(self.request.user)
        rows = [{"call": call, "pill": state_pill(call)} for call in selectors.calls(drafts=manages)]
        rows.sort(key=lambda row: not policies.takes_proposals(row["call"]))
        return super().get_context_data(rows=rows, manages=manages, **kwargs)


class CallPage(TemplateView):
    template_name = "grants/proposals/call_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        call = get_object_or_404(Call, slug=kwargs["slug"])
        if not policies.may_see_call(self.request.user, call):
            raise Http404
        user = self.request.user
        answers = list(selectors.proposals_of(user).filter(call=call)) if user.is_authenticated else []
        return super().get_context_data(
            call=call,
            pill=state_pill(call),
            takes=policies.takes_proposals(call),
            committee=subjects.label(call.committee_subject),
            funds=self.funds(call),
            manages=policies.may_manage_calls(user),
            criteria=list(call.criteria.all()),
            answers=answers,
            **kwargs,
        )

    @staticmethod
    def funds(call: Call) -> Table:
        columns = [Column(_("Fund")), Column(_("For")), Column(_("Available now"), "number")]
        rows = [(fund.name, fund.purpose, fund.account.available) for fund in selectors.call_funds(call)]
        return Table(_("The money that this call may draw on"), columns, rows, caption_shown=True)


class CallForms(SignedInActionView):
    """What the pages for writing a call share. Only administrators reach them."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            roles.require(request.user, Role.ADMIN)
        return super().dispatch(request, *args, **kwargs)

    @property
    def call(self) -> Call:
        return get_object_or_404(Call, slug=self.kwargs["slug"])

    def get_form_kwargs(self) -> dict[str, Any]:
        currency = host().currency
        committees = [(subject.removeprefix(COMMITTEE), label) for subject, label in subjects.choices() if subject.startswith(COMMITTEE)]
        funds = Fund.objects.filter(currency=currency).exclude(kind=Fund.Kind.RESERVE)
        return {**super().get_form_kwargs(), "currency": currency, "funds": funds, "committees": committees}


class NewCall(CallForms):
    form_class = forms.CallForm
    template_name = "grants/proposals/call_form.html"
    title = gettext_lazy("Write a call")
    lead = gettext_lazy("It is a draft until you open it.")
    submit = gettext_lazy("Save the draft")
    done = gettext_lazy("The call is saved as a draft.")

    def get_initial(self) -> dict[str, Any]:
        return {"opens_on": clock.today()}

    def act(self, form: forms.CallForm) -> str:
        call = services.create_call(actor=self.request.user, slug=form.cleaned_data["slug"], terms=form.terms)
        return reverse("proposals:call", args=[call.slug])


class EditCall(CallForms):
    form_class = forms.EditCallForm
    template_name = "grants/proposals/call_form.html"
    title = gettext_lazy("Change the draft")
    submit = gettext_lazy("Save the draft")
    done = gettext_lazy("The draft is saved.")

    def get_initial(self) -> dict[str, Any]:
        call = self.call
        return {
            "title": call.title,
            "brief": call.brief,
            "kind": call.kind,
            "opens_on": call.opens_at.date(),
            "closes_on": call.closes_at.date() if call.closes_at else None,
            "committee": call.committee,
            "max_half_days": call.max_half_days,
            "max_rate": call.rate_cap,
            "funds": [fund.pk for fund in selectors.call_funds(call)],
            "version": call.version,
        }

    def act(self, form: forms.EditCallForm) -> str:
        version = form.cleaned_data["version"] or 0
        call = services.edit_call(actor=self.request.user, call=self.call, version=version, terms=form.terms)
        return reverse("proposals:call", args=[call.slug])


class EditRubric(CallForms):
    """By what proposals are judged. `?from=light` fills the form with a preset, which is saved as any other."""

    form_class = forms.RubricForm
    template_name = "grants/proposals/rubric_form.html"
    title = gettext_lazy("What proposals are judged by")
    lead = gettext_lazy("Reviews score each criterion from 0 to 5. The weights sum to 100, and all of it is public with the call.")
    submit = gettext_lazy("Save the criteria")
    done = gettext_lazy("The criteria are saved.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return FormView.get_form_kwargs(self)

    def get_initial(self) -> dict[str, Any]:
        call = self.call
        preset = rubrics.PRESETS.get(self.request.GET.get("from", ""))
        criteria = rubrics.translated(preset[1]) if preset else selectors.rubric_terms(call)
        return {**forms.RubricForm.initial_of(criteria), "version": call.version}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        call = self.call
        presets = {key: label for key, (label, __) in rubrics.PRESETS.items()}
        cancel = reverse("proposals:call", args=[call.slug])
        return super().get_context_data(call=call, presets=presets, cancel_url=cancel, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.call.state != Call.State.DRAFT:
            return HttpResponseRedirect(reverse("proposals:call", args=[self.call.slug]))
        return super().get(request, *args, **kwargs)

    def act(self, form: forms.RubricForm) -> str:
        version = form.cleaned_data["version"] or 0
        services.set_rubric(actor=self.request.user, call=self.call, version=version, criteria=form.criteria)
        return reverse("proposals:call", args=[self.call.slug])


class CallConfirm(SignedInActionView):
    form_class = Confirm
    template_name = "grants/proposals/call_confirm.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            roles.require(request.user, Role.ADMIN)
            self.call = get_object_or_404(Call, slug=kwargs["slug"])
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        call = self.call
        facts = [
            (_("Call"), call.title),
            (_("Committee"), subjects.label(call.committee_subject)),
            (_("Days at most"), f"{call.max_half_days / 2:g}"),
            (_("Day rate at most"), call.rate_cap),
            (_("Opens"), call.opens_at),
            (_("Closes"), call.closes_at or _("When somebody closes it")),
        ]
        return super().get_context_data(call=call, facts=facts, cancel_url=self.get_success_url(), **kwargs)

    def get_success_url(self) -> str:
        return reverse("proposals:call", args=[self.call.slug])


class OpenCall(CallConfirm):
    title = gettext_lazy("Open this call")
    lead = gettext_lazy("Everybody can read and answer it. Its terms stay as they are from now on.")
    submit = gettext_lazy("Open the call")
    done = gettext_lazy("The call is open.")

    def act(self, form: Confirm) -> None:
        services.open_call(actor=self.request.user, call=self.call)


class CloseCall(CallConfirm):
    title = gettext_lazy("Close this call")
    lead = gettext_lazy("No more proposals can be submitted. Those that are in are decided all the same.")
    submit = gettext_lazy("Close the call")
    done = gettext_lazy("The call is closed.")

    def act(self, form: Confirm) -> None:
        services.close_call(actor=self.request.user, call=self.call)
