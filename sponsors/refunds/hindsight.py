"""I10 for refunds, recomputed from the rows: who asked for one, and who let go what takes somebody else's money."""

from __future__ import annotations

from collections.abc import Iterator

from funding.ledger.checks import Tally
from funding.people import hindsight

# A refund of the sponsor's own unspent money takes one person; with somebody else's money it takes two.
REFUNDS = """
    SELECT 'The ' || acts.verb || ' of ' || r.ref AS what, acts.actor, acts.at, true AS claims, acts.prepared,
        ARRAY[]::bigint[] AS people, ARRAY[s.party_id] AS parties, ARRAY[]::text[] AS subjects
    FROM refunds_refund r JOIN invoices_payment p ON p.id = r.payment_id JOIN invoices_invoice i ON i.id = p.invoice_id
    JOIN sponsorships_sponsorship s ON s.id = i.sponsorship_id
    CROSS JOIN LATERAL (VALUES
        ('request', r.asked_by_id, r.asked_at, ARRAY[]::bigint[]),
        ('approval', CASE WHEN r.state <> 'declined' THEN r.decided_by_id END, r.decided_at,
            CASE WHEN r.from_others > 0 THEN ARRAY[r.asked_by_id] ELSE ARRAY[]::bigint[] END)
    ) AS acts(verb, actor, at, prepared)
    WHERE r.origin = 'desk' AND acts.actor IS NOT NULL
"""


def refunds_benefit_others(tally: Tally) -> Iterator[str]:
    """Nobody refunded themselves, their employer or somebody they have a relation with, and others' money took two people."""
    tally.count("words on refunds", hindsight.count(REFUNDS))
    yield from hindsight.problems(REFUNDS)
