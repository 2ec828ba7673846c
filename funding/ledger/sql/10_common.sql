-- What every function of the books shares: one way to refuse, and the day that an entry belongs to.

-- Refusals carry SQLSTATE DB001 and a JSON detail that services.py turns into a typed error.
CREATE OR REPLACE FUNCTION ledger_refuse(rule text, sentence text, facts jsonb DEFAULT '{}')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', sentence USING ERRCODE = 'DB001', DETAIL = (facts || jsonb_build_object('rule', rule))::text;
END
$$;

-- The open day. The shared lock lasts until the transaction ends, so a day cannot close under an entry that is being written.
-- The first entry ever opens the books on its own UTC date.
CREATE OR REPLACE FUNCTION ledger_open_day(p_at timestamptz)
RETURNS date LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_day date;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1146241355, 1);
    SELECT day INTO v_day FROM ledger_bookday WHERE closed_at IS NULL;
    IF v_day IS NULL THEN
        INSERT INTO ledger_bookday (day) VALUES ((p_at AT TIME ZONE 'UTC')::date) ON CONFLICT DO NOTHING;
        SELECT day INTO v_day FROM ledger_bookday WHERE closed_at IS NULL;
    END IF;
    IF v_day IS NULL THEN
        PERFORM ledger_refuse('no_open_day', 'No day of the books is open.');
    END IF;
    RETURN v_day;
END
$$;

-- Closes the open day and every empty day up to p_to, and opens p_to. Waits at most five seconds for entries being written.
CREATE OR REPLACE FUNCTION ledger_advance_day(p_to date, p_at timestamptz)
RETURNS date LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    v_open date;
    v_through date;
BEGIN
    PERFORM pg_advisory_xact_lock(1146241355, 1);
    SELECT day, closed_through INTO v_open, v_through FROM ledger_bookday WHERE closed_at IS NULL;
    IF v_open IS NULL THEN
        INSERT INTO ledger_bookday (day) VALUES (p_to);
        RETURN p_to;
    END IF;
    IF p_to <= v_open THEN
        RETURN v_open;
    END IF;
    IF p_to - v_open > 3660 THEN
        PERFORM ledger_refuse('day_too_far', format('The open day is %s. A step to %s is more than ten years; check the clock.', v_open, p_to));
    END IF;
    UPDATE ledger_bookday SET closed_at = p_at WHERE day = v_open;
    INSERT INTO ledger_bookday (day, closed_at, closed_through)
        SELECT v_open + k, CASE WHEN v_open + k < p_to THEN p_at END, v_through FROM generate_series(1, p_to - v_open) AS k;
    RETURN p_to;
END
$$;

-- Idempotent: the same code with the same class and currency returns the account that exists.
CREATE OR REPLACE FUNCTION ledger_open_account(p_code text, p_klass text, p_currency text, p_at timestamptz)
RETURNS ledger_account LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_account ledger_account;
    v_day date;
BEGIN
    SELECT * INTO v_account FROM ledger_account WHERE code = p_code;
    IF NOT FOUND THEN
        v_day := ledger_open_day(p_at);
        INSERT INTO ledger_account (code, klass, currency, debits, credits, reserved, head, pinned_to, opened_day_id)
            VALUES (p_code, p_klass, p_currency, 0, 0, 0, 0, 0, v_day)
            ON CONFLICT (code) DO NOTHING;
        SELECT * INTO v_account FROM ledger_account WHERE code = p_code;
    END IF;
    IF v_account.klass <> p_klass OR v_account.currency <> p_currency THEN
        PERFORM ledger_refuse('reference_reused', format('The account %s exists as %s in %s.', p_code, v_account.klass, v_account.currency));
    END IF;
    RETURN v_account;
END
$$;

-- Closes the periods up to and including p_through: from now on no entry is dated there. Idempotent, and only ever forward.
CREATE OR REPLACE FUNCTION ledger_close_period(p_through date, p_at timestamptz)
RETURNS date LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    v_open date;
BEGIN
    PERFORM pg_advisory_xact_lock(1146241355, 1);
    v_open := ledger_open_day(p_at);
    IF (p_through < v_open) IS NOT TRUE THEN
        PERFORM ledger_refuse('period_open', format('The period to %s is not over: the open day of the books is %s.', p_through, v_open));
    END IF;
    UPDATE ledger_bookday SET closed_through = p_through WHERE day = v_open AND (closed_through < p_through) IS NOT FALSE;
    RETURN (SELECT closed_through FROM ledger_bookday WHERE day = v_open);
END
$$;
