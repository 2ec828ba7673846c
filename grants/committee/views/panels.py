"""A member's queue and the pages on which a panel works: the panel, declaring, reviewing, voting, determining."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.generic import TemplateView

from funding import clock
from funding.components import formats
from funding.components.parts import Column, Pill, Step, Table
from funding.people.models import User
from funding.web.draft_views import DraftView
from funding.web.forms import Form
from funding.web.views import ActionView, SignedIn
from grants.committee import forms, obstacles, policies, rules, scoring, selectors, services
from grants.committee.counting import Member, Sheet
from grants.committee.models import Seat
from grants.committee.views.gate import PanelGate
from grants.proposals.models import Proposal

State = Seat.State
TASK_PILLS = {
    selectors.TO_DECLARE: Pill("To declare", "wait"),
    selectors.TO_REVIEW: Pill("To review", "wait"),
    selectors.SEALED: Pill("Sealed until the others’ are in"),
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
            letters=selectors.letters_to_write(user),
            **kwargs,
        )


def steps(sheet: Sheet) -> list[Step]:
    tally, proposal = sheet.tally, sheet.panel.proposal
    reviewed, quorate = sheet.opening is not None, tally.voted >= tally.quorum
    sent = proposal.submitted_at
    asked = tally.reviews + len(sheet.awaited)
    opens = f"{tally.reviews} of {asked} sealed, due {formats.date(sheet.due_at.date())}"
    return [
        Step("Submitted", "done", on=sent.date() if sent else None),
        Step("Reviews", "done" if reviewed else "now", note=f"{tally.reviews} in, open to the panel" if reviewed else opens),
        Step("Votes", "done" if quorate else "now" if reviewed else "next", note=f"{tally.voted} cast, quorum {tally.quorum}"),
        Step("Determination", "now" if tally.ready else "next", note="Ready" if tally.ready else ""),
    ]


def member_table(sheet: Sheet, reader: User) -> Table:
    """Who sits, and how far each has come: whether a review is in, and never what it says; of a draft only the reader's own."""
    columns = [Column("Member"), Column("Declared"), Column("Review"), Column("Vote")]
    rows = [(_name(member, reader), _declared(member), *_progress(sheet, member)) for member in sheet.members]
    return Table("The panel", columns, rows, caption_shown=True)


def _name(member: Member, reader: User) -> str:
    part = "chair" if member.chairs else "deputy" if member.deputises else "alternate" if member.seat.is_alternate else ""
    return ", ".join(filter(None, [member.user.name, part, "you" if member.user == reader else ""]))


def _declared(member: Member) -> Pill:
    if not member.sits:
        return Pill("Left the committee")
    if member.recused:
        return Pill("Recused", "stop")
    return Pill("No conflict", "paid") if member.clear else Pill("To declare", "wait")


def _progress(sheet: Sheet, member: Member) -> tuple[Any, Any]:
    if not member.sits:
        return None, None
    if member.recused:
        return member.seat.get_ground_display() or "Excluded by a rule", None
    return _reviewed(sheet, member), (Pill("Voted", "paid") if member.choice else Pill("Not yet"))


def _reviewed(sheet: Sheet, member: Member) -> Pill:
    if member.review is not None:
        return Pill("In", "paid") if sheet.opening else Pill("Sealed", "paid")
    if member.excused:
        return Pill("Writes none")
    return Pill("Overdue", "wait") if not sheet.opening and clock.now() >= sheet.due_at else Pill("Not in")


class PanelPage(PanelGate, TemplateView):
    template_name = "grants/committee/panel_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        proposal = self.panel.proposal
        if proposal.state != Proposal.State.SUBMITTED:
            self.template_name = "grants/committee/panel_waiting.html"
            return super().get_context_data(proposal=proposal, withdrawn=proposal.state == Proposal.State.WITHDRAWN, **kwargs)
        return super().get_context_data(**{**panel_context(self), **kwargs})


def missing_reviews(sheet: Sheet) -> list[str]:
    """What the page of whoever decides says when the deadline has passed and the reviews cannot open."""
    if sheet.opening is not None or clock.now() < sheet.due_at:
        return []
    tally = sheet.tally
    names = " and ".join(member.user.name for member in sheet.awaited)
    asked = f"Not in: {names}." if names else "Nobody else is asked for one; whoever declined may still write theirs."
    return [f"The reviews were due {formats.instant(sheet.due_at)}. {tally.reviews} of at least {tally.reviews_needed} are in. {asked}"]


RECOMMENDATION_PILLS = {"fund": "paid", "changes": "wait", "decline": "stop"}


def opened_review(sheet: Sheet, member: Member, board: selectors.Board | None) -> dict[str, Any]:
    """One review that is open to the panel, with its scores."""
    review = member.review
    if review is None or review.submitted_at is None or sheet.opening is None:
        raise ValueError("only a review that was handed in and opened is shown")
    total = board.totals[review.pk] if board else None
    return {
        "member": member,
        "pill": Pill(review.get_recommendation_display(), RECOMMENDATION_PILLS[review.recommendation]),
        "late": review.submitted_at > sheet.opening.opened_at,
        "marks": board.marks[review.pk] if board else [],
        "total": scoring.figures(total.score) if total else "",
    }


def score_table(board: selectors.Board) -> Table:
    """How far the scores lie apart, for each criterion and for the weighted totals."""
    columns = [
        Column("Criterion"),
        Column("Weight", "number"),
        Column("Scored by", "number", minor=True),
        Column("Mean", "number"),
        Column("Least", "number"),
        Column("Most", "number"),
        Column("Standard deviation", "number"),
    ]
    rows = [(criterion.name, f"{criterion.weight}%", *_spread(found, whole=True)) for criterion, found in board.criteria]
    return Table("Scores", columns, rows, ("Weighted", "100%", *_spread(board.total, whole=False)), caption_shown=True)


def _spread(found: scoring.Spread | None, *, whole: bool) -> tuple[Any, ...]:
    if found is None:
        return 0, None, None, None, None
    places = 0 if whole else 2
    return (
        found.count,
        scoring.figures(found.mean),
        scoring.figures(found.least, places),
        scoring.figures(found.most, places),
        found.deviation(),
    )


def panel_context(gate: PanelGate) -> dict[str, Any]:
    """What every page of a cleared member knows: the proposal, the count, and what is open to this member."""
    user = gate.request.user
    sheet = gate.sheet
    own = sheet.member(user)
    shows = policies.sees_votes(user, sheet)
    opened = policies.opened_reviews(user, sheet)
    board = selectors.board(sheet) if opened else None
    decides = policies.may_decide(user, sheet)
    return {
        "panel": gate.panel,
        "proposal": gate.panel.proposal,
        "seat": gate.seat,
        "sheet": sheet,
        "own": own,
        "members": member_table(sheet, user),
        "scores": score_table(board) if board else None,
        "steps": steps(sheet),
        "lines": rules.base_lines(sheet.tally) + (rules.vote_lines(sheet.tally) if shows else []),
        "votes_hidden": not shows,
        "tie_rule": "" if shows and sheet.tally.tied else rules.tie_rule(sheet.tally.rules),
        "opened": [opened_review(sheet, member, board) for member in opened],
        "decides": decides,
        "missing": [*(missing_reviews(sheet) if decides else []), *obstacles.open_claims(sheet)],
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


class Declare(DraftView, PanelAction):
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
        claim = policies.unanswered(self.seat.user, proposal)
        return {"facts": facts, "clear": clear, "title": title, "ref": proposal.ref, "panel": self.panel, "claim": claim}

    def act(self, form: forms.DeclareForm) -> str:
        data = form.cleaned_data
        services.declare(actor=self.request.user, panel=self.panel, conflict=data["conflict"] == forms.CONFLICT, because=data["because"])
        return self.get_success_url()
