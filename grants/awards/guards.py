"""The database's own guard on awards: once active, the terms that two people agreed to stay as they were.

What may change: the state, what was said last, and what a tranche went through. The migration runs INSTALL as the owner.
"""

INSTALL = """
CREATE OR REPLACE FUNCTION awards_keep_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('active', 'closed') AND (TG_OP = 'DELETE' OR
        (OLD.slug, OLD.title, OLD.number, OLD.grantor_id, OLD.unnamed, OLD.amount, OLD.currency, OLD.purpose, OLD.starts_on, OLD.ends_on,
         OLD.closeout_on, OLD.fund_id, OLD.written_by_id, OLD.agreed_by_id, OLD.activated_by_id)
        IS DISTINCT FROM
        (NEW.slug, NEW.title, NEW.number, NEW.grantor_id, NEW.unnamed, NEW.amount, NEW.currency, NEW.purpose, NEW.starts_on, NEW.ends_on,
         NEW.closeout_on, NEW.fund_id, NEW.written_by_id, NEW.agreed_by_id, NEW.activated_by_id)
        OR NEW.state NOT IN ('active', 'closed') OR (OLD.state = 'closed' AND NEW.state <> 'closed'))
    THEN
        RAISE EXCEPTION 'The terms of an active award stay as they are.' USING ERRCODE = '23514';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
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
    THEN
        RAISE EXCEPTION 'What was agreed and what was booked of a tranche stay as they are.' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION awards_keep_terms(), awards_keep_parts(), awards_keep_tranche() FROM PUBLIC;
CREATE OR REPLACE TRIGGER awards_keep_terms BEFORE UPDATE OR DELETE ON awards_award
    FOR EACH ROW EXECUTE FUNCTION awards_keep_terms();
CREATE OR REPLACE TRIGGER awards_keep_lines BEFORE INSERT OR UPDATE OR DELETE ON awards_awardline
    FOR EACH ROW EXECUTE FUNCTION awards_keep_parts();
CREATE OR REPLACE TRIGGER awards_keep_projects BEFORE INSERT OR UPDATE OR DELETE ON awards_award_projects
    FOR EACH ROW EXECUTE FUNCTION awards_keep_parts();
CREATE OR REPLACE TRIGGER awards_keep_tranches BEFORE INSERT OR DELETE ON awards_tranche
    FOR EACH ROW EXECUTE FUNCTION awards_keep_parts();
CREATE OR REPLACE TRIGGER awards_keep_tranche BEFORE UPDATE ON awards_tranche
    FOR EACH ROW EXECUTE FUNCTION awards_keep_tranche();
"""

REMOVE = """
DROP TRIGGER IF EXISTS awards_keep_terms ON awards_award;
DROP TRIGGER IF EXISTS awards_keep_lines ON awards_awardline;
DROP TRIGGER IF EXISTS awards_keep_projects ON awards_award_projects;
DROP TRIGGER IF EXISTS awards_keep_tranches ON awards_tranche;
DROP TRIGGER IF EXISTS awards_keep_tranche ON awards_tranche;
DROP FUNCTION IF EXISTS awards_keep_terms();
DROP FUNCTION IF EXISTS awards_keep_parts();
DROP FUNCTION IF EXISTS awards_keep_tranche();
"""
