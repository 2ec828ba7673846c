"""The database's own guard on goals: once published, what people pledge to stays as it was.

Story and summary may not change either: what somebody promised money for can still be read where they promised it. States,
dates of the closing and the reason of calling it off may. The migration runs INSTALL as the owner of the tables.
"""

INSTALL = """
CREATE OR REPLACE FUNCTION goals_keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A published goal is never deleted.' USING ERRCODE = '23514';
    END IF;
    IF (OLD.project_id, OLD.slug, OLD.title, OLD.summary, OLD.story, OLD.half_days, OLD.rate_amount, OLD.currency, OLD.minimum_amount,
        OLD.rule, OLD.deadline_at, OLD.zone, OLD.need_id, OLD.fund_id, OLD.host_fee_basis_points, OLD.published_at)
       IS DISTINCT FROM
       (NEW.project_id, NEW.slug, NEW.title, NEW.summary, NEW.story, NEW.half_days, NEW.rate_amount, NEW.currency, NEW.minimum_amount,
        NEW.rule, NEW.deadline_at, NEW.zone, NEW.need_id, NEW.fund_id, NEW.host_fee_basis_points, NEW.published_at)
       OR NEW.state = 'draft'
    THEN
        RAISE EXCEPTION 'A published goal stays as it was.' USING ERRCODE = '23514';
    END IF;
    IF OLD.decided_at IS NOT NULL AND (OLD.decided_at IS DISTINCT FROM NEW.decided_at OR NEW.state = 'open'
        OR (OLD.state IN ('failed', 'met') AND NEW.state <> OLD.state) OR (OLD.state = 'collecting' AND NEW.state = 'failed'))
    THEN
        RAISE EXCEPTION 'A goal is decided once.' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION goals_keep_published() FROM PUBLIC;
CREATE OR REPLACE TRIGGER goals_keep_published BEFORE UPDATE OR DELETE ON goals_goal
    FOR EACH ROW EXECUTE FUNCTION goals_keep_published();
"""

REMOVE = """
DROP TRIGGER IF EXISTS goals_keep_published ON goals_goal;
DROP FUNCTION IF EXISTS goals_keep_published();
"""
