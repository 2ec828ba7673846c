"""Who counts on a panel today, and what they have done: the facts that the arithmetic in rules.py is fed with.

A seat counts while its member still sits on the committee. Reviews and votes count for the present revision only, and
never from a recused seat.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from funding.people import roles
from funding.people.models import User
from funding.people.roles import Role
from grants.committee.models import Committee, Panel, Review, Seat, Vote
from grants.committee.rules import Tally

State = Seat.State


@dataclass(frozen=True, slots=True)
class Member:
    """One seat as it stands. `review` is the submitted one, `choice` the last vote ("" for none), both for the present revision."""

    seat: Seat
    sits: bool
    chairs: bool
    recused: bool
    review: Review | None
    choice: str

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


@dataclass(frozen=True, slots=True)
class Sheet:
    """A panel, counted. Seven queries, whatever its size."""

    panel: Panel
    revision: int
    members: list[Member]
    tally: Tally

    def member(self, user: User) -> Member | None:
        """The seat of somebody who still sits on the committee."""
        return next((member for member in self.members if member.seat.user_id == user.pk and member.sits), None)

    @property
    def deciders(self) -> list[Member]:
        """Who may make the determination: a chair who is free to; where every chair stepped back or left, any clear member."""
        chairs = [member for member in self.members if member.eligible and member.chairs]
        return [member for member in chairs or self.members if member.clear]

    @property
    def mark(self) -> str:
        """Changes when the count does. A form carries it, so that nobody publishes a count that they did not see."""
        tally = self.tally
        counts = (self.revision, tally.seated, tally.recused, tally.reviews, tally.votes_for, tally.votes_against, tally.abstained)
        return "-".join(map(str, counts))


def sheet(panel: Panel, *, also_recused: Collection[int] = ()) -> Sheet:
    """Count a panel. `also_recused` are user ids to be counted as recused although their seat does not say so yet."""
    chairs, sits = _holding(Role.CHAIR, panel.committee), sitting(panel.committee)
    revision = panel.proposal.revisions.count()
    reviews = {review.seat_id: review for review in submitted_reviews(panel, revision)}
    choices = dict(Vote.objects.filter(seat__panel=panel, revision=revision).order_by("pk").values_list("seat", "choice"))
    members = []
    for seat in panel.seats.select_related("user"):
        recused = seat.state == State.RECUSED or seat.user_id in also_recused
        review, choice = (None, "") if recused else (reviews.get(seat.pk), choices.get(seat.pk, ""))
        members.append(Member(seat, seat.user_id in sits, seat.user_id in chairs, recused, review, choice))
    return Sheet(panel, revision, members, _tally(panel, members))


def sitting(committee: Committee) -> set[int]:
    """User ids of everybody who sits on the committee today."""
    return _holding(Role.CHAIR, committee) | _holding(Role.MEMBER, committee)


def _holding(role: str, committee: Committee) -> set[int]:
    return set(roles.holders(role, committee.subject).values_list("pk", flat=True))


def submitted_reviews(panel: Panel, revision: int) -> list[Review]:
    found = Review.objects.filter(seat__panel=panel, revision=revision, submitted_at__isnull=False, withdrawn_at=None)
    return list(found.select_related("seat__user"))


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
