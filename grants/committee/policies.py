"""Who may see and do what on a panel. A recused member sees that they stepped back, and nothing else before publication."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from django.http import HttpRequest
from django.utils.translation import gettext as _

from funding.errors import Refused
from funding.people import independence, roles
from funding.people.independence import Known
from funding.people.lookback import cooling_since
from funding.people.models import Party, Relation, User
from funding.people.roles import Role, Viewer
from grants.committee import counting, ties
from grants.committee.counting import Sheet
from grants.committee.models import Determination, Panel, Seat
from grants.proposals.models import Proposal

State = Seat.State
SEATS = {Role.CHAIR, Role.DEPUTY, Role.MEMBER}
"""Roles that sit on every panel of the committee."""
BENCH = {*SEATS, Role.ALTERNATE}
"""And the one that sits where somebody had to step back."""


class Access(StrEnum):
    """What somebody reaches of a panel before its decision is published."""

    NONE = "none"
    RECUSED = "recused"
    UNDECLARED = "undeclared"
    CLEAR = "clear"


def sits(user: Viewer, panel: Panel) -> bool:
    return roles.has_any(user, BENCH, panel.committee.subject)


def seat_of(user: Viewer, panel: Panel) -> Seat | None:
    """The person's seat, while they still sit on the committee. Access ends with the role."""
    if not sits(user, panel):
        return None
    return Seat.objects.filter(panel=panel, user=user.pk).select_related("user").first()


def access(seat: Seat | None, proposal: Proposal, excluded: Collection[int] | None = None, known: Known | None = None) -> Access:
    """A cleared member whom a rule excludes by now has to declare again before anything opens.

    Where the page has asked for the whole panel already, `excluded` are the user ids that a rule excludes by now, and `known`
    is what was read to tell them.
    """
    if seat is None:
        return Access.NONE
    if seat.state == State.RECUSED:
        return Access.RECUSED
    if seat.state != State.CLEAR:
        return Access.UNDECLARED
    by_rule = hindrance(seat.user, proposal) is not None if excluded is None else seat.user_id in excluded
    return Access.UNDECLARED if by_rule or unanswered(seat.user, proposal, known) is not None else Access.CLEAR


def require_seat(actor: User, panel: Panel) -> Seat:
    """Raise Refused (rule seat) unless the actor sits on the panel today."""
    seat = seat_of(actor, panel)
    if seat is None:
        raise Refused(_("Only the members of this panel may do this."), rule="seat")
    return seat


def require_clear(actor: User, panel: Panel, act: str) -> Seat:
    """Raise Refused unless the actor sits here, has declared no conflict, and is independent of who would benefit.

    Rules: seat, recused, undeclared, claim, and those of the independence gate. `act` follows “You cannot”.
    """
    seat = require_seat(actor, panel)
    if seat.state == State.RECUSED:
        raise Refused(_("You cannot {act}. You stepped back from this proposal.").format(act=act), rule="recused")
    require_independence(actor, panel.proposal, act)
    require_answer(actor, panel.proposal)
    if seat.state != State.CLEAR:
        raise Refused(_("You cannot {act} before you have declared whether you have a conflict.").format(act=act), rule="undeclared")
    return seat


def require_independence(actor: User, proposal: Proposal, act: str) -> None:
    """Raise Refused unless the gate lets the actor decide about this proposal (I10)."""
    found = hindrance(actor, proposal)
    if found is not None:
        raise Refused(_("You cannot {act}. {sentence}").format(act=act, sentence=found.sentence), rule=found.rule)


def look(users: Iterable[User], proposal: Proposal) -> Known:
    """What the gate reads about these members and this proposal, for whoever asks it more than once."""
    return independence.look({user.pk for user in users}, benefiting(proposal), [proposal.subject])


def hindrances(users: Iterable[User], proposal: Proposal, known: Known | None = None) -> dict[int, independence.Hindrance]:
    """User id → why that member may not decide about this proposal.

    The gate, then leading the project that asks (today or within the cooling months), then shared work. What only the applicant
    says of a member is not in it: an applicant chooses no judges. `require_answer` and the determination deal with that.
    """
    users = list(users)
    asked = {user.pk for user in users}
    found = independence.hindrances(users, claims=False, known=known or look(users, proposal))
    leads = roles.held_since(Role.MAINTAINER, proposal.project.subject, cooling_since()) & asked
    shared = {pk: hindrance for (pk, __), hindrance in ties.hindrances(asked, [proposal.applicant_id]).items()}
    said = _("You lead the project that asks for the days, or did until lately, so somebody else has to decide it.")
    return shared | dict.fromkeys(leads, independence.Hindrance("maintainer", said)) | found


def benefiting(proposal: Proposal) -> list[User | Party]:
    return [proposal.applicant, proposal.payee]


def unanswered(user: User, proposal: Proposal, known: Known | None = None) -> Relation | None:
    """A relation that the applicant declared with this member, who has neither confirmed nor contested it, or None."""
    claim = independence.claimed([user], benefiting(proposal), known=known).get(user.pk)
    return claim if claim is not None and claim.state == Relation.State.DECLARED else None


def require_answer(user: User, proposal: Proposal) -> None:
    """Raise Refused (rule claim) while a relation that the applicant declared with this member waits for their answer."""
    if claim := unanswered(user, proposal):
        raise Refused(
            _("{user} declared a relation with you. Confirm it or contest it on your profile first.").format(user=claim.user), rule="claim"
        )


def hindrance(user: User, proposal: Proposal) -> independence.Hindrance | None:
    """Why this member may not decide about this proposal, or None."""
    return hindrances([user], proposal).get(user.pk)


def closed_to(user: User, proposals: Iterable[Proposal]) -> set[int]:
    """Ids of those proposals that the member may not decide by now. As few queries for many as for one, while there are none.

    The gate is asked once about all of them together; only when it says no is it asked about each.
    """
    proposals = list(proposals)
    parties = [party for proposal in proposals for party in (proposal.applicant, proposal.payee)]
    together = independence.hindrance(user, beneficiaries=parties, subjects=[proposal.subject for proposal in proposals])  # claims too
    led = roles.ever_held(user, Role.MAINTAINER)
    shared = ties.hindrances([user.pk], {proposal.applicant_id for proposal in proposals})
    if together is None and not led and not shared:
        return set()
    return {proposal.pk for proposal in proposals if hindrance(user, proposal) is not None or unanswered(user, proposal) is not None}


def require_decider(actor: User, sheet: Sheet) -> None:
    """Raise Refused (rule chair) unless the determination is this member's to make."""
    if actor.pk not in {member.seat.user_id for member in sheet.deciders}:
        raise Refused(
            _(
                "The chair makes the determination. A deputy does only where every chair has stepped back, and another member where "
                "every deputy has too."
            ),
            rule="chair",
        )


def may_decide(user: User, sheet: Sheet) -> bool:
    return user.pk in {member.seat.user_id for member in sheet.deciders}


def ends_waiting(user: Viewer, determination: Determination) -> bool:
    """Whether the person's role lets them end the wait of approved work; independence is asked separately."""
    committee = determination.panel.committee
    return roles.has(user, Role.ADMIN) or roles.has(user, Role.CHAIR, committee.subject)


def require_ender(actor: User, determination: Determination) -> None:
    """Raise Refused (rule chair, or independence) unless this person may end the wait of approved work."""
    if not ends_waiting(actor, determination):
        raise Refused(_("The committee's chair or an administrator ends what waits for money."), rule="chair")
    require_independence(actor, determination.panel.proposal, _("end this"))


def writes_letter(user: Viewer, determination: Determination, *, sent: bool) -> bool:
    """Whether the page of a decision leads the person to the letter: whoever decides, and once it is sent every clear member."""
    panel = determination.panel
    seat = seat_of(user, panel) if isinstance(user, User) else None
    if seat is None or access(seat, panel.proposal) != Access.CLEAR:
        return False
    return sent or may_decide(seat.user, counting.sheet(panel))


def opened_reviews(user: User, sheet: counting.Sheet) -> list[counting.Member]:
    """The members whose reviews the person may read: all of them once they are open, nobody's before, the chair included."""
    own = sheet.member(user)
    if own is None or not own.clear or sheet.opening is None:
        return []
    return [member for member in sheet.members if member.eligible and member.review is not None]


def sees_votes(user: User, sheet: counting.Sheet) -> bool:
    """How the votes stand, as numbers: from the quorum on, for those who have voted themselves and for whoever decides.

    Before the quorum the numbers would tell who voted how, because the page says who has voted.
    """
    own = sheet.member(user)
    if own is None or not own.clear or sheet.tally.voted < sheet.tally.quorum:
        return False
    return bool(own.choice) or may_decide(user, sheet)


def committees_of(user: Viewer) -> set[str]:
    """The slugs of the committees on which the person sits."""
    return set(roles.subjects_of_any(user, BENCH, "committee"))


def may_manage(user: Viewer) -> bool:
    return roles.has(user, Role.ADMIN)


def shows_queue(request: HttpRequest) -> bool:
    return bool(committees_of(request.user)) or may_manage(request.user)
