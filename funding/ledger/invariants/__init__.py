"""I1 to I7, each recomputed from the rows and the database's own catalogue, not from what the code believes.

They share nothing with the posting function except, in I5, the text form of a line.
"""

from __future__ import annotations

from collections.abc import Callable

from funding.ledger.checks import Check
from funding.ledger.invariants import balance, facts, guards, line, promises
from funding.ledger.sealing import checking


def register_all(register: Callable[[str, Check], None]) -> None:
    register("I1", balance.cash_is_explained)
    register("I2", balance.totals_are_sums)
    register("I3", balance.nothing_overdrawn)
    register("I4", guards.rows_are_guarded)
    register("I4", checking.sealed_days_say_what_they_said)
    register("I5", facts.facts_post_once)
    register("I6", line.links_add_up)
    register("I7", promises.reservations_add_up)
