"""I5: each business fact is in the books once, as it was posted."""

from __future__ import annotations

from collections.abc import Iterator

from funding.ledger.checks import Tally
from funding.ledger.invariants.rows import number, rows

TWICE = """
    SELECT source, reference, revision, count(*) FROM ledger_entry GROUP BY source, reference, revision HAVING count(*) > 1
"""
ALTERED = """
    SELECT e.number FROM ledger_entry e CROSS JOIN LATERAL (
        SELECT string_agg(ledger_line_text(debit_account_id, credit_account_id, amount, kind, party_id, about_kind, about_id,
            reservation_id, settles_id, source_transfer_id, source_position, CASE WHEN pinned THEN spend_from END,
            CASE WHEN pinned THEN spend_to END), E'\\n' ORDER BY line) AS texts
        FROM ledger_transfer t WHERE t.entry_id = e.number
    ) l
    WHERE e.digest IS DISTINCT FROM ledger_digest(e.kind, coalesce(e.stated_on, e.effective_on), e.reverses_id, l.texts) ORDER BY e.number
"""
CODELESS = """
    SELECT number FROM ledger_entry WHERE kind !~ '^[a-z][a-z0-9_.-]*$' OR source !~ '^[a-z][a-z0-9_.-]*$' OR reference !~ '^[!-~]+$'
    ORDER BY number
"""
# What was closed on the day itself may have been closed after the entry.
MISDATED = """
    SELECT e.number FROM ledger_entry e LEFT JOIN ledger_bookday before ON before.day = e.book_day_id - 1
    WHERE e.effective_on <= before.closed_through OR e.stated_on >= e.effective_on ORDER BY e.number
"""
UNREVERSED = """
    SELECT later.number, later.revision FROM ledger_entry later WHERE later.revision > 1 AND NOT EXISTS (
        SELECT 1 FROM ledger_entry last JOIN ledger_entry back ON back.reverses_id = last.number
        WHERE last.source = later.source AND last.reference = later.reference AND last.revision = later.revision - 1
            AND back.number < later.number)
"""
UNMIRRORED = """
    SELECT back.number, back.reverses_id FROM ledger_entry back JOIN ledger_entry first ON first.number = back.reverses_id
    WHERE first.reverses_id IS NOT NULL OR EXISTS (
        (SELECT debit_account_id, credit_account_id, amount FROM ledger_transfer WHERE entry_id = back.number
            EXCEPT ALL SELECT credit_account_id, debit_account_id, amount FROM ledger_transfer WHERE entry_id = first.number)
        UNION ALL
        (SELECT credit_account_id, debit_account_id, amount FROM ledger_transfer WHERE entry_id = first.number
            EXCEPT ALL SELECT debit_account_id, credit_account_id, amount FROM ledger_transfer WHERE entry_id = back.number))
"""


def facts_post_once(tally: Tally) -> Iterator[str]:
    """Each (source, reference, revision) is posted once and unaltered; a new revision follows the reversal of the last."""
    tally.count("facts", number("SELECT count(DISTINCT (source, reference)) FROM ledger_entry"))
    tally.count("reversals", number("SELECT count(*) FROM ledger_entry WHERE reverses_id IS NOT NULL"))
    for source, reference, revision, times in rows(TWICE):
        yield f"{source} {reference} revision {revision} is posted {times} times."
    for (entry,) in rows(ALTERED):
        yield f"Entry {entry} is not what was posted: its digest differs."
    for (entry,) in rows(CODELESS):
        yield f"Entry {entry} has a kind, source or reference that is no code."
    for (entry,) in rows(MISDATED):
        yield f"Entry {entry} is dated in a period that was closed, or before its fact."
    for entry, revision in rows(UNREVERSED):
        yield f"Entry {entry} is revision {revision}, and the one before is not reversed."
    for entry, first in rows(UNMIRRORED):
        yield f"Entry {entry} is not the mirror of entry {first}."
    if number("SELECT count(*) FROM ledger_bookday WHERE closed_at IS NULL") > 1:
        yield "More than one day of the books is open."
