"""I10 for payments, recomputed from the rows: releases, tax withheld, debts that were cancelled, and payees who were set free again."""

from __future__ import annotations

from collections.abc import Iterator

from funding.ledger.checks import Tally
from funding.people import hindsight

# Half days that were taken out of a run before its release are in no row of it any more, and benefited nobody.
PAID = """
    SELECT {by} AS paid, array_agg(DISTINCT w.worker_id) AS people, array_agg(DISTINCT o.payee_id) AS parties,
        array_agg(DISTINCT 'proposal:' || p.ref) AS subjects
    FROM payouts_payoutline l JOIN payouts_payout o ON o.id = l.payout_id JOIN timesheets_workentry w ON w.id = l.work_entry_id
    JOIN engagements_engagement e ON e.id = w.engagement_id JOIN proposals_proposal p ON p.id = e.proposal_id GROUP BY {by}
"""
RELEASES = f"""
    SELECT 'The release of run ' || r.number AS what, r.released_by_id AS actor, r.released_at AS at, true AS claims,
        r.prepared_by_id || coalesce(taxed.people, ARRAY[]::bigint[]) AS prepared, paid.people, paid.parties, paid.subjects
    FROM payouts_payoutrun r LEFT JOIN ({PAID.format(by="o.run_id")}) paid ON paid.paid = r.number
    LEFT JOIN (
        SELECT o.run_id, array_agg(DISTINCT h.by_id) AS people FROM payouts_withholding h JOIN payouts_payout o ON o.id = h.payout_id
        WHERE o.state <> 'held' GROUP BY 1
    ) taxed ON taxed.run_id = r.number
    WHERE r.released_by_id IS NOT NULL
"""
WITHHELD = f"""
    SELECT 'Withholding ' || h.id || ' from PO-' || lpad(h.payout_id::text, 4, '0') AS what, h.by_id AS actor, h.at AS at,
        true AS claims, ARRAY[]::bigint[] AS prepared, paid.people, paid.parties, paid.subjects
    FROM payouts_withholding h LEFT JOIN ({PAID.format(by="l.payout_id")}) paid ON paid.paid = h.payout_id
"""
DEBTS = f"""
    SELECT 'The ' || acts.verb || ' of debt ' || c.id AS what, acts.actor, acts.at, true AS claims,
        acts.prepared, paid.people, paid.parties, paid.subjects
    FROM payouts_debtcancellation c LEFT JOIN ({PAID.format(by="l.payout_id")}) paid ON paid.paid = c.payout_id
    CROSS JOIN LATERAL (VALUES
        ('request', c.asked_by_id, c.asked_at, ARRAY[]::bigint[]), ('cancellation', c.decided_by_id, c.decided_at, ARRAY[c.asked_by_id])
    ) AS acts(verb, actor, at, prepared)
    WHERE acts.actor IS NOT NULL
"""
LIFTED = """
    SELECT 'The end of freeze ' || id AS what, lifted_by_id AS actor, lifted_at AS at, true AS claims, ARRAY[]::bigint[] AS prepared,
        ARRAY[]::bigint[] AS people, ARRAY[party_id] AS parties, ARRAY[]::text[] AS subjects
    FROM payouts_freeze WHERE lifted_by_id IS NOT NULL
"""


def others_released(tally: Tally) -> Iterator[str]:
    """Nobody released what they prepared, or what pays themselves, their employer or somebody they have a relation with."""
    for name, acts in (("releases", RELEASES), ("withholdings", WITHHELD), ("words on debts", DEBTS), ("freezes ended", LIFTED)):
        tally.count(name, hindsight.count(acts))
        yield from hindsight.problems(acts)
