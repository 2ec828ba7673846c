-- What the tables with running totals may never do, whoever asks: vanish, go backwards, or become another account.
-- The tables that are written once have their guards from funding/appendonly.py.

CREATE OR REPLACE TRIGGER ledger_account_forward BEFORE UPDATE ON ledger_account FOR EACH ROW
    WHEN (NEW.id <> OLD.id OR NEW.code <> OLD.code OR NEW.klass <> OLD.klass OR NEW.currency <> OLD.currency
        OR NEW.opened_day_id <> OLD.opened_day_id OR NEW.debits < OLD.debits OR NEW.credits < OLD.credits OR NEW.head < OLD.head)
    EXECUTE FUNCTION daybook_refuse_change();
CREATE OR REPLACE TRIGGER ledger_accounttotal_forward BEFORE UPDATE ON ledger_accounttotal FOR EACH ROW
    WHEN (NEW.account_id <> OLD.account_id OR NEW.shard <> OLD.shard OR NEW.debits < OLD.debits OR NEW.credits < OLD.credits)
    EXECUTE FUNCTION daybook_refuse_change();
CREATE OR REPLACE TRIGGER ledger_reservation_forward BEFORE UPDATE ON ledger_reservation FOR EACH ROW
    WHEN (NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id OR NEW.key <> OLD.key OR NEW.holder_kind <> OLD.holder_kind
        OR NEW.holder_id <> OLD.holder_id OR NEW.reserved < OLD.reserved OR NEW.drawn < OLD.drawn OR NEW.released < OLD.released)
    EXECUTE FUNCTION daybook_refuse_change();
CREATE OR REPLACE TRIGGER ledger_bookday_forward BEFORE UPDATE ON ledger_bookday FOR EACH ROW
    WHEN (NEW.day <> OLD.day OR OLD.closed_at IS NOT NULL AND NEW.closed_at IS DISTINCT FROM OLD.closed_at
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
