"""I10 for the floor, recomputed from the rows: moves between funds, who acts for whom, and relations that were contested."""

from __future__ import annotations

from collections.abc import Iterator

from funding.ledger.checks import Tally
from funding.people import hindsight

MOVES = """
    SELECT 'The move FM-' || lpad(id::text, 4, '0') AS what, decided_by_id AS actor, decided_at AS at, true AS claims,
        ARRAY[asked_by_id] AS prepared, ARRAY[]::bigint[] AS people, ARRAY[]::bigint[] AS parties, ARRAY[]::text[] AS subjects
    FROM funds_fundmove WHERE state = 'done'
"""
VOUCHERS = """
    SELECT 'The voucher ' || id || ' (' || kind || ')' AS what, decided_by_id AS actor, decided_at AS at, true AS claims,
        ARRAY[asked_by_id] AS prepared, ARRAY[]::bigint[] AS people, array_remove(ARRAY[party_id], NULL) AS parties,
        ARRAY[]::text[] AS subjects
    FROM funds_voucher WHERE state = 'booked' AND kind NOT IN ('receipt', 'paid_off', 'bank_fee', 'processor_fees', 'tax_paid')
"""
ACTING = """
    SELECT 'The change ' || id || ' of who acts for a party' AS what, decided_by_id AS actor, decided_at AS at, true AS claims,
        ARRAY[asked_by_id] AS prepared, ARRAY[user_id] AS people, ARRAY[party_id] AS parties, ARRAY[]::text[] AS subjects
    FROM people_actingchange WHERE decided_by_id IS NOT NULL
"""
SETTLED = """
    SELECT 'The word on relation ' || id AS what, settled_by_id AS actor, settled_at AS at, false AS claims,
        ARRAY[user_id, other_id] AS prepared, ARRAY[user_id, other_id] AS people, ARRAY[]::bigint[] AS parties, ARRAY[]::text[] AS subjects
    FROM people_relation WHERE settled_by_id IS NOT NULL
"""


def two_people_decided(tally: Tally) -> Iterator[str]:
    """Nobody decided what they asked for themselves, or what was about them."""
    for name, acts in (("moves", MOVES), ("vouchers", VOUCHERS), ("changes of who acts", ACTING), ("relations settled", SETTLED)):
        tally.count(name, hindsight.count(acts))
        yield from hindsight.problems(acts)
