"""I10 for days of work, recomputed from the rows: what `manage.py verify_books` says about approvals."""

from __future__ import annotations

from collections.abc import Iterator

from funding.ledger.checks import Tally
from funding.people import hindsight

APPROVALS = """
    SELECT 'The approval of W-' || lpad(w.id::text, 4, '0') AS what, w.approved_by_id AS actor, w.approved_at AS at, true AS claims,
        ARRAY[w.worker_id, e.worker_id] AS prepared, ARRAY[w.worker_id, e.worker_id] AS people, ARRAY[e.payee_id] AS parties,
        ARRAY['proposal:' || p.ref] AS subjects
    FROM timesheets_workentry w JOIN engagements_engagement e ON e.id = w.engagement_id JOIN proposals_proposal p ON p.id = e.proposal_id
    WHERE w.approved_by_id IS NOT NULL
"""


def days_were_approved_by_others(tally: Tally) -> Iterator[str]:
    """Nobody approved half days that they worked, or that pay themselves, their employer or somebody they have a relation with."""
    tally.count("half days approved", hindsight.count(APPROVALS))
    yield from hindsight.problems(APPROVALS)
