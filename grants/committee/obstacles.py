"""What would refuse a determination although the votes carry it, said on the page before anybody presses.

Apps above know more than the panel, so they register:

    obstacles.register("approver", find)        # find(proposal) -> a sentence, or "" when nothing is in the way

It is a warning and no gate: the verb asks again, in its own transaction.
"""

from __future__ import annotations

from collections.abc import Callable

from funding.people.models import User
from grants.committee.counting import Sheet
from grants.committee.models import Vote
from grants.proposals.models import Proposal

Find = Callable[[Proposal], str]

ALONE = "Nobody funds alone: it takes a vote in favour by somebody other than whoever publishes the decision."

_finders: dict[str, Find] = {}


def register(rule: str, find: Find) -> None:
    """`rule` is that of the refusal which the sentence announces. The same rule again replaces it."""
    _finders[rule] = find


def alone(sheet: Sheet, actor: User) -> bool:
    """Whether the only votes in favour are the actor's own: nobody commits money alone."""
    return not any(member.choice == Vote.Choice.FOR and member.seat.user_id != actor.pk for member in sheet.members)


def ahead(sheet: Sheet, actor: User) -> list[str]:
    """The sentences for whoever is about to fund this; empty when nothing is known to be in the way."""
    if not sheet.tally.ready or sheet.tally.outcome != "funded":
        return []
    said = [find(sheet.panel.proposal) for find in _finders.values()]
    return [*([ALONE] if alone(sheet, actor) else []), *filter(None, said)]
