"""I10 for awards, recomputed from the rows: each takes two people to open, and two for what is corrected, met or given back."""

from __future__ import annotations

from collections.abc import Iterator

from funding.ledger.checks import Tally
from funding.people import hindsight

NOBODY = "ARRAY[]::bigint[] AS people, ARRAY[]::bigint[] AS parties, ARRAY[]::text[] AS subjects"
OPENED = f"""
    SELECT 'The opening of award ' || id AS what, activated_by_id AS actor, activated_at AS at, true AS claims,
        array_remove(ARRAY[agreed_by_id, written_by_id], NULL) AS prepared, {NOBODY}
    FROM awards_award WHERE activated_by_id IS NOT NULL
"""
MET = f"""
    SELECT 'The word on the condition of tranche ' || id AS what, coalesce(met_by_id, returned_by_id) AS actor,
        coalesce(met_at, claimed_at) AS at, true AS claims, array_remove(ARRAY[claimed_by_id], NULL) AS prepared, {NOBODY}
    FROM awards_tranche WHERE met_by_id IS NOT NULL OR returned_by_id IS NOT NULL
"""
DECIDED = f"""
    SELECT 'The word on ' || what || ' ' || id AS what, decided_by_id AS actor, decided_at AS at, true AS claims,
        ARRAY[asked_by_id] AS prepared, {NOBODY}
    FROM (
        SELECT 'giving back' AS what, id, state, asked_by_id, decided_by_id, decided_at FROM awards_givingback
        UNION ALL SELECT 'correction', id, state, asked_by_id, decided_by_id, decided_at FROM awards_correction
    ) asked WHERE state = 'done'
"""


def awards_took_two(tally: Tally) -> Iterator[str]:
    """Nobody opened an award that they wrote, or agreed to what they asked for of one."""
    for name, acts in (("awards opened", OPENED), ("conditions decided", MET), ("requests of awards done", DECIDED)):
        tally.count(name, hindsight.count(acts))
        yield from hindsight.problems(acts)
