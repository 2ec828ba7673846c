"""Reads for the queue, the panel's record and the public decisions. Lists take a constant number of queries."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Max, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.components.parts import Event, Pill
from funding.funds.models import Project
from funding.funds.needs import Told
from funding.people import roles
from funding.people.models import RoleGrant, User
from funding.people.roles import Role, Viewer
from funding.people.subjects import Choice
from funding.web import ahead
from funding.web.ahead import Question
from grants.committee import counting, policies
from grants.committee.counting import Sheet
from grants.committee.models import Committee, Determination, Excuse, Letter, Opening, Panel, Review, Score, Seat, Vote
from grants.committee.scoring import Spread, Weighted, spread, weighted
from grants.committee.services.alternates import employers
from grants.proposals.models import Call, Criterion, Proposal

State = Seat.State
OPEN_STATES = (Proposal.State.SUBMITTED, Proposal.State.DRAFT)
TO_DECLARE, TO_REVIEW, SEALED, TO_VOTE, DONE, STEPPED_BACK, BEING_CHANGED = (
    "declare", "review", "sealed", "vote", "done", "recused", "changing"
)  # fmt: skip
PUBLIC, PANEL_ONLY = Pill(gettext_lazy("Public"), "pen"), Pill(gettext_lazy("Panel only"))


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
    reviewed |= set(Excuse.objects.filter(seat__in=rows).values_list("seat", "revision"))
    opened = set(Opening.objects.filter(panel__seats__in=rows).values_list("panel", "revision"))
    closed = policies.closed_to(user, [seat.panel.proposal for seat in rows if seat.state != State.RECUSED])
    return [
        _task(
            seat,
            reviewed=(seat.pk, seat.revision) in reviewed,
            opened=(seat.panel_id, seat.revision) in opened,
            voted=(seat.pk, seat.revision) in voted,
            closed=closed,
        )
        for seat in rows
    ]


def _task(seat: Seat, *, reviewed: bool, opened: bool, voted: bool, closed: set[int]) -> Task:
    proposal = seat.panel.proposal
    if seat.state == State.RECUSED:
        return Task(proposal.ref, STEPPED_BACK)
    if seat.state == State.INVITED or proposal.pk in closed:
        return Task(proposal.ref, TO_DECLARE)
    if proposal.state == Proposal.State.DRAFT:
        return Task(proposal.ref, BEING_CHANGED, seat=seat)
    if opened:
        state = DONE if voted else TO_VOTE
    else:
        state = SEALED if reviewed else TO_REVIEW
    return Task(proposal.ref, state, proposal.title, proposal.project.name, seat)


def counts(tasks: list[Task]) -> dict[str, int]:
    found = Counter(task.state for task in tasks)
    return {state: found[state] for state in (TO_DECLARE, TO_REVIEW, SEALED, TO_VOTE, DONE, STEPPED_BACK)}


def waiting(request: HttpRequest) -> int:
    """How many proposals wait for this member to act."""
    if not isinstance(request.user, User):
        return 0
    return sum(task.state in (TO_DECLARE, TO_REVIEW, TO_VOTE) for task in queue(request.user)) + len(letters_to_write(request.user))


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
            events.append(Event(seat.declared_at, _declared(seat), PUBLIC if seat.state == State.RECUSED else PANEL_ONLY))
        if member.review is not None and member.review.submitted_at is not None:
            events.append(Event(member.review.submitted_at, _("{name} sealed a review.").format(name=seat.user.name), PANEL_ONLY))
    if sheet.opening is not None:
        events.append(
            Event(
                sheet.opening.opened_at,
                _("Reviews opened to the panel. {because}.").format(because=sheet.opening.get_because_display()),
                PANEL_ONLY,
            )
        )
    else:
        events.append(Event(sheet.due_at, _("Reviews open to the panel, if enough are in."), due=True))
    events.append(Event(panel.opened_at, _("Panel seated, {members} members.").format(members=len(sheet.members)), PANEL_ONLY))
    return sorted(events, key=lambda event: event.at)


@dataclass(frozen=True, slots=True)
class Board:
    """The scores of opened reviews: one spread for each criterion and one of the weighted totals, by member in order."""

    criteria: list[tuple[Criterion, Spread | None]]
    total: Spread | None
    marks: dict[int, list[Score]]
    totals: dict[int, Weighted | None]


@dataclass(frozen=True, slots=True)
class Rubric:
    """The criteria of a call in order, and the scores of some reviews by review id, in that order too."""

    criteria: list[Criterion]
    marks: dict[int, list[Score]]


def rubric(call: Call, reviews: Collection[int]) -> Rubric:
    """The criteria with what these reviews give them. One query."""
    given = Score.objects.filter(criterion=OuterRef("pk"), review__in=reviews).order_by()
    told = JSONObject(pk="pk", review_id="review", points="points", skipped="skipped", comment="comment")
    criteria: list[Any] = list(call.criteria.annotate(given=ArraySubquery(given.values_list(told))))
    marks: dict[int, list[Score]] = {}
    for criterion in criteria:
        for fields in criterion.given or ():  # none, where there are no reviews
            marks.setdefault(fields["review_id"], []).append(Score(criterion=criterion, **fields))
    return Rubric(criteria, marks)


def board(sheet: Sheet, rubric: Rubric) -> Board | None:
    """The scores of the eligible, for a panel whose reviews are open; None where the call has no criteria.

    Whoever draws it has asked policies.opened_reviews first. `marks` and `totals` are by review id.
    """
    criteria = rubric.criteria
    if not criteria:
        return None
    reviews = [member.review.pk for member in sheet.members if member.eligible and member.review is not None]
    marks = {pk: rubric.marks.get(pk, []) for pk in reviews}
    totals = {pk: weighted((it.criterion.weight, it.points) for it in found) for pk, found in marks.items()}
    points: dict[int, list[int]] = {criterion.pk: [] for criterion in criteria}
    for it in (score for found in marks.values() for score in found):
        if it.points is not None:
            points[it.criterion_id].append(it.points)
    by_criterion = [(criterion, spread(points[criterion.pk])) for criterion in criteria]
    return Board(by_criterion, spread(total.score for total in totals.values() if total), marks, totals)


def _declared(seat: Seat) -> str:
    if seat.state == State.RECUSED:
        return _("{name} stepped back: {ground}.").format(name=seat.user.name, ground=seat.get_ground_display().lower())
    return _("{name} declared no conflict.").format(name=seat.user.name)


def _submitted(number: int, proposal: Proposal) -> str:
    said = _("Submitted by {name}.") if number == 1 else _("Revision {number} submitted by {name}.")
    return said.format(number=number, name=proposal.applicant.name)


def decisions() -> QuerySet[Determination]:
    """The public record, newest first."""
    with_money = Determination.objects.select_related("funding__share__fund", "ending__ended_by")
    return with_money.select_related("panel__proposal__project", "panel__proposal__call", "panel__committee")


def of_project(project: Project) -> QuerySet[Determination]:
    """Those about one project."""
    return decisions().filter(panel__proposal__project=project)


def decision(ref: str) -> Determination | None:
    """One record with what it reserved and who stepped back."""
    found = decisions().select_related("decided_by", "panel__proposal__applicant", "panel__proposal__payee")
    return found.prefetch_related("shares__fund", "shares__reservation", "recusals").filter(panel__proposal__ref=ref).first()


def told(abouts: Iterable[str]) -> dict[str, Told]:
    """What approved proposals that wait for money are called, and whom the money would pay. One query."""
    refs = {about.partition(":")[2]: about for about in abouts}
    return {
        refs[it.ref]: Told(f"{it.ref}: {it.title}", reverse("committee:decision", args=[it.ref]), (it.applicant, it.payee))
        for it in ahead.rows(_approved(refs.values()))
    }


def asks(abouts: Iterable[str]) -> list[Question]:
    """What `told` asks."""
    return [_approved(abouts)]


def _approved(abouts: Iterable[str]) -> QuerySet[Proposal]:
    return Proposal.objects.filter(ref__in=[about.partition(":")[2] for about in abouts]).select_related("applicant", "payee")


def reasons_for_applicant(determination: Determination) -> list[Review]:
    """What the reviewers wrote for the applicant, without their names and in no telling order."""
    found = Review.objects.filter(
        seat__panel=determination.panel, revision=determination.revision, submitted_at__isnull=False, withdrawn_at=None
    )
    return sorted(found.prefetch_related("scores__criterion"), key=lambda review: (review.recommendation, review.reasons))


def letter(determination: Determination) -> Letter | None:
    """What was sent to the applicant, or None while it is not written."""
    return Letter.objects.filter(determination=determination).select_related("sent_by").first()


def letters_to_write(user: User) -> list[Determination]:
    """Decisions whose applicant waits for a letter from this person: whoever published them, and the chairs who were clear."""
    chaired = roles.subjects_of(user, roles.Role.CHAIR, "committee")
    seated = decisions().filter(letter=None, panel__seats__user=user, panel__seats__state=State.CLEAR)
    return list(seated.filter(Q(decided_by=user) | Q(panel__committee__slug__in=chaired)).distinct())


def decided_refs(viewer: Viewer) -> QuerySet[Determination]:
    """The last decisions of panels on which the person had a seat."""
    return decisions().filter(panel__seats__user=viewer.pk)[:10]


def committees() -> QuerySet[Committee]:
    return Committee.objects.all()


@dataclass(frozen=True, slots=True)
class CommitteeMember:
    """One person as the committee's page names them: their first role, its last day (or None), and whether they vote on each panel."""

    name: str
    role: str
    until: dt.date | None
    votes: bool


def members(committee: Committee) -> list[CommitteeMember]:
    """Chairs, deputies and members, then the alternates in the order in which they would be called. One query."""
    order = [Role.CHAIR, Role.DEPUTY, Role.MEMBER, Role.ALTERNATE]
    grants = RoleGrant.objects.filter(roles.in_force(), subject=committee.subject, role__in=order).select_related("user")
    first: dict[int, RoleGrant] = {}
    for grant in sorted(
        grants, key=lambda grant: (order.index(Role(grant.role)), grant.role != Role.ALTERNATE and grant.user.name, grant.pk)
    ):
        first.setdefault(grant.user_id, grant)
    return [
        CommitteeMember(grant.user.name, str(Role(grant.role).label), grant.until, grant.role != Role.ALTERNATE) for grant in first.values()
    ]


def concentrated(committee: Committee) -> bool:
    """True if an employer has more members than the rules allow: somebody changed jobs since. Whose it is stays with them."""
    limit = committee.employer_limit
    return bool(limit) and any(len(staff) > limit for staff in employers(sorted(counting.regulars(committee))).values())
