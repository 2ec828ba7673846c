-- Time travel: what an account held after a past transfer, read off its number line and not summed from its history.

-- The totals of a fund, owed or shortfall account after transfer p_transfer and all before it. Along each side of an account offsets and
-- ids grow together, so the last row not after p_transfer is found by halving the side's offsets: about twenty index reads in a
-- million rows. Cash and clearing have no line; theirs is a sum.
CREATE OR REPLACE FUNCTION ledger_as_of(p_account bigint, p_transfer bigint, OUT debits bigint, OUT credits bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_klass text;
    v_low bigint; v_high bigint; v_middle bigint;
    v_id bigint; v_start bigint; v_end bigint;
BEGIN
    SELECT a.klass, a.debits, a.credits INTO v_klass, debits, credits FROM ledger_account a WHERE a.id = p_account;
    IF v_klass IN ('cash', 'clearing') THEN
        SELECT coalesce(sum(t.amount), 0) INTO debits FROM ledger_transfer t WHERE t.debit_account_id = p_account AND t.id <= p_transfer
            AND t.debit_offset IS NULL;
        SELECT coalesce(sum(t.amount), 0) INTO credits FROM ledger_transfer t WHERE t.credit_account_id = p_account AND t.id <= p_transfer
            AND t.credit_offset IS NULL;
        RETURN;
    END IF;
    v_low := 0; v_high := debits; debits := 0;
    WHILE v_low < v_high LOOP
        v_middle := v_low + (v_high - v_low) / 2;
        SELECT t.id, t.debit_offset, t.debit_offset + t.amount INTO v_id, v_start, v_end FROM ledger_transfer t
            WHERE t.debit_account_id = p_account AND t.debit_offset <= v_middle ORDER BY t.debit_offset DESC LIMIT 1;
        IF v_id <= p_transfer THEN debits := v_end; v_low := v_end; ELSE v_high := v_start; END IF;
    END LOOP;
    v_low := 0; v_high := credits; credits := 0;
    WHILE v_low < v_high LOOP
        v_middle := v_low + (v_high - v_low) / 2;
        SELECT t.id, t.credit_offset, t.credit_offset + t.amount INTO v_id, v_start, v_end FROM ledger_transfer t
            WHERE t.credit_account_id = p_account AND t.credit_offset <= v_middle ORDER BY t.credit_offset DESC LIMIT 1;
        IF v_id <= p_transfer THEN credits := v_end; v_low := v_end; ELSE v_high := v_start; END IF;
    END LOOP;
END
$$;

-- The last transfer of the last entry that was recorded by p_at, or 0: entries are numbered in the order of their instants, up to
-- those that were written at the same time, so this halves the numbers too.
CREATE OR REPLACE FUNCTION ledger_cut(p_at timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_low bigint := 0;
    v_high bigint := (SELECT max(number) FROM ledger_entry);
    v_middle bigint; v_number bigint; v_recorded timestamptz;
    v_cut bigint; v_whole bigint;
BEGIN
    WHILE v_low < v_high LOOP
        v_middle := v_low + (v_high - v_low + 1) / 2;
        SELECT number, recorded_at INTO v_number, v_recorded FROM ledger_entry WHERE number <= v_middle ORDER BY number DESC LIMIT 1;
        IF v_number IS NULL OR v_number <= v_low THEN
            v_low := v_middle;
        ELSIF v_recorded <= p_at THEN
            v_low := v_middle;
        ELSE
            v_high := v_number - 1;
        END IF;
    END LOOP;
    -- Numbers are taken before accounts are locked and ids after, so entries that were written at the same time may lie crosswise. The cut
    -- takes all of them that were recorded by then, and then each entry whole.
    SELECT coalesce(max(t.id), 0) INTO v_cut FROM ledger_entry e JOIN ledger_transfer t ON t.entry_id = e.number
        WHERE e.number BETWEEN v_low - 1000 AND v_low + 1000 AND e.recorded_at <= p_at;
    LOOP
        SELECT max(other.id) INTO v_whole FROM ledger_transfer t JOIN ledger_transfer other ON other.entry_id = t.entry_id
            WHERE t.id BETWEEN v_cut - 1000 AND v_cut;
        EXIT WHEN v_whole IS NULL OR v_whole <= v_cut;
        v_cut := v_whole;
    END LOOP;
    RETURN v_cut;
END
$$;

-- The totals of accounts at a past instant, one row each. What was reserved is told by the last move of each of a fund's reservations.
CREATE OR REPLACE FUNCTION ledger_balances_at(p_accounts bigint[], p_at timestamptz)
RETURNS TABLE (account bigint, debits bigint, credits bigint, reserved bigint) LANGUAGE sql STABLE AS $$
    SELECT a.id, then_.debits, then_.credits, coalesce((
            SELECT m.reserved_before + CASE WHEN m.kind IN ('reserve', 'increase') THEN m.amount ELSE -m.amount END
            FROM ledger_reservation r CROSS JOIN LATERAL (
                SELECT * FROM ledger_reservationmove x WHERE x.reservation_id = r.id AND x.at <= p_at ORDER BY x.id DESC LIMIT 1) AS m
            WHERE r.account_id = a.id ORDER BY m.id DESC LIMIT 1), 0)
        FROM (SELECT ledger_cut(p_at) AS cut) AS c CROSS JOIN unnest(p_accounts) AS a(id) CROSS JOIN LATERAL ledger_as_of(a.id, c.cut) AS then_
$$;
