"""Who counts on a panel today, and what they have done: the facts that the arithmetic in rules.py is fed with.

A seat counts while its member still sits on the committee. Reviews and votes count for the present revision only, and
only from a seat whose member has declared that there is no conflict.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, FilteredRelation, OuterRef, Q, Subquery

from funding.people import roles
from funding.people.models import User
from funding.people.roles import Role
from grants.committee.models import Committee, Opening, Panel, Review, Seat, Vote
from grants.committee.rules import Tally

State = Seat.State
REGULAR = (Role.CHAIR, Role.DEPUTY, Role.MEMBER)


@dataclass(frozen=True, slots=True)
class Member:
    """One seat as it stands. `review` is the submitted one, `choice` the last vote ("" for none), both for the present revision."""

    seat: Seat
    sits: bool
    chairs: bool
    deputises: bool
    recused: bool
    review: Review | None
    choice: str
    excused: bool = False

    @property
    def user(self) -> User:
        return self.seat.user

    @property
    def eligible(self) -> bool:
        return self.sits and not self.recused

    @property
    def clear(self) -> bool:
        """Eligible, and has declared that there is no conflict."""
        return self.eligible and self.seat.state == State.CLEAR

    @property
    def awaited(self) -> bool:
        """A review is asked of them and is not in."""
        return self.eligible and self.review is None and not self.excused


@dataclass(frozen=True, slots=True)
class Sheet:
    """A panel, counted. Four queries, whatever its size. `opening` is None while the reviews are sealed."""

    panel: Panel
    revision: int
    members: list[Member]
    tally: Tally
    set_aside: int
    """Votes on the present revision that were cast and count no more, because their members stepped back since."""
    opening: Opening | None = None

    @property
    def due_at(self) -> dt.datetime:
        """When the reviews of the present revision are due."""
        submitted = self.panel.proposal.submitted_at or self.panel.opened_at
        return submitted + dt.timedelta(days=self.panel.review_days)

    @property
    def awaited(self) -> list[Member]:
        return [member for member in self.members if member.awaited]

    def member(self, user: User) -> Member | None:
        """The seat of somebody who still sits on the committee."""
        return next((member for member in self.members if member.seat.user_id == user.pk and member.sits), None)

    @property
    def deciders(self) -> list[Member]:
        """Who may make the determination: a chair who is free to; where every chair stepped back or left, a deputy; where every
        deputy did too, any clear member."""
        eligible = [member for member in self.members if member.eligible]
        chairs = [member for member in eligible if member.chairs]
        deputies = [member for member in eligible if member.deputises]
        return [member for member in chairs or deputies or eligible if member.clear]

    @property
    def mark(self) -> str:
        """Changes when the count does. A form carries it, so that nobody publishes a count that they did not see."""
        tally = self.tally
        counts = (self.revision, tally.seated, tally.recused, tally.reviews, tally.votes_for, tally.votes_against, tally.abstained)
        return "-".join(map(str, counts))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a count is made of, by user id (who sits, chairs, deputises, is excluded by now) and by seat id (reviews, votes, excuses)."""

    sits: Collection[int]
    chairs: Collection[int]
    deputies: Collection[int]
    excluded: Collection[int]
    reviews: Mapping[int, Review]
    choices: Mapping[int, str]
    excused: Collection[int] = ()


def seats_of(panel: Panel, revision: int, *, reader: int | None = None) -> list[Seat]:
    """The seats with their users, what each has done about this revision, and when its reviews opened. One query.

    `written` is a review that was handed in and counts; of what does not, only the reader's own (a user id) is read. `excuse`,
    `choice` (the last vote) and `opened` are None where there is none.
    """
    handed_in = Q(reviews__submitted_at__isnull=False, reviews__withdrawn_at=None)
    votes = Vote.objects.filter(seat=OuterRef("pk"), revision=revision).order_by("-pk")
    found: Any = panel.seats.annotate(
        written=FilteredRelation("reviews", condition=Q(reviews__revision=revision) & (handed_in | Q(user=reader))),
        excuse=FilteredRelation("excuses", condition=Q(excuses__revision=revision)),
        choice=Subquery(votes.values("choice")[:1]),
        now=FilteredRelation("panel__openings", condition=Q(panel__openings__revision=revision)),
        opened=F("now__opened_at"),
        because=F("now__because"),
    )
    seats = list(found.select_related("user", "written", "excuse"))
    for seat in seats:  # Django sets what it found and leaves out what it did not
        seat.written, seat.excuse = getattr(seat, "written", None), getattr(seat, "excuse", None)
    return seats


def sheet(panel: Panel, *, also_recused: Collection[int] = (), seats: list[Seat] | None = None) -> Sheet:
    """Count a panel. `also_recused` are user ids to be counted as recused although their seat does not say so yet.

    `seats` are those of `seats_of`, where they have been read already.
    """
    revision, held = panel.proposal.revisions.count(), roles.held_over(panel.committee.subject)
    found: list[Any] = seats_of(panel, revision) if seats is None else list(seats)
    facts = Facts(
        sits=_holding(held, *REGULAR, Role.ALTERNATE),
        chairs=_holding(held, Role.CHAIR),
        deputies=_holding(held, Role.DEPUTY),
        excluded=also_recused,
        reviews={seat.pk: seat.written for seat in found if seat.written and seat.written.submitted_at and not seat.written.withdrawn_at},
        choices={seat.pk: seat.choice for seat in found if seat.choice},
        excused={seat.pk for seat in found if seat.excuse},
    )
    opened = next((seat for seat in found if seat.opened), None)
    opening = Opening(panel=panel, revision=revision, because=opened.because, opened_at=opened.opened) if opened else None
    return count(panel, revision, found, facts, opening)


def count(panel: Panel, revision: int, seats: Sequence[Seat], facts: Facts, opening: Opening | None = None) -> Sheet:
    """The sheet of these seats. Pure: it asks the database nothing."""
    members = [_member(seat, facts) for seat in seats]
    set_aside = sum(member.recused and member.sits and member.seat.pk in facts.choices for member in members)
    return Sheet(panel, revision, members, _tally(panel, members), set_aside, opening)


def _member(seat: Seat, facts: Facts) -> Member:
    pk = seat.user_id
    recused = seat.state == State.RECUSED or pk in facts.excluded
    counts = seat.state == State.CLEAR and not recused
    review, choice = (facts.reviews.get(seat.pk), facts.choices.get(seat.pk, "")) if counts else (None, "")
    return Member(seat, pk in facts.sits, pk in facts.chairs, pk in facts.deputies, recused, review, choice, seat.pk in facts.excused)


def sitting(committee: Committee) -> set[int]:
    """User ids of everybody whose seat counts today. An alternate counts where they have one."""
    return _holding(roles.held_over(committee.subject), *REGULAR, Role.ALTERNATE)


def regulars(committee: Committee) -> set[int]:
    """User ids of those who sit on every panel."""
    return _holding(roles.held_over(committee.subject), *REGULAR)


def _holding(held: set[tuple[str, int]], *among: str) -> set[int]:
    return {pk for role, pk in held if role in among}


def _tally(panel: Panel, members: list[Member]) -> Tally:
    sitting = [member for member in members if member.sits]
    eligible = [member for member in sitting if member.eligible]
    choices = [member.choice for member in eligible]
    return Tally(
        rules=panel.rules,
        seated=len(sitting),
        recused=len(sitting) - len(eligible),
        reviews=sum(member.review is not None for member in eligible),
        votes_for=choices.count(Vote.Choice.FOR),
        votes_against=choices.count(Vote.Choice.AGAINST),
        abstained=choices.count(Vote.Choice.ABSTAIN),
    )
