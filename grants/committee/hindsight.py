"""I10 for decisions, recomputed from the rows: reviews, votes, determinations and the ends of waiting.

A sentence names a vote or a review by its own number and not by its proposal, and only what is published is counted: whoever stepped
back from an open proposal learns nothing of it from the books.
"""

from __future__ import annotations

from collections.abc import Iterator

from funding.ledger.checks import Tally
from funding.people import hindsight

# What the applicant alone says of a member binds that member's answer, not their vote: an applicant chooses no judges.
BENEFITS = """false AS claims, ARRAY[]::bigint[] AS prepared, ARRAY[p.applicant_id] AS people, ARRAY[p.payee_id] AS parties,
    ARRAY['proposal:' || p.ref] AS subjects"""
PROPOSAL = "JOIN committee_panel n ON n.id = s.panel_id JOIN proposals_proposal p ON p.id = n.proposal_id"
PUBLISHED = "JOIN committee_determination d ON d.panel_id = n.id"

VOTES = f"""
    SELECT 'Vote ' || v.id AS what, s.user_id AS actor, v.cast_at AS at, {BENEFITS}
    FROM committee_vote v JOIN committee_seat s ON s.id = v.seat_id {PROPOSAL}
"""
REVIEWS = f"""
    SELECT 'Review ' || r.id AS what, s.user_id AS actor, r.submitted_at AS at, {BENEFITS}
    FROM committee_review r JOIN committee_seat s ON s.id = r.seat_id {PROPOSAL} WHERE r.submitted_at IS NOT NULL
"""
DECISIONS = f"""
    SELECT 'The decision on ' || p.ref AS what, s.decided_by_id AS actor, s.published_at AS at, {BENEFITS}
    FROM committee_determination s {PROPOSAL}
"""
ENDINGS = f"""
    SELECT 'The end of waiting for ' || p.ref AS what, g.ended_by_id AS actor, g.ended_at AS at, {BENEFITS}
    FROM committee_ending g JOIN committee_determination s ON s.id = g.determination_id {PROPOSAL}
"""


def the_independent_decided(tally: Tally) -> Iterator[str]:
    """Nobody reviewed, voted on or decided what benefits themselves, their employer or somebody they have a relation with."""
    for name, acts, settled in (
        ("votes", VOTES, f"{VOTES} {PUBLISHED}"),
        ("reviews", REVIEWS, f"{REVIEWS.replace(' WHERE', f' {PUBLISHED} WHERE')}"),
        ("decisions", DECISIONS, DECISIONS),
        ("ends of waiting", ENDINGS, ENDINGS),
    ):
        tally.count(name, hindsight.count(settled))
        yield from hindsight.problems(acts)
