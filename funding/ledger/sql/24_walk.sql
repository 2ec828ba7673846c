-- The general way to write an entry's lines: one after the other, each against what the lines before it left. It knows draws,
-- pins, items and returns, and it is the one that says what is wrong with a line. 26_post.sql says when the short ways do.

-- Locks: accounts by id, reservations by id. The entry is there; its key is the caller's.
CREATE OR REPLACE FUNCTION ledger_walk(e ledger_entry, p_lines ledger_line[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    none constant bigint := 9223372036854775807;
    n constant integer := cardinality(p_lines);
    l ledger_line;
    i integer := 0;
    ids bigint[]; places ledger_place[];
    draws boolean := false; settles boolean := false; returns boolean := false; shards boolean;
    -- accounts by position in id order; d_at and c_at are the positions of each line's two accounts
    a_id bigint[]; a_code text[]; a_klass text[]; a_currency text[]; a_debits bigint[]; a_credits bigint[]; a_reserved bigint[];
    a_head bigint[]; a_pinned_to bigint[]; a_found bigint[]; a_pin_from bigint[]; a_pin_to bigint[]; d_at integer[]; c_at integer[];
    -- reservations and owed items that the lines name, by position in id order
    r_id bigint[]; r_account bigint[]; r_open bigint[]; r_drawn bigint[]; r_at integer[];
    s_id bigint[]; s_account bigint[]; s_amount bigint[]; s_left bigint[]; s_at integer[];
    -- pins that this entry adds
    p_at_account integer[] := '{}'; p_from bigint[] := '{}'; p_to bigint[] := '{}';
    d integer; c integer; r integer; s integer;
    d_klass text; c_klass text;
    o_debit bigint; o_credit bigint; o_from bigint; o_to bigint; o_returns bigint; o_returns_from bigint; o_before bigint;
    amt bigint; have bigint; need bigint; f bigint; t bigint;
BEGIN
    FOREACH l IN ARRAY p_lines LOOP
        i := i + 1;
        ids[2 * i - 1] := l.debit; ids[2 * i] := l.credit;
        draws := draws OR l.reservation IS NOT NULL;
        settles := settles OR l.settles IS NOT NULL;
        returns := returns OR l.source IS NOT NULL;
    END LOOP;

    -- The accounts, locked in id order; cash and clearing are only read, so that nobody waits for them.
    SELECT array_agg(DISTINCT x ORDER BY x) INTO a_id FROM unnest(ids) AS x WHERE x IS NOT NULL;
    PERFORM 1 FROM ledger_account WHERE id = ANY (a_id) AND klass NOT IN ('cash', 'clearing') ORDER BY id FOR NO KEY UPDATE;
    SELECT array_agg(id), array_agg(code), array_agg(klass), array_agg(currency), array_agg(debits), array_agg(credits), array_agg(reserved),
            array_agg(head), array_agg(pinned_to), bool_or(klass IN ('cash', 'clearing'))
        INTO a_found, a_code, a_klass, a_currency, a_debits, a_credits, a_reserved, a_head, a_pinned_to, shards
        FROM (SELECT * FROM ledger_account WHERE id = ANY (a_id) ORDER BY id) AS a;
    IF a_found IS DISTINCT FROM a_id THEN
        SELECT min(ord) INTO i FROM unnest(ids) WITH ORDINALITY AS named(id, ord) WHERE id IS NULL OR id <> ALL (coalesce(a_found, '{}'));
        PERFORM ledger_refuse('unknown_account', format('Line %s names an account that does not exist.', (i + 1) / 2));
    END IF;
    IF n <= 16 THEN
        FOR j IN 1 .. n LOOP
            d_at[j] := array_position(a_id, ids[2 * j - 1]);
            c_at[j] := array_position(a_id, ids[2 * j]);
        END LOOP;
    ELSE
        SELECT array_agg(x.ord ORDER BY named.ord) FILTER (WHERE named.ord % 2 = 1),
                array_agg(x.ord ORDER BY named.ord) FILTER (WHERE named.ord % 2 = 0)
            INTO d_at, c_at
            FROM unnest(ids) WITH ORDINALITY AS named(id, ord) LEFT JOIN unnest(a_id) WITH ORDINALITY AS x(id, ord) USING (id);
    END IF;
    IF draws THEN
        SELECT array_agg(id ORDER BY id), array_agg(account_id ORDER BY id), array_agg(reserved - drawn - released ORDER BY id),
                array_agg(0 ORDER BY id)
            INTO r_id, r_account, r_open, r_drawn
            FROM (SELECT * FROM ledger_reservation WHERE id IN (SELECT reservation FROM unnest(p_lines)) ORDER BY id FOR NO KEY UPDATE) AS held;
        SELECT array_agg(x.ord ORDER BY named.ord) INTO r_at FROM ROWS FROM (unnest(p_lines)) WITH ORDINALITY
                AS named(debit, credit, amount, kind, party, about_kind, about_id, id, settles, source, source_position, pin_from, pin_to, ord)
            LEFT JOIN unnest(r_id) WITH ORDINALITY AS x(id, ord) USING (id);
    END IF;
    IF settles THEN
        SELECT array_agg(id ORDER BY id), array_agg(credit_account_id ORDER BY id), array_agg(amount ORDER BY id),
                array_agg(amount - paid ORDER BY id)
            INTO s_id, s_account, s_amount, s_left
            FROM (SELECT item.id, item.credit_account_id, item.amount,
                    coalesce((SELECT sum(done.amount) FROM ledger_transfer done WHERE done.settles_id = item.id), 0)::bigint AS paid
                FROM ledger_transfer item WHERE item.id IN (SELECT x.settles FROM unnest(p_lines) AS x)) AS items;
        SELECT array_agg(x.ord ORDER BY named.ord) INTO s_at FROM ROWS FROM (unnest(p_lines)) WITH ORDINALITY
                AS named(debit, credit, amount, kind, party, about_kind, about_id, reservation, id, source, source_position, pin_from, pin_to, ord)
            LEFT JOIN unnest(s_id) WITH ORDINALITY AS x(id, ord) USING (id);
    END IF;

    -- The walk: each line against what the lines before it left.
    i := 0;
    FOREACH l IN ARRAY p_lines LOOP
        i := i + 1;
        d := d_at[i]; c := c_at[i]; amt := l.amount;
        IF d IS NULL OR c IS NULL THEN
            PERFORM ledger_refuse('unknown_account', format('Line %s names an account that does not exist.', i));
        END IF;
        IF (l.kind ~ '^[a-z][a-z0-9_.-]*$') IS NOT TRUE OR l.about_kind !~ '^[a-z][a-z0-9_.-]*$'
            OR num_nulls(l.about_kind, l.about_id) = 1 OR l.pin_from IS NULL AND l.pin_to IS NOT NULL OR l.source IS NULL AND l.source_position IS NOT NULL THEN
            PERFORM ledger_refuse('bad_line', format('Line %s has a kind, and what it is about, as codes; a position needs its source, and a pin its start.', i));
        END IF;
        IF amt IS NULL OR amt <= 0 OR d = c THEN
            PERFORM ledger_refuse('bad_line', format('Line %s moves nothing: the amount is positive and the accounts differ.', i));
        END IF;
        IF a_currency[d] <> a_currency[c] THEN
            PERFORM ledger_refuse('wrong_currency', format('Line %s joins %s in %s and %s in %s.', i, a_code[d], a_currency[d], a_code[c], a_currency[c]));
        END IF;
        d_klass := a_klass[d]; c_klass := a_klass[c];
        o_debit := NULL; o_credit := NULL; o_from := NULL; o_to := NULL; o_before := NULL;
        o_returns := l.source; o_returns_from := l.source_position;
        IF d_klass <> 'fund' AND (l.reservation IS NOT NULL OR l.pin_from IS NOT NULL OR l.pin_to IS NOT NULL)
            OR d_klass <> 'owed' AND l.settles IS NOT NULL OR c_klass NOT IN ('fund', 'owed') AND l.source IS NOT NULL THEN
            PERFORM ledger_refuse('bad_line', format('Line %s: only funds draw and pin, only owed accounts settle, only funds and owed accounts receive returns.', i));
        END IF;

        -- the debited account
        IF d_klass = 'fund' THEN
            IF l.reservation IS NOT NULL THEN
                r := r_at[i];
                IF l.pin_from IS NOT NULL OR r IS NULL OR r_account[r] <> a_id[d] THEN
                    PERFORM ledger_refuse('bad_line', format('Line %s draws a reservation that is not one of %s.', i, a_code[d]));
                END IF;
                IF r_open[r] < amt THEN
                    PERFORM ledger_refuse('not_reserved', format('Line %s draws more than the reservation holds.', i),
                        jsonb_build_object('account', a_code[d], 'missing', amt - r_open[r], 'currency', a_currency[d]));
                END IF;
                o_before := a_reserved[d];
                r_open[r] := r_open[r] - amt; r_drawn[r] := r_drawn[r] + amt; a_reserved[d] := a_reserved[d] - amt;
            END IF;
            have := a_credits[d] - a_debits[d] - a_reserved[d];
            IF have < amt THEN
                PERFORM ledger_refuse('overdrawn', format('Line %s takes more than %s has available.', i, a_code[d]),
                    jsonb_build_object('account', a_code[d], 'missing', amt - have, 'currency', a_currency[d]));
            END IF;
            IF l.pin_from IS NULL THEN
                -- From the head, over whatever is pinned at or above it. The next pin is looked up once and kept.
                need := amt; o_from := a_head[d]; o_to := o_from;
                WHILE o_to < a_pinned_to[d] LOOP
                    IF a_pin_from[d] IS NULL OR a_pin_from[d] < o_to THEN
                        SELECT spend_from, spend_to INTO f, t FROM ledger_transfer
                            WHERE debit_account_id = a_id[d] AND pinned AND spend_from >= o_to ORDER BY spend_from LIMIT 1;
                        FOR j IN 1 .. cardinality(p_from) LOOP
                            IF p_at_account[j] = d AND p_from[j] >= o_to AND (f IS NULL OR p_from[j] < f) THEN
                                f := p_from[j]; t := p_to[j];
                            END IF;
                        END LOOP;
                        a_pin_from[d] := coalesce(f, none); a_pin_to[d] := coalesce(t, none);
                    END IF;
                    EXIT WHEN a_pin_from[d] - o_to >= need;
                    need := need - (a_pin_from[d] - o_to);
                    o_to := a_pin_to[d];
                END LOOP;
                o_to := o_to + need; a_head[d] := o_to;
            ELSE
                o_from := l.pin_from; o_to := l.pin_to;
                IF o_to IS NULL OR o_to - o_from <> amt OR o_from < a_head[d] OR ledger_unpinned(a_id[d], o_from, o_to) IS NOT TRUE
                    OR EXISTS (SELECT 1 FROM unnest(p_at_account, p_from, p_to) AS b(account, spend_from, spend_to)
                        WHERE b.account = d AND b.spend_from < o_to AND b.spend_to > o_from) THEN
                    PERFORM ledger_refuse('pin_refused', format('Line %s gives back a stretch of %s that is not unspent money of one inflow.', i, a_code[d]));
                END IF;
                p_at_account := p_at_account || d; p_from := p_from || o_from; p_to := p_to || o_to;
                a_pin_from[d] := NULL; a_pinned_to[d] := greatest(a_pinned_to[d], o_to);
            END IF;
        ELSIF d_klass = 'owed' THEN
            s := s_at[i];
            IF s IS NULL OR s_account[s] <> a_id[d] OR l.source <> l.settles OR l.source_position <> s_amount[s] - s_left[s] THEN
                PERFORM ledger_refuse('bad_line', format('Line %s pays off %s without naming one of its items.', i, a_code[d]));
            END IF;
            IF s_left[s] < amt THEN
                PERFORM ledger_refuse('item_exceeded', format('Line %s pays off more than is left of the item.', i),
                    jsonb_build_object('account', a_code[d], 'missing', amt - s_left[s], 'currency', a_currency[d]));
            END IF;
            IF c_klass IN ('fund', 'owed') THEN
                o_returns := l.settles; o_returns_from := s_amount[s] - s_left[s]; returns := true;
            END IF;
            s_left[s] := s_left[s] - amt;
        END IF;
        IF d_klass NOT IN ('cash', 'clearing') THEN
            o_debit := a_debits[d];
        END IF;
        a_debits[d] := a_debits[d] + amt;

        -- the credited account
        IF c_klass = 'shortfall' AND a_debits[c] - a_credits[c] < amt THEN
            PERFORM ledger_refuse('overdrawn', format('Line %s repays more than %s has to be repaid.', i, a_code[c]),
                jsonb_build_object('account', a_code[c], 'missing', amt - (a_debits[c] - a_credits[c]), 'currency', a_currency[c]));
        END IF;
        IF c_klass NOT IN ('cash', 'clearing') THEN
            o_credit := a_credits[c];
        END IF;
        a_credits[c] := a_credits[c] + amt;
        places[i] := ROW(a_currency[d], o_debit, o_credit, o_from, o_to, o_returns, o_returns_from, o_before)::ledger_place;
    END LOOP;

    IF returns THEN
        PERFORM ledger_check_sources(p_lines, places);
    END IF;
    PERFORM ledger_write(e.number, p_lines, places);
    IF draws THEN
        UPDATE ledger_reservation AS held SET drawn = held.drawn + x.drawn FROM unnest(r_id, r_drawn) AS x(id, drawn) WHERE held.id = x.id;
        INSERT INTO ledger_reservationmove (reservation_id, kind, amount, transfer_id, reserved_before, key, book_day_id, at)
            SELECT tr.reservation_id, 'draw', tr.amount, tr.id, places[tr.line].reserved_before, format('draw:%s.%s', e.number, tr.line), e.book_day_id, e.recorded_at
                FROM ledger_transfer tr WHERE tr.entry_id = e.number AND tr.reservation_id IS NOT NULL ORDER BY tr.line;
    END IF;
    FOR j IN 1 .. cardinality(a_id) LOOP
        IF a_klass[j] NOT IN ('cash', 'clearing') THEN
            UPDATE ledger_account SET debits = a_debits[j], credits = a_credits[j], reserved = a_reserved[j], head = a_head[j], pinned_to = a_pinned_to[j]
                WHERE id = a_id[j];
        ELSIF a_klass[j] = 'clearing' AND a_debits[j] <> a_credits[j] THEN
            PERFORM ledger_refuse('unbalanced', format('%s does not net to zero in this entry.', a_code[j]));
        END IF;
    END LOOP;
    IF shards THEN
        INSERT INTO ledger_accounttotal (account_id, shard, debits, credits)
            SELECT x.id, pg_backend_pid() % 16, x.debits, x.credits FROM unnest(a_id, a_klass, a_debits, a_credits) AS x(id, klass, debits, credits)
                WHERE x.klass IN ('cash', 'clearing') ORDER BY x.id
            ON CONFLICT (account_id, shard) DO UPDATE SET debits = ledger_accounttotal.debits + excluded.debits,
                credits = ledger_accounttotal.credits + excluded.credits;
    END IF;
END
$$;
