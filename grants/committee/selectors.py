"""Reads for the queue, the panel's record and the public decisions. Lists take a constant number of queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Max, QuerySet
from django.http import HttpRequest

from funding.components.parts import Event, Pill
from funding.people.models import User
from funding.people.roles import Viewer
from funding.people.subjects import Choice
from grants.committee import policies
from grants.committee.counting import Sheet
from grants.committee.models import Committee, Determination, Panel, Review, Seat, Vote
from grants.proposals.models import Proposal

State = Seat.State
OPEN_STATES = (Proposal.State.SUBMITTED, Proposal.State.DRAFT)
TO_DECLARE, TO_REVIEW, TO_VOTE, DONE, STEPPED_BACK, BEING_CHANGED = "declare", "review", "vote", "done", "recused", "changing"
PUBLIC, PANEL_ONLY = Pill("Public", "pen"), Pill("Panel only")


def role_subjects() -> Iterator[Choice]:
    """The committees, as things over which a role can be held."""
    return ((committee.subject, committee.name) for committee in Committee.objects.all())


@dataclass(frozen=True, slots=True)
class Task:
    """One seat in somebody's queue. `title` is "" unless they have declared no conflict."""

    ref: str
    state: str
    title: str = ""
    project: str = ""
    seat: Seat | None = None


def queue(user: User) -> list[Task]:
    """What waits for this member, the open panels of the committees on which they sit.

    A proposal that a rule has closed to them since they declared waits for another declaration, as on its own page.
    """
    seats = Seat.objects.filter(user=user, panel__proposal__state__in=OPEN_STATES, panel__committee__slug__in=policies.committees_of(user))
    seats = (
        seats.select_related("panel__proposal__project", "panel__proposal__applicant", "panel__proposal__payee")
        .annotate(revision=Max("panel__proposal__revisions__number"))
        .order_by("panel__proposal__pk")
    )
    rows = list(seats)
    reviewed = set(Review.objects.filter(seat__in=rows, submitted_at__isnull=False).values_list("seat", "revision"))
    voted = set(Vote.objects.filter(seat__in=rows).values_list("seat", "revision"))
    closed = policies.closed_to(user, [seat.panel.proposal for seat in rows if seat.state != State.RECUSED])
    return [_task(seat, (seat.pk, seat.revision) in reviewed, (seat.pk, seat.revision) in voted, closed) for seat in rows]


def _task(seat: Seat, reviewed: bool, voted: bool, closed: set[int]) -> Task:
    proposal = seat.panel.proposal
    if seat.state == State.RECUSED:
        return Task(proposal.ref, STEPPED_BACK)
    if seat.state == State.INVITED or proposal.pk in closed:
        return Task(proposal.ref, TO_DECLARE)
    if proposal.state == Proposal.State.DRAFT:
        return Task(proposal.ref, BEING_CHANGED, seat=seat)
    state = DONE if reviewed and voted else TO_VOTE if reviewed else TO_REVIEW
    return Task(proposal.ref, state, proposal.title, proposal.project.name, seat)


def counts(tasks: list[Task]) -> dict[str, int]:
    found = Counter(task.state for task in tasks)
    return {state: found[state] for state in (TO_DECLARE, TO_REVIEW, TO_VOTE, DONE, STEPPED_BACK)}


def waiting(request: HttpRequest) -> int:
    """How many proposals wait for this member to act."""
    if not isinstance(request.user, User):
        return 0
    return sum(task.state in (TO_DECLARE, TO_REVIEW, TO_VOTE) for task in queue(request.user))


def open_panels() -> QuerySet[Panel]:
    """For administrators: which panels are open. No title and no count is read from it."""
    return Panel.objects.filter(proposal__state__in=OPEN_STATES).select_related("proposal", "committee").order_by("pk")


def timeline(sheet: Sheet) -> list[Event]:
    """What happened on a panel, oldest first, for its cleared members."""
    panel, proposal = sheet.panel, sheet.panel.proposal
    events = [Event(revision.submitted_at, _submitted(revision.number, proposal), PUBLIC) for revision in proposal.revisions.all()]
    for member in sheet.members:
        seat = member.seat
        if seat.declared_at is not None:
            said = f"stepped back: {seat.get_ground_display().lower()}" if seat.state == State.RECUSED else "declared no conflict"
            events.append(Event(seat.declared_at, f"{seat.user.name} {said}.", PUBLIC if seat.state == State.RECUSED else PANEL_ONLY))
        if member.review is not None and member.review.submitted_at is not None:
            events.append(Event(member.review.submitted_at, f"{seat.user.name} handed in a review.", PANEL_ONLY))
    events.append(Event(panel.opened_at, f"Panel seated, {len(sheet.members)} members.", PANEL_ONLY))
    return sorted(events, key=lambda event: event.at)


def _submitted(number: int, proposal: Proposal) -> str:
    return f"Submitted by {proposal.applicant.name}." if number == 1 else f"Revision {number} submitted by {proposal.applicant.name}."


def decisions() -> QuerySet[Determination]:
    """The public record, newest first."""
    return Determination.objects.select_related("panel__proposal__project", "panel__proposal__call", "panel__committee")


def decision(ref: str) -> Determination | None:
    """One record with what it reserved and who stepped back."""
    found = decisions().select_related("decided_by", "panel__proposal__applicant", "panel__proposal__payee")
    return found.prefetch_related("shares__fund", "shares__reservation", "recusals").filter(panel__proposal__ref=ref).first()


def reasons_for_applicant(determination: Determination) -> list[Review]:
    """What the reviewers wrote for the applicant, without their names and in no telling order."""
    found = Review.objects.filter(
        seat__panel=determination.panel, revision=determination.revision, submitted_at__isnull=False, withdrawn_at=None
    )
    return sorted(found, key=lambda review: (review.recommendation, review.reasons))


def decided_refs(viewer: Viewer) -> QuerySet[Determination]:
    """The last decisions of panels on which the person had a seat."""
    return decisions().filter(panel__seats__user=viewer.pk)[:10]


def committees() -> QuerySet[Committee]:
    return Committee.objects.all()
