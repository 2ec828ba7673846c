-- What the tables with running totals may never do, whoever asks: vanish, go backwards, or become another account.
-- The tables that are written once have their guards from funding/appendonly.py.

-- One compiled function instead of a WHEN and many CHECKs, which PostgreSQL would read and plan again for each statement.
CREATE OR REPLACE FUNCTION ledger_keep_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.id <> OLD.id OR NEW.code <> OLD.code OR NEW.klass <> OLD.klass OR NEW.currency <> OLD.currency
            OR NEW.opened_day_id <> OLD.opened_day_id OR NEW.debits < OLD.debits OR NEW.credits < OLD.credits OR NEW.head < OLD.head
            OR NEW.pinned_to < OLD.pinned_to THEN
            RAISE EXCEPTION 'The totals of % only grow, and what it is stays.', OLD.code USING ERRCODE = '23514';
        END IF;
    ELSIF NEW.code !~ '^[!-~]+$' OR NEW.currency !~ '^[A-Z]{3}$' OR NEW.klass NOT IN ('cash', 'fund', 'owed', 'clearing', 'shortfall') THEN
        RAISE EXCEPTION 'An account has an ASCII code, a class and an ISO currency.' USING ERRCODE = '23514';
    END IF;
    IF NEW.debits < 0 OR NEW.credits < 0 OR NEW.reserved < 0 OR NEW.head < 0 OR NEW.head > NEW.credits
        OR NEW.pinned_to < 0 OR NEW.pinned_to > NEW.credits
        OR NEW.klass <> 'fund' AND (NEW.reserved <> 0 OR NEW.head <> 0 OR NEW.pinned_to <> 0)
        OR NEW.klass = 'shortfall' AND NEW.debits < NEW.credits
        OR NEW.klass IN ('cash', 'clearing') AND (NEW.debits <> 0 OR NEW.credits <> 0) THEN
        RAISE EXCEPTION 'The totals of % are not those of its class.', NEW.code USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION ledger_keep_account() FROM PUBLIC;
CREATE OR REPLACE TRIGGER ledger_account_forward BEFORE INSERT OR UPDATE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_keep_account();
CREATE OR REPLACE TRIGGER ledger_accounttotal_forward BEFORE UPDATE ON ledger_accounttotal FOR EACH ROW
    WHEN (NEW.account_id <> OLD.account_id OR NEW.shard <> OLD.shard OR NEW.debits < OLD.debits OR NEW.credits < OLD.credits)
    EXECUTE FUNCTION daybook_refuse_change();
CREATE OR REPLACE TRIGGER ledger_reservation_forward BEFORE UPDATE ON ledger_reservation FOR EACH ROW
    WHEN (NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id OR NEW.key <> OLD.key OR NEW.holder_kind <> OLD.holder_kind
        OR NEW.holder_id <> OLD.holder_id OR NEW.reserved < OLD.reserved OR NEW.drawn < OLD.drawn OR NEW.released < OLD.released)
    EXECUTE FUNCTION daybook_refuse_change();
CREATE OR REPLACE TRIGGER ledger_bookday_forward BEFORE UPDATE ON ledger_bookday FOR EACH ROW
    WHEN (NEW.day <> OLD.day OR OLD.closed_at IS NOT NULL
            AND (NEW.closed_at, NEW.closed_through) IS DISTINCT FROM (OLD.closed_at, OLD.closed_through) OR OLD.closed_through IS NOT NULL AND (NEW.closed_through >= OLD.closed_through) IS NOT TRUE
        OR OLD.seal IS NOT NULL AND (NEW.seal, NEW.sealed_at) IS DISTINCT FROM (OLD.seal, OLD.sealed_at))
    EXECUTE FUNCTION daybook_refuse_change();

CREATE OR REPLACE TRIGGER ledger_account_kept BEFORE DELETE OR TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION daybook_refuse_change();
CREATE OR REPLACE TRIGGER ledger_accounttotal_kept BEFORE DELETE OR TRUNCATE ON ledger_accounttotal
    FOR EACH STATEMENT EXECUTE FUNCTION daybook_refuse_change();
CREATE OR REPLACE TRIGGER ledger_reservation_kept BEFORE DELETE OR TRUNCATE ON ledger_reservation
    FOR EACH STATEMENT EXECUTE FUNCTION daybook_refuse_change();
CREATE OR REPLACE TRIGGER ledger_bookday_kept BEFORE DELETE OR TRUNCATE ON ledger_bookday
    FOR EACH STATEMENT EXECUTE FUNCTION daybook_refuse_change();

-- Room on each page for the next version of a row that is updated by every entry.
ALTER TABLE ledger_account SET (fillfactor = 50);
ALTER TABLE ledger_accounttotal SET (fillfactor = 50);

-- What earlier versions called; nothing does any more.
DROP FUNCTION IF EXISTS ledger_post(jsonb, jsonb);
DROP FUNCTION IF EXISTS ledger_check_history(ledger_entry, bigint[], bigint[], bigint[]);
DROP FUNCTION IF EXISTS ledger_check_sources(bigint[], bigint[], bigint[], text[]);
