-- The one way in which money moves: ledger_post writes an entry and its transfers, or nothing.

-- One line as text, for the digest by which a repeat is told from a contradiction. Nulls are "-". A line that settles an item
-- has that item for its source, whether the caller said so or not, so its source is left out.
CREATE OR REPLACE FUNCTION ledger_line_text(
    debit bigint, credit bigint, amount bigint, kind text, party bigint, about_kind text, about_id bigint,
    reservation bigint, settles bigint, source bigint, source_position bigint, pin_from bigint, pin_to bigint
) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws(E'\t', debit, credit, amount, kind, coalesce(party::text, '-'), coalesce(about_kind, '-'),
        coalesce(about_id::text, '-'), coalesce(reservation::text, '-'), coalesce(settles::text, '-'),
        CASE WHEN settles IS NULL THEN coalesce(source::text, '-') ELSE '-' END,
        CASE WHEN settles IS NULL THEN coalesce(source_position::text, '-') ELSE '-' END,
        coalesce(pin_from::text, '-'), coalesce(pin_to::text, '-'))
$$;

CREATE OR REPLACE FUNCTION ledger_digest(kind text, effective_on date, reverses bigint, line_texts text)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\t', kind, effective_on::text, coalesce(reverses::text, '-')) || E'\n' || line_texts, 'UTF8')), 'hex')
$$;

-- A new revision needs the reversal of the last; a reversal is the mirror of an entry that is not itself a reversal.
CREATE OR REPLACE FUNCTION ledger_check_history(p_entry ledger_entry, p_debits bigint[], p_credits bigint[], p_amounts bigint[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_entry.revision > 1 AND NOT EXISTS (
        SELECT 1 FROM ledger_entry last JOIN ledger_entry back ON back.reverses_id = last.number
        WHERE last.source = p_entry.source AND last.reference = p_entry.reference AND last.revision = p_entry.revision - 1
    ) THEN
        PERFORM ledger_refuse('revision', format('%s %s revision %s needs the reversal of revision %s first.',
            p_entry.source, p_entry.reference, p_entry.revision, p_entry.revision - 1));
    END IF;
    IF p_entry.reverses_id IS NULL THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT 1 FROM ledger_entry WHERE reverses_id = p_entry.reverses_id AND number <> p_entry.number)
        OR EXISTS (SELECT 1 FROM ledger_entry WHERE number = p_entry.reverses_id AND reverses_id IS NOT NULL) THEN
        PERFORM ledger_refuse('revision', format('Entry %s is reversed already, or is itself a reversal.', p_entry.reverses_id));
    END IF;
    IF EXISTS (
        (SELECT credit_account_id, debit_account_id, amount FROM ledger_transfer WHERE entry_id = p_entry.reverses_id
            EXCEPT ALL SELECT * FROM unnest(p_debits, p_credits, p_amounts))
        UNION ALL
        (SELECT * FROM unnest(p_debits, p_credits, p_amounts)
            EXCEPT ALL SELECT credit_account_id, debit_account_id, amount FROM ledger_transfer WHERE entry_id = p_entry.reverses_id)
    ) THEN
        PERFORM ledger_refuse('revision', format('The lines do not mirror entry %s.', p_entry.reverses_id));
    END IF;
END
$$;

-- Money that returns names a row and a position in it. Each unit of a row returns at most once.
CREATE OR REPLACE FUNCTION ledger_check_sources(p_sources bigint[], p_positions bigint[], p_amounts bigint[], p_currencies text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_line integer;
BEGIN
    SELECT l.ord INTO v_line
        FROM unnest(p_sources, p_positions, p_amounts, p_currencies) WITH ORDINALITY AS l(source, pos, amount, currency, ord)
        LEFT JOIN ledger_transfer s ON s.id = l.source
        WHERE l.source IS NOT NULL AND (s.id IS NULL OR l.pos IS NULL OR l.pos < 0)
        ORDER BY l.ord LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse('bad_line', format('Line %s returns money from a row that is not there.', v_line));
    END IF;
    SELECT l.ord INTO v_line
        FROM unnest(p_sources, p_positions, p_amounts, p_currencies) WITH ORDINALITY AS l(source, pos, amount, currency, ord)
        JOIN ledger_transfer s ON s.id = l.source
        WHERE l.pos >= s.amount
            OR s.currency = l.currency AND l.pos + l.amount > s.amount
            OR EXISTS (SELECT 1 FROM ledger_transfer o WHERE o.source_transfer_id = l.source AND o.currency = l.currency
                AND o.source_position < l.pos + l.amount AND o.source_position + o.amount > l.pos)
            OR EXISTS (SELECT 1 FROM unnest(p_sources, p_positions, p_amounts) WITH ORDINALITY AS b(source, pos, amount, ord)
                WHERE b.source = l.source AND b.ord < l.ord AND b.pos < l.pos + l.amount AND b.pos + b.amount > l.pos)
        ORDER BY l.ord LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse('item_exceeded', format('Line %s returns money that is not in its source, or has returned before.', v_line),
            jsonb_build_object('line', v_line, 'missing', 1));
    END IF;
END
$$;

-- p_entry: kind, source, reference, revision, reverses, at, effective_on.
-- p_lines: 1 to 10,000 of {debit, credit, amount, kind, party, about_kind, about_id, reservation, settles, source,
-- source_position, pin_from, pin_to}; accounts and rows by id, amounts in minor units. Lines count in their order:
-- no prefix of them may overdraw anything. Returns the entry; for a repeat, the one that was written first.
-- Locks: open day (shared), entry key, accounts by id, reservations by id.
CREATE OR REPLACE FUNCTION ledger_post(p_entry jsonb, p_lines jsonb)
RETURNS ledger_entry LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    none constant bigint := 9223372036854775807;
    n integer := jsonb_array_length(p_lines);
    e ledger_entry;
    v_day date;
    v_at timestamptz := (p_entry ->> 'at')::timestamptz;
    v_digest text;
    -- the lines, one array per column
    l_debit bigint[]; l_credit bigint[]; l_amount bigint[]; l_kind text[]; l_party bigint[]; l_about_kind text[]; l_about_id bigint[];
    l_reservation bigint[]; l_settles bigint[]; l_source bigint[]; l_position bigint[]; l_pin_from bigint[]; l_pin_to bigint[];
    -- what each line gets
    o_debit bigint[] := array_fill(NULL::bigint, ARRAY[n]); o_credit bigint[] := array_fill(NULL::bigint, ARRAY[n]);
    o_from bigint[] := array_fill(NULL::bigint, ARRAY[n]); o_to bigint[] := array_fill(NULL::bigint, ARRAY[n]);
    o_currency text[] := array_fill(NULL::text, ARRAY[n]); o_before bigint[] := array_fill(NULL::bigint, ARRAY[n]);
    -- accounts by position in id order; d_at and c_at are the positions of each line's two accounts
    a_id bigint[]; a_code text[]; a_klass text[]; a_currency text[]; a_debits bigint[]; a_credits bigint[]; a_reserved bigint[];
    a_head bigint[]; a_pin_from bigint[]; a_pin_to bigint[]; d_at integer[]; c_at integer[];
    -- reservations and owed items that the lines name, by position in id order
    r_id bigint[]; r_account bigint[]; r_open bigint[]; r_drawn bigint[]; r_at integer[];
    s_id bigint[]; s_account bigint[]; s_amount bigint[]; s_left bigint[]; s_at integer[];
    -- pins that this entry adds
    p_at_account integer[] := '{}'; p_from bigint[] := '{}'; p_to bigint[] := '{}';
    d integer; c integer; r integer; s integer;
    amt bigint; have bigint; need bigint; pos bigint; f bigint; t bigint;
BEGIN
    IF n NOT BETWEEN 1 AND 10000 THEN
        PERFORM ledger_refuse('bad_line', format('An entry has 1 to 10,000 lines, not %s.', n));
    END IF;
    SELECT array_agg(debit), array_agg(credit), array_agg(amount), array_agg(kind),
            array_agg(party), array_agg(about_kind), array_agg(about_id),
            array_agg(reservation), array_agg(settles), array_agg(source),
            array_agg(source_position), array_agg(pin_from), array_agg(pin_to),
            ledger_digest(p_entry ->> 'kind', (p_entry ->> 'effective_on')::date, (p_entry ->> 'reverses')::bigint,
                string_agg(ledger_line_text(debit, credit, amount, kind, party, about_kind, about_id, reservation, settles, source,
                    source_position, pin_from, pin_to), E'\n'))
        INTO l_debit, l_credit, l_amount, l_kind, l_party, l_about_kind, l_about_id, l_reservation, l_settles, l_source, l_position,
            l_pin_from, l_pin_to, v_digest
        FROM (SELECT * FROM ROWS FROM (jsonb_to_recordset(p_lines) AS (debit bigint, credit bigint, amount bigint, kind text, party bigint,
            about_kind text, about_id bigint, reservation bigint, settles bigint, source bigint, source_position bigint, pin_from bigint,
            pin_to bigint)) WITH ORDINALITY
            AS l(debit, credit, amount, kind, party, about_kind, about_id, reservation, settles, source, source_position, pin_from, pin_to, ord)
            ORDER BY ord) AS line;

    v_day := ledger_open_day(v_at);
    INSERT INTO ledger_entry (kind, source, reference, revision, reverses_id, book_day_id, effective_on, recorded_at, digest)
        VALUES (p_entry ->> 'kind', p_entry ->> 'source', p_entry ->> 'reference', (p_entry ->> 'revision')::integer,
            (p_entry ->> 'reverses')::bigint, v_day, (p_entry ->> 'effective_on')::date, v_at, v_digest)
        ON CONFLICT (source, reference, revision) DO NOTHING RETURNING * INTO e;
    IF NOT FOUND THEN
        SELECT * INTO e FROM ledger_entry WHERE source = p_entry ->> 'source' AND reference = p_entry ->> 'reference'
            AND revision = (p_entry ->> 'revision')::integer;
        IF e.digest <> v_digest THEN
            PERFORM ledger_refuse('reference_reused', format('%s %s was posted before with other content, as entry %s.',
                e.source, e.reference, e.number));
        END IF;
        RETURN e;
    END IF;
    IF e.revision > 1 OR e.reverses_id IS NOT NULL THEN
        PERFORM ledger_check_history(e, l_debit, l_credit, l_amount);
    END IF;

    WITH held AS MATERIALIZED (
        SELECT id, code, klass, currency, debits, credits, reserved, head FROM ledger_account
            WHERE id = ANY (l_debit || l_credit) AND klass NOT IN ('cash', 'clearing') ORDER BY id FOR NO KEY UPDATE
    ), loose AS (
        SELECT id, code, klass, currency, 0::bigint, 0::bigint, 0::bigint, 0::bigint FROM ledger_account
            WHERE id = ANY (l_debit || l_credit) AND klass IN ('cash', 'clearing')
    )
    SELECT array_agg(id), array_agg(code), array_agg(klass), array_agg(currency), array_agg(debits), array_agg(credits),
            array_agg(reserved), array_agg(head)
        INTO a_id, a_code, a_klass, a_currency, a_debits, a_credits, a_reserved, a_head
        FROM (SELECT * FROM held UNION ALL SELECT * FROM loose ORDER BY id) AS a;
    IF n <= 16 THEN
        FOR i IN 1 .. n LOOP
            d_at[i] := array_position(a_id, l_debit[i]);
            c_at[i] := array_position(a_id, l_credit[i]);
        END LOOP;
    ELSE
        SELECT array_agg(d_ord), array_agg(c_ord) INTO d_at, c_at FROM (
            SELECT da.ord AS d_ord, ca.ord AS c_ord FROM unnest(l_debit, l_credit) WITH ORDINALITY AS l(debit, credit, ord)
            LEFT JOIN unnest(a_id) WITH ORDINALITY AS da(id, ord) ON da.id = l.debit
            LEFT JOIN unnest(a_id) WITH ORDINALITY AS ca(id, ord) ON ca.id = l.credit ORDER BY l.ord) AS places;
    END IF;
    a_pin_from := array_fill(NULL::bigint, ARRAY[coalesce(array_length(a_id, 1), 0)]);
    a_pin_to := a_pin_from;

    IF EXISTS (SELECT 1 FROM unnest(l_reservation) AS x WHERE x IS NOT NULL) THEN
        SELECT array_agg(id ORDER BY id), array_agg(account_id ORDER BY id), array_agg(reserved - drawn - released ORDER BY id),
                array_agg(0 ORDER BY id)
            INTO r_id, r_account, r_open, r_drawn
            FROM (SELECT * FROM ledger_reservation WHERE id = ANY (l_reservation) ORDER BY id FOR NO KEY UPDATE) AS held;
        SELECT array_agg(x.ord ORDER BY l.ord) INTO r_at
            FROM unnest(l_reservation) WITH ORDINALITY AS l(id, ord) LEFT JOIN unnest(r_id) WITH ORDINALITY AS x(id, ord) USING (id);
    END IF;
    IF EXISTS (SELECT 1 FROM unnest(l_settles) AS x WHERE x IS NOT NULL) THEN
        SELECT array_agg(id ORDER BY id), array_agg(credit_account_id ORDER BY id), array_agg(amount ORDER BY id),
                array_agg(amount - paid ORDER BY id)
            INTO s_id, s_account, s_amount, s_left
            FROM (SELECT item.id, item.credit_account_id, item.amount,
                    coalesce((SELECT sum(done.amount) FROM ledger_transfer done WHERE done.settles_id = item.id), 0)::bigint AS paid
                FROM ledger_transfer item WHERE item.id = ANY (l_settles)) AS items;
        SELECT array_agg(x.ord ORDER BY l.ord) INTO s_at
            FROM unnest(l_settles) WITH ORDINALITY AS l(id, ord) LEFT JOIN unnest(s_id) WITH ORDINALITY AS x(id, ord) USING (id);
    END IF;

    FOR i IN 1 .. n LOOP
        d := d_at[i]; c := c_at[i]; amt := l_amount[i];
        IF d IS NULL OR c IS NULL THEN
            PERFORM ledger_refuse('unknown_account', format('Line %s names an account that does not exist.', i));
        END IF;
        IF amt IS NULL OR amt <= 0 OR d = c THEN
            PERFORM ledger_refuse('bad_line', format('Line %s moves nothing: the amount is positive and the accounts differ.', i));
        END IF;
        IF a_currency[d] <> a_currency[c] THEN
            PERFORM ledger_refuse('wrong_currency', format('Line %s joins %s in %s and %s in %s.', i, a_code[d], a_currency[d], a_code[c], a_currency[c]));
        END IF;
        o_currency[i] := a_currency[d];
        IF a_klass[d] <> 'fund' AND (l_reservation[i] IS NOT NULL OR l_pin_from[i] IS NOT NULL OR l_pin_to[i] IS NOT NULL)
            OR a_klass[d] <> 'owed' AND l_settles[i] IS NOT NULL
            OR a_klass[c] NOT IN ('fund', 'owed') AND l_source[i] IS NOT NULL THEN
            PERFORM ledger_refuse('bad_line', format('Line %s: only funds draw and pin, only owed accounts settle, only funds and owed accounts receive returns.', i));
        END IF;

        -- the debited account
        IF a_klass[d] = 'fund' THEN
            r := r_at[i];
            IF l_reservation[i] IS NOT NULL THEN
                IF l_pin_from[i] IS NOT NULL OR r IS NULL OR r_account[r] <> a_id[d] THEN
                    PERFORM ledger_refuse('bad_line', format('Line %s draws a reservation that is not one of %s.', i, a_code[d]));
                END IF;
                IF r_open[r] < amt THEN
                    PERFORM ledger_refuse('not_reserved', format('Line %s draws more than the reservation holds.', i),
                        jsonb_build_object('account', a_code[d], 'missing', amt - r_open[r], 'currency', a_currency[d]));
                END IF;
                o_before[i] := a_reserved[d];
                r_open[r] := r_open[r] - amt;
                r_drawn[r] := r_drawn[r] + amt;
                a_reserved[d] := a_reserved[d] - amt;
            END IF;
            have := a_credits[d] - a_debits[d] - a_reserved[d];
            IF have < amt THEN
                PERFORM ledger_refuse('overdrawn', format('Line %s takes more than %s has available.', i, a_code[d]),
                    jsonb_build_object('account', a_code[d], 'missing', amt - have, 'currency', a_currency[d]));
            END IF;
            IF l_pin_from[i] IS NULL THEN
                -- From the head, over whatever is pinned at or above it. The next pin is looked up once and kept.
                need := amt; pos := a_head[d];
                LOOP
                    IF a_pin_from[d] IS NULL OR a_pin_from[d] < pos THEN
                        SELECT x.spend_from, x.spend_to INTO f, t FROM (
                            (SELECT spend_from, spend_to FROM ledger_transfer
                                WHERE debit_account_id = a_id[d] AND pinned AND spend_from >= pos ORDER BY spend_from LIMIT 1)
                            UNION ALL
                            SELECT b.spend_from, b.spend_to FROM unnest(p_at_account, p_from, p_to) AS b(account, spend_from, spend_to)
                                WHERE b.account = d AND b.spend_from >= pos
                        ) AS x ORDER BY x.spend_from LIMIT 1;
                        a_pin_from[d] := coalesce(f, none); a_pin_to[d] := coalesce(t, none);
                    END IF;
                    EXIT WHEN a_pin_from[d] - pos >= need;
                    need := need - (a_pin_from[d] - pos);
                    pos := a_pin_to[d];
                END LOOP;
                o_from[i] := a_head[d]; o_to[i] := pos + need; a_head[d] := pos + need;
            ELSE
                f := l_pin_from[i]; t := l_pin_to[i];
                IF t IS NULL OR t - f <> amt OR f < a_head[d]
                    OR ((SELECT credit_offset + amount FROM ledger_transfer WHERE credit_account_id = a_id[d] AND credit_offset <= f
                        ORDER BY credit_offset DESC LIMIT 1) >= t) IS NOT TRUE
                    OR (SELECT spend_to FROM ledger_transfer WHERE debit_account_id = a_id[d] AND pinned AND spend_from < t
                        ORDER BY spend_from DESC LIMIT 1) > f
                    OR EXISTS (SELECT 1 FROM unnest(p_at_account, p_from, p_to) AS b(account, spend_from, spend_to)
                        WHERE b.account = d AND b.spend_from < t AND b.spend_to > f) THEN
                    PERFORM ledger_refuse('pin_refused', format('Line %s gives back a stretch of %s that is not unspent money of one inflow.', i, a_code[d]));
                END IF;
                p_at_account := p_at_account || d; p_from := p_from || f; p_to := p_to || t;
                a_pin_from[d] := NULL;
                o_from[i] := f; o_to[i] := t;
            END IF;
        ELSIF a_klass[d] = 'owed' THEN
            s := s_at[i];
            IF s IS NULL OR s_account[s] <> a_id[d] OR l_source[i] <> l_settles[i] OR l_position[i] <> s_amount[s] - s_left[s] THEN
                PERFORM ledger_refuse('bad_line', format('Line %s pays off %s without naming one of its items.', i, a_code[d]));
            END IF;
            IF s_left[s] < amt THEN
                PERFORM ledger_refuse('item_exceeded', format('Line %s pays off more than is left of the item.', i),
                    jsonb_build_object('account', a_code[d], 'missing', amt - s_left[s], 'currency', a_currency[d]));
            END IF;
            IF a_klass[c] IN ('fund', 'owed') THEN
                l_source[i] := l_settles[i]; l_position[i] := s_amount[s] - s_left[s];
            END IF;
            s_left[s] := s_left[s] - amt;
        END IF;
        IF a_klass[d] NOT IN ('cash', 'clearing') THEN
            o_debit[i] := a_debits[d];
        END IF;
        a_debits[d] := a_debits[d] + amt;

        -- the credited account
        IF a_klass[c] = 'shortfall' AND a_debits[c] - a_credits[c] < amt THEN
            PERFORM ledger_refuse('overdrawn', format('Line %s repays more than %s has to be repaid.', i, a_code[c]),
                jsonb_build_object('account', a_code[c], 'missing', amt - (a_debits[c] - a_credits[c]), 'currency', a_currency[c]));
        END IF;
        IF a_klass[c] NOT IN ('cash', 'clearing') THEN
            o_credit[i] := a_credits[c];
        END IF;
        a_credits[c] := a_credits[c] + amt;
    END LOOP;

    FOR i IN 1 .. array_length(a_id, 1) LOOP
        IF a_klass[i] = 'clearing' AND a_debits[i] <> a_credits[i] THEN
            PERFORM ledger_refuse('unbalanced', format('%s does not net to zero in this entry.', a_code[i]));
        END IF;
    END LOOP;
    IF EXISTS (SELECT 1 FROM unnest(l_source) AS x WHERE x IS NOT NULL) THEN
        PERFORM ledger_check_sources(l_source, l_position, l_amount, o_currency);
    END IF;

    INSERT INTO ledger_transfer (entry_id, line, debit_account_id, credit_account_id, currency, amount, kind, debit_offset, credit_offset,
            spend_from, spend_to, pinned, source_transfer_id, source_position, settles_id, reservation_id, party_id, about_kind, about_id)
        SELECT e.number, ord, debit, credit, currency, amount, kind, o_d, o_c, o_f, o_t, pin IS NOT NULL, source, source_position, settles,
                reservation, party, about_kind, about_id
            FROM unnest(l_debit, l_credit, o_currency, l_amount, l_kind, o_debit, o_credit, o_from, o_to, l_pin_from, l_source, l_position,
                l_settles, l_reservation, l_party, l_about_kind, l_about_id) WITH ORDINALITY
                AS l(debit, credit, currency, amount, kind, o_d, o_c, o_f, o_t, pin, source, source_position, settles, reservation, party,
                    about_kind, about_id, ord)
            ORDER BY ord;
    IF r_id IS NOT NULL THEN
        UPDATE ledger_reservation AS held SET drawn = held.drawn + x.drawn FROM unnest(r_id, r_drawn) AS x(id, drawn) WHERE held.id = x.id;
        INSERT INTO ledger_reservationmove (reservation_id, kind, amount, transfer_id, reserved_before, key, book_day_id, at)
            SELECT tr.reservation_id, 'draw', tr.amount, tr.id, o_before[tr.line], format('draw:%s.%s', e.number, tr.line), v_day, v_at
                FROM ledger_transfer tr WHERE tr.entry_id = e.number AND tr.reservation_id IS NOT NULL ORDER BY tr.line;
    END IF;
    UPDATE ledger_account AS a SET debits = x.debits, credits = x.credits, reserved = x.reserved, head = x.head
        FROM unnest(a_id, a_klass, a_debits, a_credits, a_reserved, a_head) AS x(id, klass, debits, credits, reserved, head)
        WHERE a.id = x.id AND x.klass NOT IN ('cash', 'clearing');
    INSERT INTO ledger_accounttotal (account_id, shard, debits, credits)
        SELECT x.id, pg_backend_pid() % 16, x.debits, x.credits FROM unnest(a_id, a_klass, a_debits, a_credits) AS x(id, klass, debits, credits)
            WHERE x.klass IN ('cash', 'clearing') ORDER BY x.id
        ON CONFLICT (account_id, shard) DO UPDATE SET debits = ledger_accounttotal.debits + excluded.debits,
            credits = ledger_accounttotal.credits + excluded.credits;
    RETURN e;
END
$$;
