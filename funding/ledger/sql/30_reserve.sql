-- Reservations: money of a fund that is promised and not yet paid. Draws happen in ledger_post.

-- Idempotent by key: the same key with the same fund, holder and sum returns the reservation that exists.
CREATE OR REPLACE FUNCTION ledger_reserve(
    p_account bigint, p_amount bigint, p_holder_kind text, p_holder_id bigint, p_key text, p_at timestamptz
) RETURNS ledger_reservation LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_day date := ledger_open_day(p_at);
    v_held ledger_reservation;
    a ledger_account;
BEGIN
    IF p_amount IS NULL OR p_amount <= 0 THEN
        PERFORM ledger_refuse('bad_line', 'A reservation holds a positive sum.');
    END IF;
    INSERT INTO ledger_reservation (account_id, holder_kind, holder_id, key, reserved, drawn, released)
        VALUES (p_account, p_holder_kind, p_holder_id, p_key, p_amount, 0, 0) ON CONFLICT (key) DO NOTHING RETURNING * INTO v_held;
    IF NOT FOUND THEN
        SELECT * INTO v_held FROM ledger_reservation WHERE key = p_key;
        IF (v_held.account_id, v_held.holder_kind, v_held.holder_id) <> (p_account, p_holder_kind, p_holder_id) OR NOT EXISTS (
            SELECT 1 FROM ledger_reservationmove WHERE reservation_id = v_held.id AND kind = 'reserve' AND amount = p_amount
        ) THEN
            PERFORM ledger_refuse('reference_reused', format('The reservation %s was made before with other content.', p_key));
        END IF;
        RETURN v_held;
    END IF;
    SELECT * INTO a FROM ledger_account WHERE id = p_account FOR NO KEY UPDATE;
    IF a.klass IS DISTINCT FROM 'fund' THEN
        PERFORM ledger_refuse('bad_line', 'Only a fund can be reserved from.');
    END IF;
    IF a.credits - a.debits - a.reserved < p_amount THEN
        PERFORM ledger_refuse('overdrawn', format('%s has less available than is to be reserved.', a.code), jsonb_build_object(
            'account', a.code, 'missing', p_amount - (a.credits - a.debits - a.reserved), 'currency', a.currency));
    END IF;
    UPDATE ledger_account SET reserved = reserved + p_amount WHERE id = a.id;
    INSERT INTO ledger_reservationmove (reservation_id, kind, amount, reserved_before, key, book_day_id, at)
        VALUES (v_held.id, 'reserve', p_amount, a.reserved, p_key, v_day, p_at);
    RETURN v_held;
END
$$;

-- p_kind is increase or release. Idempotent by key.
CREATE OR REPLACE FUNCTION ledger_change_reservation(p_kind text, p_reservation bigint, p_amount bigint, p_key text, p_at timestamptz)
RETURNS ledger_reservation LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_day date := ledger_open_day(p_at);
    v_held ledger_reservation;
    v_move ledger_reservationmove;
    a ledger_account;
BEGIN
    IF p_kind NOT IN ('increase', 'release') OR p_amount IS NULL OR p_amount <= 0 THEN
        PERFORM ledger_refuse('bad_line', 'A reservation is increased or released by a positive sum.');
    END IF;
    SELECT x.* INTO a FROM ledger_account x JOIN ledger_reservation y ON y.account_id = x.id WHERE y.id = p_reservation
        FOR NO KEY UPDATE OF x;
    SELECT * INTO v_held FROM ledger_reservation WHERE id = p_reservation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM ledger_refuse('bad_line', 'There is no such reservation.');
    END IF;
    SELECT * INTO v_move FROM ledger_reservationmove WHERE key = p_key;
    IF FOUND THEN
        IF (v_move.reservation_id, v_move.kind, v_move.amount) <> (p_reservation, p_kind, p_amount) THEN
            PERFORM ledger_refuse('reference_reused', format('The move %s was made before with other content.', p_key));
        END IF;
        RETURN v_held;
    END IF;
    IF p_kind = 'increase' THEN
        IF a.credits - a.debits - a.reserved < p_amount THEN
            PERFORM ledger_refuse('overdrawn', format('%s has less available than is to be reserved.', a.code), jsonb_build_object(
                'account', a.code, 'missing', p_amount - (a.credits - a.debits - a.reserved), 'currency', a.currency));
        END IF;
        UPDATE ledger_account SET reserved = reserved + p_amount WHERE id = a.id;
        UPDATE ledger_reservation SET reserved = reserved + p_amount WHERE id = v_held.id RETURNING * INTO v_held;
    ELSE
        IF v_held.reserved - v_held.drawn - v_held.released < p_amount THEN
            PERFORM ledger_refuse('not_reserved', 'More is to be released than the reservation holds.', jsonb_build_object(
                'account', a.code, 'missing', p_amount - (v_held.reserved - v_held.drawn - v_held.released), 'currency', a.currency));
        END IF;
        UPDATE ledger_account SET reserved = reserved - p_amount WHERE id = a.id;
        UPDATE ledger_reservation SET released = released + p_amount WHERE id = v_held.id RETURNING * INTO v_held;
    END IF;
    INSERT INTO ledger_reservationmove (reservation_id, kind, amount, reserved_before, key, book_day_id, at)
        VALUES (v_held.id, p_kind, p_amount, a.reserved, p_key, v_day, p_at);
    RETURN v_held;
END
$$;

-- Locks everything of one currency that has a line (funds, owed, shortfall), in the order in which entries lock it, until the
-- transaction ends; so that what a caller reads of it stays true until it has posted. The open day comes first, as in ledger_post.
CREATE OR REPLACE FUNCTION ledger_hold(p_currency text, p_at timestamptz)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_held integer;
BEGIN
    PERFORM ledger_open_day(p_at);
    SELECT count(*) INTO v_held FROM (
        SELECT id FROM ledger_account WHERE currency = p_currency AND klass NOT IN ('cash', 'clearing') ORDER BY id FOR NO KEY UPDATE
    ) AS held;
    RETURN v_held;
END
$$;
