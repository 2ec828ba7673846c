"""Pages of a proposal for the person who makes it, and what everybody else may see of it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from funding.components.parts import Pill, Step
from funding.web import drafts
from funding.web.draft_views import DraftView
from funding.web.forms import Confirm
from funding.web.models import Draft
from funding.web.views import SignedIn, SignedInActionView
from grants.proposals import forms, policies, readiness, selectors, services
from grants.proposals.models import Call, Proposal, Revision
from grants.proposals.policies import Sight

PILLS = {"draft": "wait", "submitted": "pen", "funded": "paid", "approved": "wait", "declined": "", "deferred": "", "withdrawn": ""}
State = Proposal.State


def state_pill(proposal: Proposal) -> Pill:
    return Pill(proposal.get_state_display(), PILLS[proposal.state])


def steps(proposal: Proposal) -> list[Step]:
    """The way of a proposal, up to where it stands."""
    state = proposal.state
    if state == State.WITHDRAWN:
        return [Step(_("Draft"), "done", on=proposal.created_at.date()), Step(_("Withdrawn"), "now", on=proposal.updated_at.date())]
    sent, decided = proposal.submitted_at, proposal.decided_at
    with_committee, waits = state == State.SUBMITTED, state == State.APPROVED
    found = [
        Step(_("Draft"), "now" if state == State.DRAFT else "done", on=proposal.created_at.date()),
        Step(
            _("With the committee"),
            "now" if with_committee else "done" if decided else "next",
            on=sent.date() if sent and state != State.DRAFT else None,
        ),
        Step(
            _("Decided"),
            ("done" if waits else "now") if decided else "next",
            note=proposal.get_state_display() if decided else "",
            on=decided.date() if decided else None,
        ),
    ]
    return [*found, Step(_("Money found"), "now", note=_("Waiting"))] if waits else found


def find(ref: str) -> Proposal:
    return get_object_or_404(Proposal.objects.select_related("call", "project", "applicant", "payee"), ref=ref)


class MyProposals(SignedIn, TemplateView):
    template_name = "grants/proposals/proposal_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = [{"proposal": proposal, "pill": state_pill(proposal)} for proposal in selectors.proposals_of(self.request.user)]
        begun = drafts.of(user_id=self.request.user.pk, prefix="/calls/")
        return super().get_context_data(rows=rows, begun=[begun_row(draft) for draft in begun], **kwargs)


def begun_row(draft: Draft) -> dict[str, Any]:
    """A first page that was not finished: no proposal yet, and its words are kept."""
    return {"title": draft.fields.get("title") or _("Without a title yet"), "url": draft.path, "saved_at": draft.saved_at}


class ProposalPage(View):
    """One address, four answers: the applicant's page, the public record, the panel's door, or nothing."""

    def get(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        proposal = find(ref)
        sight = policies.sight(request.user, proposal)
        if sight == Sight.NONE:
            raise Http404
        if sight == Sight.RECORD:
            return HttpResponseRedirect(reverse("committee:decision", args=[ref]))
        if sight == Sight.PANEL:
            return HttpResponseRedirect(reverse("committee:panel", args=[ref]))
        if sight == Sight.EXISTENCE:
            return render(request, "grants/proposals/proposal_existence.html", {"proposal": proposal, "pill": state_pill(proposal)})
        return self.whole(request, proposal)

    def whole(self, request: HttpRequest, proposal: Proposal) -> HttpResponse:
        mine = proposal.applicant_id == request.user.pk
        context = {
            "proposal": proposal,
            "pill": state_pill(proposal),
            "steps": steps(proposal),
            "mine": mine,
            "check": readiness.check(proposal) if mine and proposal.state == State.DRAFT else None,
            "revisions": list(proposal.revisions.all()) if mine else [],
            "takes": policies.takes_proposals(proposal.call),
        }
        return render(request, "grants/proposals/proposal_detail.html", context)


class RevisionPage(SignedIn, View):
    """An earlier revision, for the applicant who wrote it."""

    def get(self, request: HttpRequest, ref: str, number: int) -> HttpResponse:
        proposal = find(ref)
        if proposal.applicant_id != request.user.pk:
            raise Http404
        revision = get_object_or_404(Revision, proposal=proposal, number=number)
        return render(request, "grants/proposals/revision_detail.html", {"proposal": proposal, "revision": revision})


class ProposalForms(DraftView, SignedInActionView):
    """The one page on which a proposal is written."""

    form_class = forms.ProposalForm
    template_name = "grants/proposals/proposal_form.html"
    request: Any

    def get_call(self) -> Call:
        raise NotImplementedError

    def get_form_kwargs(self) -> dict[str, Any]:
        call, user = self.get_call(), self.request.user
        unclaimed = [party.name for party in selectors.unclaimed_organisations_of(user)]
        return {
            **super().get_form_kwargs(),
            "call": call,
            "projects": selectors.projects_for(call),
            "organisations": selectors.organisations_of(user),
            "unpayable": selectors.unpayable(unclaimed) if unclaimed else "",
            "name": user.name,
        }

    def onward(self, proposal: Proposal) -> str:
        """“Save and check” leads to the last look before the committee; “Save” stays where the work is."""
        page = "proposals:submit" if self.request.POST.get("then") == "check" else "proposals:edit"
        return reverse(page, args=[proposal.ref])


class StartProposal(ProposalForms):
    title = gettext_lazy("Answer this call")
    done = gettext_lazy("Your draft is saved. Only you can see it.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.call = get_object_or_404(Call, slug=kwargs["slug"])
        if not policies.may_see_call(request.user, self.call):
            raise Http404
        if request.user.is_authenticated:
            policies.require_open(self.call)
        return super().dispatch(request, *args, **kwargs)

    def get_call(self) -> Call:
        return self.call

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(call=self.call, cancel_url=reverse("proposals:call", args=[self.call.slug]), **kwargs)

    def form_invalid(self, form: forms.ProposalForm) -> HttpResponse:
        """“Save the draft” keeps the first words too, before there is a project and a title to make a proposal of."""
        begun = self.request.POST.get("then") == "stay" and all(not self.request.POST.get(name) for name in form.errors)
        return self.keep_by_button(form) if begun and form.errors else super().form_invalid(form)

    def act(self, form: forms.ProposalForm) -> str:
        return self.onward(services.start_draft(actor=self.request.user, call=self.call, content=form.content))


class OwnProposal(SignedInActionView):
    """A page on which an applicant acts. For everybody else it is not there."""

    proposal: Proposal

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.proposal = find(kwargs["ref"])
            if self.proposal.applicant_id != request.user.pk:
                raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_success_url(self) -> str:
        return reverse("proposals:proposal", args=[self.proposal.ref])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"proposal": self.proposal, "cancel_url": self.get_success_url(), **kwargs})


class EditProposal(OwnProposal, ProposalForms):
    title = gettext_lazy("Your draft")
    done = gettext_lazy("Your draft is saved.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.proposal.state != State.DRAFT:
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def get_call(self) -> Call:
        return self.proposal.call

    def get_initial(self) -> dict[str, Any]:
        proposal = self.proposal
        own = proposal.payee.kind == proposal.payee.Kind.PERSON
        return {
            "project": proposal.project_id,
            "title": proposal.title,
            "story": proposal.story,
            "outcome": proposal.outcome,
            "half_days": proposal.half_days,
            "payee": forms.MYSELF if own else str(proposal.payee_id),
            "version": proposal.version,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(call=self.proposal.call, saved=self.proposal.updated_at, **kwargs)

    def act(self, form: forms.ProposalForm) -> str:
        version = form.cleaned_data["version"] or 0
        return self.onward(services.save_draft(actor=self.request.user, proposal=self.proposal, version=version, content=form.content))


class SubmitProposal(OwnProposal):
    form_class = Confirm
    template_name = "grants/proposals/proposal_submit.html"
    title = gettext_lazy("Check and submit")
    submit = gettext_lazy("Submit the proposal")
    tries = policies.HANDING_IN
    done = gettext_lazy("Your proposal is with the committee.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.proposal.state != State.DRAFT:
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        proposal = self.proposal
        check, takes = readiness.check(proposal), policies.takes_proposals(proposal.call)
        return super().get_context_data(check=check, takes=takes, ready=check.ready and takes, **kwargs)

    def act(self, form: Confirm) -> None:
        services.submit(actor=self.request.user, proposal=self.proposal)


class ReopenProposal(OwnProposal):
    form_class = Confirm
    template_name = "components/confirm.html"
    title = gettext_lazy("Take the proposal back to change it")
    lead = gettext_lazy("It becomes a draft that only you see. The committee goes on when you submit it again, and reads and votes anew.")
    submit = gettext_lazy("Take it back")
    done = gettext_lazy("Your proposal is a draft again.")

    def act(self, form: Confirm) -> None:
        services.reopen(actor=self.request.user, proposal=self.proposal)


class WithdrawProposal(OwnProposal):
    form_class = Confirm
    template_name = "components/confirm.html"
    title = gettext_lazy("Withdraw the proposal")
    lead = gettext_lazy(
        "It ends here. If it is approved, nobody looks for its money any more. You can answer the call again with a new proposal."
    )
    submit = gettext_lazy("Withdraw the proposal")
    done = gettext_lazy("Your proposal is withdrawn.")
    extra_context = {"danger": True}

    def act(self, form: Confirm) -> None:
        services.withdraw(actor=self.request.user, proposal=self.proposal)
