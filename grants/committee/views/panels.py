"""A member's queue and the pages on which a panel works: the panel, declaring, reviewing, voting, determining."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
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
    selectors.TO_DECLARE: Pill(gettext_lazy("To declare"), "wait"),
    selectors.TO_REVIEW: Pill(gettext_lazy("To review"), "wait"),
    selectors.SEALED: Pill(gettext_lazy("Sealed until the others' are in")),
    selectors.TO_VOTE: Pill(gettext_lazy("To vote"), "wait"),
    selectors.DONE: Pill(gettext_lazy("Done"), "paid"),
    selectors.STEPPED_BACK: Pill(gettext_lazy("Stepped back"), "stop"),
    selectors.BEING_CHANGED: Pill(gettext_lazy("Being changed")),
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
    opens = _("{reviews} of {asked} sealed, due {day}").format(reviews=tally.reviews, asked=asked, day=formats.date(sheet.due_at.date()))
    return [
        Step(_("Submitted"), "done", on=sent.date() if sent else None),
        Step(
            _("Reviews"),
            "done" if reviewed else "now",
            note=_("{reviews} in, open to the panel").format(reviews=tally.reviews) if reviewed else opens,
        ),
        Step(
            _("Votes"),
            "done" if quorate else "now" if reviewed else "next",
            note=_("{voted} cast, quorum {quorum}").format(voted=tally.voted, quorum=tally.quorum),
        ),
        Step(_("Determination"), "now" if tally.ready else "next", note=_("Ready") if tally.ready else ""),
    ]


def member_table(sheet: Sheet, reader: User) -> Table:
    """Who sits, and how far each has come: whether a review is in, and never what it says; of a draft only the reader's own."""
    columns = [Column(_("Member")), Column(_("Declared")), Column(_("Review")), Column(_("Vote"))]
    rows = [(_name(member, reader), _declared(member), *_progress(sheet, member)) for member in sheet.members]
    return Table(_("The panel"), columns, rows)


def _name(member: Member, reader: User) -> str:
    part = _("chair") if member.chairs else _("deputy") if member.deputises else _("alternate") if member.seat.is_alternate else ""
    return ", ".join(filter(None, [member.user.name, part, _("you") if member.user == reader else ""]))


def _declared(member: Member) -> Pill:
    if not member.sits:
        return Pill(_("Left the committee"))
    if member.recused:
        return Pill(_("Recused"), "stop")
    return Pill(_("No conflict"), "paid") if member.clear else Pill(_("To declare"), "wait")


def _progress(sheet: Sheet, member: Member) -> tuple[Any, Any]:
    if not member.sits:
        return None, None
    if member.recused:
        return member.seat.get_ground_display() or _("Excluded by a rule"), None
    return _reviewed(sheet, member), (Pill(_("Voted"), "paid") if member.choice else Pill(_("Not yet")))


def _reviewed(sheet: Sheet, member: Member) -> Pill:
    if member.review is not None:
        return Pill(_("In"), "paid") if sheet.opening else Pill(_("Sealed"), "paid")
    if member.excused:
        return Pill(_("Writes none"))
    return Pill(_("Overdue"), "wait") if not sheet.opening and clock.now() >= sheet.due_at else Pill(_("Not sealed yet"))


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
    names = formats.listed(member.user.name for member in sheet.awaited)
    asked = (
        _("Not sealed yet: {names}.").format(names=names)
        if names
        else _("Nobody else is asked for one; whoever declined may still write theirs.")
    )
    said = _("The reviews were due {at}. {reviews} of at least {needed} are in.")
    return [f"{said.format(at=formats.instant(sheet.due_at), reviews=tally.reviews, needed=tally.reviews_needed)} {asked}"]


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
        Column(_("Criterion")),
        Column(_("Weight"), "number"),
        Column(_("Scored by"), "number", minor=True),
        Column(_("Mean"), "number"),
        Column(_("Least"), "number"),
        Column(_("Most"), "number"),
        Column(_("Standard deviation"), "number"),
    ]
    rows = [(criterion.name, f"{criterion.weight}%", *_spread(found, whole=True)) for criterion, found in board.criteria]
    return Table(_("Scores"), columns, rows, (_("Weighted"), "100%", *_spread(board.total, whole=False)), caption_shown=True)


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
    board = selectors.board(sheet, gate.rubric) if opened else None
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
        "missing": [*(missing_reviews(sheet) if decides else []), *obstacles.open_claims(sheet, gate.known)],
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
    submit = gettext_lazy("Save my declaration")
    done = gettext_lazy("Your declaration is saved.")

    def page_context(self) -> dict[str, Any]:
        proposal = self.panel.proposal
        facts = [(_("Applicant"), proposal.applicant.name), (_("Project"), proposal.project.name), (_("Paid to"), proposal.payee.name)]
        clear = policies.access(self.seat, proposal, self.excluded, self.known) == policies.Access.CLEAR
        title = _("Step back from this proposal") if clear else _("Declare conflicts first")
        claim = policies.unanswered(self.seat.user, proposal, self.known)
        return {"facts": facts, "clear": clear, "title": title, "ref": proposal.ref, "panel": self.panel, "claim": claim}

    def act(self, form: forms.DeclareForm) -> str:
        data = form.cleaned_data
        services.declare(actor=self.request.user, panel=self.panel, conflict=data["conflict"] == forms.CONFLICT, because=data["because"])
        return self.get_success_url()
