"""The letter to an applicant: composed from the record, edited, looked at, and sent once."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.errors import Refused
from funding.web.draft_views import DraftView
from grants.committee import forms, letters, policies, selectors, services
from grants.committee.models import Determination
from grants.committee.views.panels import PanelAction
from grants.proposals.models import Revision

POST = "POST"


class WriteLetter(DraftView, PanelAction):
    """Open once the decision is published: to whoever decides, to write it; to the other clear members, to read what was sent."""

    form_class = forms.LetterForm
    template_name = "grants/committee/letter_form.html"
    title = gettext_lazy("The letter to the applicant")
    done = gettext_lazy("The letter is sent.")
    act_in_words = gettext_lazy("write this letter")
    determination: Determination

    def closed(self, request: HttpRequest) -> HttpResponseBase | None:
        seat = policies.seat_of(request.user, self.panel)
        found = Determination.objects.filter(panel=self.panel).select_related("letter", "panel").first()
        if seat is None or policies.access(seat, self.panel.proposal) != policies.Access.CLEAR:
            if seat is not None and request.method == POST:
                services.check_in(actor=request.user, panel=self.panel, act=str(self.act_in_words))
            raise Http404
        if found is None:
            return HttpResponseRedirect(reverse("committee:panel", args=[self.panel.proposal.ref]))
        self.seat, self.determination = seat, found
        return None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        proposal = self.panel.proposal
        if letter := selectors.letter(self.determination):
            return render(request, "grants/committee/letter_sent.html", {"letter": letter, "proposal": proposal})
        if not policies.may_decide(request.user, self.sheet):
            return HttpResponseRedirect(self.get_success_url())
        return super(PanelAction, self).get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not policies.may_decide(request.user, self.sheet) and request.POST.get("then") != "send":
            raise Refused(_("The chair writes the letter to the applicant."), rule="chair")
        if request.POST.get("then") != "preview":
            return super().post(request, *args, **kwargs)
        form = self.get_form()
        if not form.is_valid():
            return self.form_invalid(form)
        return self.render_to_response(self.get_context_data(form=form, preview=form.cleaned_data["body"]))

    def get_initial(self) -> dict[str, Any]:
        proposal = self.panel.proposal
        revision = Revision.objects.get(proposal=proposal, number=self.determination.revision)
        reviews = selectors.reasons_for_applicant(self.determination)
        return {"body": letters.compose(self.determination, proposal, revision, reviews)}

    def page_context(self) -> dict[str, Any]:
        return {"proposal": self.panel.proposal, "panel": self.panel, "determination": self.determination}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        body = context["form"]["body"].value() or ""
        return {**context, "named": services.names_in(body, self.panel)}

    def get_success_url(self) -> str:
        return reverse("committee:decision", args=[self.panel.proposal.ref])

    def act(self, form: forms.LetterForm) -> None:
        data = form.cleaned_data
        services.send_letter(actor=self.request.user, panel=self.panel, body=data["body"], names_confirmed=data["names_confirmed"])
