"""The database's own guard on awards: once active, the terms that two people agreed to stay as they were.

What may change: the state, what was said last, and what a tranche went through. What was booked of a tranche changes only to
what a second person agreed to (a Correction that is done), and what was decided stays decided.
"""

from funding import fixed

TERMS = fixed.once(
    "awards_keep_terms",
    "awards_award",
    when="OLD.state IN ('active', 'closed')",
    columns=[
        "slug", "title", "number", "grantor_id", "unnamed", "amount", "currency", "purpose", "starts_on", "ends_on", "closeout_on",
        "fund_id", "need_id", "need_line", "written_by_id", "agreed_by_id", "activated_by_id",
    ],
    refused="NEW.state NOT IN ('active', 'closed') OR (OLD.state = 'closed' AND NEW.state <> 'closed')",
    said="The terms of an active award stay as they are.",
)  # fmt: skip
DECIDED = [
    fixed.once(
        f"awards_keep_{table}",
        f"awards_{table}",
        when="OLD.state <> 'asked'",
        columns=["state", "reason", "asked_by_id", "decided_by_id", "decided_at", "answer", "amount", "bank_reference", *columns],
        said="What two people decided stays as it is.",
    )
    for table, columns in {
        "givingback": ["award_id", "entry_id"],
        "correction": [
            "tranche_id",
            "entry_id",
            "arrived_on",
            "evidence",
            "was_amount",
            "was_arrived_on",
            "was_bank_reference",
            "was_evidence",
        ],
    }.items()
]
PARTS = """
CREATE OR REPLACE FUNCTION awards_keep_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM awards_award WHERE id = (CASE TG_OP WHEN 'INSERT' THEN NEW.award_id ELSE OLD.award_id END)
            AND state IN ('active', 'closed')) THEN
        RAISE EXCEPTION 'The terms of an active award stay as they are.' USING ERRCODE = '23514';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE OR REPLACE FUNCTION awards_keep_tranche() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.award_id, OLD.position, OLD.amount, OLD.due_on, OLD.trigger, OLD.condition)
        IS DISTINCT FROM (NEW.award_id, NEW.position, NEW.amount, NEW.due_on, NEW.trigger, NEW.condition)
        AND EXISTS (SELECT 1 FROM awards_award WHERE id = OLD.award_id AND state IN ('active', 'closed'))
        OR OLD.entry_id IS NOT NULL AND (OLD.entry_id, OLD.arrived_on, OLD.bank_reference, OLD.evidence, OLD.booked_by_id)
        IS DISTINCT FROM (NEW.entry_id, NEW.arrived_on, NEW.bank_reference, NEW.evidence, NEW.booked_by_id)
        AND (NEW.booked_by_id IS DISTINCT FROM OLD.booked_by_id OR NOT EXISTS (SELECT 1 FROM awards_correction it
            WHERE it.tranche_id = OLD.id AND it.state = 'done' AND it.was_bank_reference = OLD.bank_reference
            AND (it.arrived_on, it.bank_reference, it.evidence, COALESCE(it.entry_id, OLD.entry_id))
                = (NEW.arrived_on, NEW.bank_reference, NEW.evidence, NEW.entry_id)))
    THEN
        RAISE EXCEPTION 'What was agreed and what was booked of a tranche stay as they are.' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION awards_keep_parts(), awards_keep_tranche() FROM PUBLIC;
CREATE OR REPLACE TRIGGER awards_keep_lines BEFORE INSERT OR UPDATE OR DELETE ON awards_awardline
    FOR EACH ROW EXECUTE FUNCTION awards_keep_parts();
CREATE OR REPLACE TRIGGER awards_keep_projects BEFORE INSERT OR UPDATE OR DELETE ON awards_award_projects
    FOR EACH ROW EXECUTE FUNCTION awards_keep_parts();
CREATE OR REPLACE TRIGGER awards_keep_tranches BEFORE INSERT OR DELETE ON awards_tranche
    FOR EACH ROW EXECUTE FUNCTION awards_keep_parts();
CREATE OR REPLACE TRIGGER awards_keep_tranche BEFORE UPDATE ON awards_tranche
    FOR EACH ROW EXECUTE FUNCTION awards_keep_tranche();
"""

DROP_PARTS = """
DROP TRIGGER IF EXISTS awards_keep_lines ON awards_awardline;
DROP TRIGGER IF EXISTS awards_keep_projects ON awards_award_projects;
DROP TRIGGER IF EXISTS awards_keep_tranches ON awards_tranche;
DROP TRIGGER IF EXISTS awards_keep_tranche ON awards_tranche;
DROP FUNCTION IF EXISTS awards_keep_parts();
DROP FUNCTION IF EXISTS awards_keep_tranche();
"""

FIRST = [TERMS[0], PARTS], [TERMS[1], DROP_PARTS]
"""What the first migration of guards installs and removes; the tables of requests came later."""
INSTALL, REMOVE = [[*first, *(sql[at] for sql in DECIDED)] for at, first in enumerate(FIRST)]
