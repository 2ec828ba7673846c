"""The database's own guard on tiers: once published, a tier's price and promise cannot be changed, only its state.

The migration runs INSTALL as the owner of the tables.
"""

INSTALL = """
CREATE OR REPLACE FUNCTION tiers_keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A published tier is never deleted.' USING ERRCODE = '23514';
    END IF;
    IF (OLD.project_id, OLD.fund_id, OLD.name, OLD.audience, OLD.amount, OLD.currency, OLD.interval, OLD.description, OLD.benefits,
        OLD.created_by_id, OLD.published_at)
       IS DISTINCT FROM
       (NEW.project_id, NEW.fund_id, NEW.name, NEW.audience, NEW.amount, NEW.currency, NEW.interval, NEW.description, NEW.benefits,
        NEW.created_by_id, NEW.published_at)
       OR NEW.state = 'draft' OR (OLD.state = 'retired' AND NEW.state <> 'retired')
    THEN
        RAISE EXCEPTION 'A published tier is never edited, only retired.' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION tiers_keep_published() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tiers_keep_published BEFORE UPDATE OR DELETE ON tiers_tier
    FOR EACH ROW EXECUTE FUNCTION tiers_keep_published();
"""

REMOVE = """
DROP TRIGGER IF EXISTS tiers_keep_published ON tiers_tier;
DROP FUNCTION IF EXISTS tiers_keep_published();
"""
