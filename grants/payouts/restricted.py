"""I8 for payments and promises, recomputed from the rows and not by the rule that is asked beforehand (funds/restrictions.py).

What an amendment changed counts as it is now: a period that was made shorter after its work was paid is told here. A payment is dated
as it says itself (`stated_on`), also where its period of the books was closed by then.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from funding.ledger.checks import Tally

PURPOSE = """(f.project_id <> {project}
    OR EXISTS (SELECT 1 FROM funds_fund_projects p WHERE p.fund_id = f.id)
        AND NOT EXISTS (SELECT 1 FROM funds_fund_projects p WHERE p.fund_id = f.id AND p.project_id = {project}))"""
"""True where fund `f` may not pay for the project. It is not null only where the fund names projects."""
RESTRICTED = """(f.project_id IS NOT NULL OR coalesce(f.starts_on, f.ends_on, f.closeout_on) IS NOT NULL
    OR EXISTS (SELECT 1 FROM funds_fund_projects p WHERE p.fund_id = f.id)
    OR EXISTS (SELECT 1 FROM funds_budgetline b WHERE b.fund_id = f.id))"""
PAID = f"""
    FROM ledger_transfer t JOIN funds_fund f ON f.account_id = t.debit_account_id JOIN ledger_entry n ON n.number = t.entry_id
    LEFT JOIN timesheets_workentry w ON t.about_kind = 'work' AND w.id = t.about_id
    LEFT JOIN engagements_engagement e ON e.id = w.engagement_id
    WHERE t.kind = 'payout_sent' AND ({RESTRICTED} OR f.kind = 'reserve')
"""
SUMS = f"SELECT t.currency, sum(t.amount)::bigint, count(*) {PAID} GROUP BY t.currency"
BREACHES = f"""
    SELECT * FROM (
        SELECT t.id, coalesce('W-' || lpad(w.id::text, 4, '0'), 'Transfer ' || t.id || ', for no work that there is,'), f.slug, t.entry_id,
            CASE WHEN w.id IS NULL OR f.kind = 'reserve' OR {PURPOSE.format(project="e.project_id")} THEN 'purpose'
                WHEN w.date < f.starts_on OR w.date > f.ends_on THEN 'period'
                WHEN coalesce(n.stated_on, n.effective_on) > f.closeout_on THEN 'closeout'
                WHEN EXISTS (SELECT 1 FROM funds_budgetline b WHERE b.fund_id = f.id) AND NOT EXISTS (
                    SELECT 1 FROM funds_linereservation l JOIN funds_budgetline b ON b.id = l.line_id
                    WHERE l.reservation_id = t.reservation_id AND b.fund_id = f.id) THEN 'line' END AS rule
        {PAID}
    ) paid WHERE rule IS NOT NULL ORDER BY id
"""
HELD = f"""
    FROM ledger_reservation r JOIN funds_fund f ON f.account_id = r.account_id
    LEFT JOIN proposals_proposal o ON r.holder_kind = 'proposal' AND o.id = r.holder_id
    LEFT JOIN engagements_engagementfund g ON g.reservation_id = r.id LEFT JOIN engagements_engagement e ON e.id = g.engagement_id
    WHERE {RESTRICTED} AND coalesce(e.project_id, o.project_id) IS NOT NULL
"""
PROMISES = f"""
    SELECT r.id, f.slug, coalesce('E-' || lpad(e.id::text, 4, '0'), o.ref) {HELD}
        AND ({PURPOSE.format(project="coalesce(e.project_id, o.project_id)")} OR g.fund_id <> f.id OR o.project_id <> e.project_id)
    ORDER BY r.id
"""


def restricted_money_paid_what_it_may(tally: Tally) -> Iterator[str]:
    """Restricted money is promised and paid for work on its projects, of its period, by its closeout, on a line of its budget."""
    with connection.cursor() as cursor:
        cursor.execute(SUMS)
        for currency, amount, rows in cursor.fetchall():
            tally.add("restricted money paid", currency, amount)
            tally.count("payments of restricted money", rows)
        cursor.execute(f"SELECT count(*) {HELD}")
        tally.count("promises of restricted money", int(cursor.fetchone()[0]))
        cursor.execute(BREACHES)
        paid = cursor.fetchall()
        cursor.execute(PROMISES)
        promised = cursor.fetchall()
    for _id, work, fund, entry, rule in paid:
        yield f"{work} was paid from {fund} in entry {entry}, against the rule “{rule}”."
    for reservation, fund, holder in promised:
        yield f"Reservation {reservation} of {fund} is for {holder}, against the rule “purpose”."
