"""One transition table per lifecycle, checked by every verb that moves a row.

It is data and one check. It is not a state machine framework: verbs stay plain functions that can be found by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from funding.errors import Conflict


class IllegalTransition(Conflict):
    """A verb was asked to move a row from a state in which it is not allowed.

    Its reader is told what to do; which states these were is for the log, in the words of the code.
    """

    def __init__(self, what: str, current: str, target: str) -> None:
        super().__init__(_("It has moved on since you looked, so this cannot be done any more. Open its page to see how it stands now."))
        self.add_note(f"This {what} is {current}, so it cannot become {target}.")
        self.current = current
        self.target = target


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """`what` names the thing in the log; `table` maps each state to the states that may follow it."""

    what: str
    table: Mapping[str, frozenset[str]]

    def check(self, current: str, target: str) -> None:
        """Raise `IllegalTransition` unless `target` may follow `current`."""
        if target not in self.table[current]:
            raise IllegalTransition(self.what, current, target)

    def allows(self, current: str, target: str) -> bool:
        return target in self.table[current]


def lifecycle(what: str, **table: str) -> Lifecycle:
    """`lifecycle("invoice", open="paid void", paid="", void="")`: each state with the states that may follow it."""
    return Lifecycle(what, {state: frozenset(following.split()) for state, following in table.items()})
