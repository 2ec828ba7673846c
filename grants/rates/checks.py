"""I10 for day rates, recomputed from the rows: what `manage.py verify_books` says about who agreed to them."""

from __future__ import annotations

from collections.abc import Iterator

from funding.ledger.checks import Tally
from funding.people import hindsight

DECIDED = """
    SELECT 'The word on rate ' || id AS what, decided_by_id AS actor, decided_at AS at, true AS claims, ARRAY[proposed_by_id] AS prepared,
        ARRAY[user_id] AS people, ARRAY[]::bigint[] AS parties, ARRAY[]::text[] AS subjects
    FROM rates_ratecard WHERE state IN ('approved', 'declined')
"""


def rates_were_agreed_by_others(tally: Tally) -> Iterator[str]:
    """Nobody agreed to their own day rate, one that they proposed, or one of somebody they have a relation with."""
    tally.count("rates decided", hindsight.count(DECIDED))
    yield from hindsight.problems(DECIDED)
