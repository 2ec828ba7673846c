"""What would refuse a determination although the votes carry it, said on the page before anybody presses.

Apps above know more than the panel, so they register:

    obstacles.register("approver", find)        # find(proposal) -> a sentence, or "" when nothing is in the way

It is a warning and no gate: the verb asks again, in its own transaction.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from funding.people import independence
from funding.people.independence import Known
from funding.people.models import Relation, User
from grants.committee import policies
from grants.committee.counting import Sheet
from grants.committee.models import Vote
from grants.proposals.models import Proposal

Find = Callable[[Proposal], str]

_finders: dict[str, Find] = {}


def register(rule: str, find: Find) -> None:
    """`rule` is that of the refusal which the sentence announces. The same rule again replaces it."""
    _finders[rule] = find


def alone(sheet: Sheet, actor: User) -> bool:
    """Whether the only votes in favour are the actor's own: nobody commits money alone."""
    return not any(member.choice == Vote.Choice.FOR and member.seat.user_id != actor.pk for member in sheet.members)


def nobody_alone() -> str:
    return _("Nobody funds alone: it takes a vote in favour by somebody other than whoever publishes the decision.")


def open_claims(sheet: Sheet, known: Known | None = None) -> list[str]:
    """A sentence for each member whose review or vote counts although the applicant declared a relation that is not settled yet.

    It recuses nobody, so that an applicant cannot choose the panel by naming people; and nothing is published over it, so that it
    cannot be ignored. Whoever has done nothing holds nothing up.
    """
    counted = [member for member in sheet.members if member.sits and (member.choice or member.review is not None)]
    claims = independence.claimed([member.user for member in counted], policies.benefiting(sheet.panel.proposal), known=known)
    return [_said(member.user, claims[member.user.pk]) for member in counted if member.user.pk in claims]


def _said(member: User, claim: Relation) -> str:
    said = _("{user} declared a relation with {member}, who has not answered yet. It can be decided once they have.")
    if claim.state == Relation.State.CONTESTED:
        said = _(
            "{user} declared a relation with {member}, who contests it. "
            "An administrator or a chair who is tied to neither settles that first."
        )
    return said.format(user=claim.user, member=member)


def ahead(sheet: Sheet, actor: User) -> list[str]:
    """The sentences for whoever is about to publish this; empty when nothing is known to be in the way."""
    claims = open_claims(sheet) if sheet.tally.ready else []
    if not sheet.tally.ready or sheet.tally.outcome != "funded":
        return claims
    said = [find(sheet.panel.proposal) for find in _finders.values()]
    return [*claims, *([nobody_alone()] if alone(sheet, actor) else []), *filter(None, said)]
