"""A member's queue and the pages on which a panel works: the panel, declaring, reviewing, voting, determining."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.generic import TemplateView

from funding.components.parts import Column, Pill, Step, Table
from funding.errors import Conflict
from funding.web.forms import Form
from funding.web.views import ActionView, SignedIn
from grants.committee import forms, planning, policies, rules, selectors, services
from grants.committee.counting import Member, Sheet
from grants.committee.models import Review, Seat
from grants.committee.views.gate import PanelGate
from grants.proposals.models import Proposal

State = Seat.State
TASK_PILLS = {
    selectors.TO_DECLARE: Pill("To declare", "wait"),
    selectors.TO_REVIEW: Pill("To review", "wait"),
    selectors.TO_VOTE: Pill("To vote", "wait"),
    selectors.DONE: Pill("Done", "paid"),
    selectors.STEPPED_BACK: Pill("Stepped back", "stop"),
    selectors.BEING_CHANGED: Pill("Being changed"),
}


class Queue(SignedIn, TemplateView):
    template_name = "grants/committee/panel_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        manages = policies.may_manage(user)
        tasks = selectors.queue(user)
        return super().get_context_data(
            rows=[{"task": task, "pill": TASK_PILLS[task.state]} for task in tasks],
            counts=selectors.counts(tasks),
            sits=bool(policies.committees_of(user)),
            manages=manages,
            panels=selectors.open_panels() if manages else [],
            committees=selectors.committees(),
            decided=selectors.decided_refs(user),
            **kwargs,
        )


def steps(sheet: Sheet) -> list[Step]:
    tally, proposal = sheet.tally, sheet.panel.proposal
    reviewed, quorate = tally.reviews >= tally.reviews_needed, tally.voted >= tally.quorum
    sent = proposal.submitted_at
    return [
        Step("Submitted", "done", on=sent.date() if sent else None),
        Step("Reviews", "done" if reviewed else "now", note=f"{tally.reviews} in, {tally.reviews_needed} needed"),
        Step("Votes", "done" if quorate else "now" if reviewed else "next", note=f"{tally.voted} cast, quorum {tally.quorum}"),
        Step("Determination", "now" if tally.ready else "next", note="Ready" if tally.ready else ""),
    ]


def member_table(sheet: Sheet) -> Table:
    """Who sits, and how far each has come. Never what somebody reviewed or voted."""
    columns = [Column("Member"), Column("Declared"), Column("Review"), Column("Vote")]
    rows = [(_name(member), _declared(member), *_progress(member)) for member in sheet.members]
    return Table("The panel", columns, rows, caption_shown=True)


def _name(member: Member) -> str:
    return f"{member.user.name}, chair" if member.chairs else member.user.name


def _declared(member: Member) -> Pill:
    if not member.sits:
        return Pill("Left the committee")
    if member.recused:
        return Pill("Recused", "stop")
    return Pill("No conflict", "paid") if member.clear else Pill("To declare", "wait")


def _progress(member: Member) -> tuple[Any, Any]:
    if not member.sits:
        return None, None
    if member.recused:
        return member.seat.get_ground_display() or "Excluded by a rule", None
    return (Pill("In", "paid") if member.review else Pill("Not in")), (Pill("Voted", "paid") if member.choice else Pill("Not yet"))


class PanelPage(PanelGate, TemplateView):
    template_name = "grants/committee/panel_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        proposal = self.panel.proposal
        if proposal.state != Proposal.State.SUBMITTED:
            self.template_name = "grants/committee/panel_waiting.html"
            return super().get_context_data(proposal=proposal, withdrawn=proposal.state == Proposal.State.WITHDRAWN, **kwargs)
        return super().get_context_data(**{**panel_context(self), **kwargs})


def panel_context(gate: PanelGate) -> dict[str, Any]:
    """What every page of a cleared member knows: the proposal, the count, and what is open to this member."""
    user = gate.request.user
    sheet = gate.sheet
    own = sheet.member(user)
    shows = policies.sees_votes(user, sheet)
    return {
        "panel": gate.panel,
        "proposal": gate.panel.proposal,
        "seat": gate.seat,
        "sheet": sheet,
        "own": own,
        "members": member_table(sheet),
        "steps": steps(sheet),
        "lines": rules.base_lines(sheet.tally) + (rules.vote_lines(sheet.tally) if shows else []),
        "votes_hidden": not shows,
        "tie_rule": "" if shows and sheet.tally.tied else rules.tie_rule(sheet.tally.rules),
        "opened": policies.opened_reviews(user, sheet),
        "decides": policies.may_decide(user, sheet),
        "events": selectors.timeline(sheet),
    }


class PanelAction(PanelGate, ActionView):
    """A form of a cleared member. Without a proposal to act on, the panel's page says so."""

    form_class: Any = Form

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.panel.proposal.state != Proposal.State.SUBMITTED:
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def get_success_url(self) -> str:
        return reverse("committee:panel", args=[self.panel.proposal.ref])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{**self.page_context(), "cancel_url": self.get_success_url(), **kwargs})

    def page_context(self) -> dict[str, Any]:
        return panel_context(self)


class Declare(PanelAction):
    """Names who would benefit and nothing of what they propose."""

    form_class = forms.DeclareForm
    template_name = "grants/committee/seat_form.html"
    before_declaring = True
    submit = "Save my declaration"
    done = "Your declaration is saved."

    def page_context(self) -> dict[str, Any]:
        proposal = self.panel.proposal
        facts = [("Applicant", proposal.applicant.name), ("Project", proposal.project.name), ("Paid to", proposal.payee.name)]
        clear = policies.access(self.seat, proposal) == policies.Access.CLEAR
        title = "Step back from this proposal" if clear else "Declare conflicts first"
        return {"facts": facts, "clear": clear, "title": title, "ref": proposal.ref, "panel": self.panel}

    def act(self, form: forms.DeclareForm) -> str:
        data = form.cleaned_data
        services.declare(actor=self.request.user, panel=self.panel, conflict=data["conflict"] == forms.CONFLICT, because=data["because"])
        return self.get_success_url()


class WriteReview(PanelAction):
    form_class = forms.ReviewForm
    template_name = "grants/committee/review_form.html"
    title = "My review"
    done = "Your review is saved."
    act_in_words = "review this proposal"

    def own_review(self) -> Review | None:
        return Review.objects.filter(seat=self.seat, revision=self.panel.proposal.revisions.count()).first()

    def get_initial(self) -> dict[str, Any]:
        review = self.own_review()
        if review is None:
            return {"version": 0}
        return {"recommendation": review.recommendation, "reasons": review.reasons, "notes": review.notes, "version": review.version}

    def page_context(self) -> dict[str, Any]:
        return {**panel_context(self), "review": self.own_review()}

    def act(self, form: forms.ReviewForm) -> str:
        submit = self.request.POST.get("then") == "submit"
        services.save_review(actor=self.request.user, panel=self.panel, submit=submit, **form.values)
        page = "committee:vote" if submit else "committee:review"
        return reverse(page, args=[self.panel.proposal.ref])


class CastVote(PanelAction):
    form_class = forms.VoteForm
    template_name = "grants/committee/vote_form.html"
    title = "Vote"
    lead = "Your last vote counts, until the determination. The record shows the numbers and no names."
    submit = "Record my vote"
    done = "Your vote is recorded."
    act_in_words = "vote on this proposal"

    def get_initial(self) -> dict[str, Any]:
        own = self.sheet.member(self.request.user)
        return {"choice": own.choice if own else ""}

    def act(self, form: forms.VoteForm) -> None:
        services.vote(actor=self.request.user, panel=self.panel, choice=form.cleaned_data["choice"])


class Determine(PanelAction):
    form_class = forms.DetermineForm
    template_name = "grants/committee/determination_form.html"
    title = "Make the determination"
    submit = "Publish the determination"
    done = "The determination is published."
    act_in_words = "decide this proposal"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        policies.require_decider(request.user, self.sheet)
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"seen": self.sheet.mark}

    def page_context(self) -> dict[str, Any]:
        context = panel_context(self)
        tally = context["sheet"].tally
        plan = planning.plan(self.panel.proposal) if tally.ready and tally.outcome == "funded" else None
        return {**context, "tally": tally, "plan": plan, "plan_table": plan_table(plan) if plan else None}

    def form_invalid(self, form: forms.DetermineForm) -> Any:
        policies.require_decider(self.request.user, self.sheet)
        return super().form_invalid(form)

    def act(self, form: forms.DetermineForm) -> str:
        data = form.cleaned_data
        try:
            services.determine(actor=self.request.user, panel=self.panel, reasons=data["reasons"], seen=data["seen"])
        except Conflict:
            self.show_count_again(form)
            raise
        return reverse("committee:decision", args=[self.panel.proposal.ref])

    def show_count_again(self, form: forms.DetermineForm) -> None:
        """The page that comes back shows the count as it is now, so the next press is about that one."""
        self.__dict__.pop("sheet", None)
        form.data = form.data.copy()
        form.data["seen"] = self.sheet.mark  # type: ignore[index]


def plan_table(plan: planning.Plan) -> Table:
    columns = [Column("Fund"), Column("Available now", "number"), Column("Would be reserved", "number")]
    rows = [(share.fund.name, share.available, share.take) for share in plan.shares]
    foot = ("Together", None, plan.wanted - plan.missing)
    return Table(
        "Where the money would come from", columns, rows, foot, caption_shown=True, empty="No fund of this call may pay for this project."
    )
