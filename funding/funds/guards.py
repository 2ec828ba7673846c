"""The database's own guard on what restricts a fund: a budget line never changes, and dates and projects stay once they are set.

The lines keep their UPDATE privilege, because a line is locked while it is promised. The migration runs INSTALL as the owner.
"""

INSTALL = """
CREATE OR REPLACE FUNCTION funds_keep_restrictions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.starts_on IS NOT NULL AND OLD.starts_on IS DISTINCT FROM NEW.starts_on
        OR OLD.ends_on IS NOT NULL AND OLD.ends_on IS DISTINCT FROM NEW.ends_on
        OR OLD.closeout_on IS NOT NULL AND OLD.closeout_on IS DISTINCT FROM NEW.closeout_on
    THEN
        RAISE EXCEPTION 'The period and the closeout of a fund stay as they are.' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE FUNCTION funds_keep_projects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM funds_fund WHERE id = (CASE TG_OP WHEN 'INSERT' THEN NEW.fund_id ELSE OLD.fund_id END)
            AND closeout_on IS NOT NULL) THEN
        RAISE EXCEPTION 'The projects that a fund pays for stay as they are.' USING ERRCODE = '23514';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE OR REPLACE FUNCTION funds_keep_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A budget line stays as it is.' USING ERRCODE = '23514';
END
$$;
REVOKE ALL ON FUNCTION funds_keep_restrictions(), funds_keep_projects(), funds_keep_line() FROM PUBLIC;
CREATE OR REPLACE TRIGGER funds_keep_restrictions BEFORE UPDATE ON funds_fund
    FOR EACH ROW EXECUTE FUNCTION funds_keep_restrictions();
CREATE OR REPLACE TRIGGER funds_keep_projects BEFORE INSERT OR UPDATE OR DELETE ON funds_fund_projects
    FOR EACH ROW EXECUTE FUNCTION funds_keep_projects();
CREATE OR REPLACE TRIGGER funds_keep_line BEFORE UPDATE OR DELETE ON funds_budgetline
    FOR EACH ROW EXECUTE FUNCTION funds_keep_line();
"""

REMOVE = """
DROP TRIGGER IF EXISTS funds_keep_restrictions ON funds_fund;
DROP TRIGGER IF EXISTS funds_keep_projects ON funds_fund_projects;
DROP TRIGGER IF EXISTS funds_keep_line ON funds_budgetline;
DROP FUNCTION IF EXISTS funds_keep_restrictions();
DROP FUNCTION IF EXISTS funds_keep_projects();
DROP FUNCTION IF EXISTS funds_keep_line();
"""
