-- The one way in which money moves: ledger_post writes an entry and its transfers, or nothing.

-- One plain line from a fund to a fund or an owed account, with nothing pinned ahead. False, and nothing done, when it is not one.
-- The class and the currency of an account never change, so they may be read before its lock; all else that decides is in the
-- debited row, so whoever waited for that row decides by what it holds then.
CREATE OR REPLACE FUNCTION ledger_post_one(p_entry bigint, l ledger_line) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_currency text; v_debits bigint; v_credits bigint; v_head bigint;
BEGIN
    IF (l.amount > 0 AND l.debit <> l.credit AND l.kind ~ '^[a-z][a-z0-9_.-]*$'
            AND CASE WHEN l.about_kind IS NULL THEN l.about_id IS NULL ELSE l.about_id IS NOT NULL AND l.about_kind ~ '^[a-z][a-z0-9_.-]*$' END) IS NOT TRUE THEN
        RETURN false;
    END IF;
    IF l.credit < l.debit THEN
        SELECT currency INTO v_currency FROM ledger_account WHERE id = l.credit AND klass IN ('fund', 'owed') FOR NO KEY UPDATE;
    ELSE
        SELECT currency INTO v_currency FROM ledger_account WHERE id = l.credit AND klass IN ('fund', 'owed');
    END IF;
    UPDATE ledger_account SET debits = debits + l.amount, head = head + l.amount
        WHERE id = l.debit AND klass = 'fund' AND currency = v_currency AND credits - debits - reserved >= l.amount AND head >= pinned_to
        RETURNING debits - l.amount, head - l.amount INTO v_debits, v_head;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE ledger_account SET credits = credits + l.amount WHERE id = l.credit RETURNING credits - l.amount INTO v_credits;
    INSERT INTO ledger_transfer (entry_id, line, debit_account_id, credit_account_id, currency, amount, kind, debit_offset, credit_offset,
            spend_from, spend_to, pinned, party_id, about_kind, about_id)
        VALUES (p_entry, 1, l.debit, l.credit, v_currency, l.amount, l.kind, v_debits, v_credits, v_head, v_head + l.amount, false,
            l.party, l.about_kind, l.about_id);
    RETURN true;
END
$$;

-- The two sides of each line: what leaves which account and what comes into which.
CREATE OR REPLACE FUNCTION ledger_legs(p_lines ledger_line[])
RETURNS TABLE (ord bigint, account bigint, leaves bigint, comes bigint) LANGUAGE sql STABLE AS $$
    SELECT ord, debit, amount, 0 FROM unnest(p_lines) WITH ORDINALITY
        AS x(debit, credit, amount, kind, party, about_kind, about_id, reservation, settles, source, source_position, pin_from, pin_to, ord)
    UNION ALL
    SELECT ord, credit, 0, amount FROM unnest(p_lines) WITH ORDINALITY
        AS x(debit, credit, amount, kind, party, about_kind, about_id, reservation, settles, source, source_position, pin_from, pin_to, ord)
$$;

-- The rows of plain lines of one currency: what each account had before, and what this entry's earlier lines did to it.
-- Both sides of the joins are as long as the entry, and PostgreSQL cannot know it, so nested loops are not for it to choose.
CREATE OR REPLACE FUNCTION ledger_write_plain(
    p_entry bigint, p_lines ledger_line[], p_currency text, p_accounts bigint[], p_debits bigint[], p_credits bigint[], p_heads bigint[]
) RETURNS void LANGUAGE plpgsql SET enable_nestloop = off AS $$
BEGIN
    INSERT INTO ledger_transfer (entry_id, line, debit_account_id, credit_account_id, currency, amount, kind, debit_offset, credit_offset,
            spend_from, spend_to, pinned, party_id, about_kind, about_id)
        SELECT p_entry, ord, debit, credit, p_currency, amount, kind, d.debits + gone, c.credits + come, d.head + gone, d.head + gone + amount,
                false, party, about_kind, about_id
            FROM (SELECT ord, debit, credit, amount, kind, party, about_kind, about_id,
                    (sum(amount) OVER (PARTITION BY debit ORDER BY ord ROWS UNBOUNDED PRECEDING) - amount)::bigint AS gone,
                    (sum(amount) OVER (PARTITION BY credit ORDER BY ord ROWS UNBOUNDED PRECEDING) - amount)::bigint AS come
                FROM unnest(p_lines) WITH ORDINALITY
                    AS x(debit, credit, amount, kind, party, about_kind, about_id, reservation, settles, source, source_position, pin_from, pin_to, ord)
            ) AS lines
            JOIN unnest(p_accounts, p_debits, p_heads) AS d(id, debits, head) ON d.id = debit
            JOIN unnest(p_accounts, p_credits) AS c(id, credits) ON c.id = credit
            ORDER BY ord;
END
$$;

-- Many plain lines (no draw, pin, item or return) of one currency at once, in sums over each account's lines, where every fund can
-- pay its part from what it has before. False, and nothing done, when that is not so: the walk finds out what is wrong, if anything.
CREATE OR REPLACE FUNCTION ledger_post_plain(p_entry bigint, p_lines ledger_line[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    x_id bigint[]; x_leaves bigint[]; x_comes bigint[]; x_debits bigint[]; x_credits bigint[]; x_head bigint[];
    v_currency text; v_fits boolean; v_shards boolean;
BEGIN
    IF EXISTS (SELECT 1 FROM unnest(p_lines) WHERE (amount > 0 AND debit <> credit AND kind ~ '^[a-z][a-z0-9_.-]*$') IS NOT TRUE
            OR about_kind !~ '^[a-z][a-z0-9_.-]*$' OR num_nulls(about_kind, about_id) = 1) THEN
        RETURN false;
    END IF;
    SELECT array_agg(account), array_agg(leaves), array_agg(comes) INTO x_id, x_leaves, x_comes
        FROM (SELECT account, sum(leaves)::bigint AS leaves, sum(comes)::bigint AS comes FROM ledger_legs(p_lines) GROUP BY account ORDER BY account) AS sums;
    PERFORM 1 FROM ledger_account WHERE id = ANY (x_id) AND klass NOT IN ('cash', 'clearing') ORDER BY id FOR NO KEY UPDATE;
    SELECT array_agg(CASE WHEN sharded THEN NULL ELSE debits END), array_agg(CASE WHEN sharded THEN NULL ELSE credits END),
            array_agg(CASE WHEN klass = 'fund' THEN head END), max(currency), bool_or(sharded),
            count(*) = cardinality(x_id) AND min(currency) = max(currency) AND bool_and(CASE klass
                WHEN 'fund' THEN leaves <= credits - debits - reserved AND (leaves = 0 OR head >= pinned_to)
                WHEN 'owed' THEN leaves = 0 WHEN 'clearing' THEN leaves = comes ELSE klass = 'cash' END)
        INTO x_debits, x_credits, x_head, v_currency, v_shards, v_fits
        FROM (SELECT a.*, klass IN ('cash', 'clearing') AS sharded, leaves, comes
            FROM unnest(x_id, x_leaves, x_comes) AS x(account, leaves, comes) JOIN ledger_account a ON a.id = account ORDER BY a.id) AS held;
    IF v_fits IS NOT TRUE THEN
        RETURN false;
    END IF;
    PERFORM ledger_write_plain(p_entry, p_lines, v_currency, x_id, x_debits, x_credits, x_head);
    UPDATE ledger_account AS a SET debits = a.debits + leaves, credits = a.credits + comes,
            head = a.head + CASE WHEN a.klass = 'fund' THEN leaves ELSE 0 END
        FROM unnest(x_id, x_leaves, x_comes) AS x(account, leaves, comes) WHERE a.id = account AND a.klass NOT IN ('cash', 'clearing');
    IF v_shards THEN
        INSERT INTO ledger_accounttotal (account_id, shard, debits, credits)
            SELECT a.id, pg_backend_pid() % 16, leaves, comes FROM unnest(x_id, x_leaves, x_comes) AS x(account, leaves, comes)
                JOIN ledger_account a ON a.id = account WHERE a.klass IN ('cash', 'clearing') ORDER BY a.id
            ON CONFLICT (account_id, shard) DO UPDATE SET debits = ledger_accounttotal.debits + excluded.debits,
                credits = ledger_accounttotal.credits + excluded.credits;
    END IF;
    RETURN true;
END
$$;

-- p_lines: 1 to 10,000, which count in their order: no prefix of them may overdraw anything. Returns the entry; for a repeat, the one
-- that was written first. p_on is the fact's own date; where that lies in a closed period, the entry is dated on the first open day.
-- Locks: open day (shared), entry key, accounts by id, reservations by id.
-- The plans are generic ones: planning again for each entry costs more than any other step of it.
CREATE OR REPLACE FUNCTION ledger_post(
    p_kind text, p_source text, p_reference text, p_revision integer, p_reverses bigint, p_at timestamptz, p_on date, p_lines ledger_line[]
) RETURNS ledger_entry LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    n constant integer := coalesce(cardinality(p_lines), 0);
    e ledger_entry;
    l ledger_line;
    v_text text;
    v_plain boolean;
    v_done boolean := false;
BEGIN
    IF n NOT BETWEEN 1 AND 10000 THEN
        PERFORM ledger_refuse('bad_line', format('An entry has 1 to 10,000 lines, not %s.', n));
    ELSIF array_ndims(p_lines) <> 1 OR array_lower(p_lines, 1) <> 1 OR num_nulls(p_at, p_on) > 0 THEN
        PERFORM ledger_refuse('bad_line', 'An entry has an instant, a date and a plain list of lines.');
    ELSIF (p_kind ~ '^[a-z][a-z0-9_.-]*$' AND p_source ~ '^[a-z][a-z0-9_.-]*$' AND p_reference ~ '^[!-~]+$' AND p_revision >= 1) IS NOT TRUE THEN
        PERFORM ledger_refuse('bad_line', 'An entry has codes for its kind, source and reference, and revisions from 1.');
    END IF;
    IF n = 1 THEN
        l := p_lines[1];
        v_text := ledger_line_text(l.debit, l.credit, l.amount, l.kind, l.party, l.about_kind, l.about_id, l.reservation, l.settles,
            l.source, l.source_position, l.pin_from, l.pin_to);
        v_plain := num_nulls(l.reservation, l.settles, l.source, l.source_position, l.pin_from, l.pin_to) = 6;
    ELSE
        SELECT string_agg(ledger_line_text(debit, credit, amount, kind, party, about_kind, about_id, reservation, settles, source,
                source_position, pin_from, pin_to), E'\n' ORDER BY ord),
                bool_and(num_nulls(reservation, settles, source, source_position, pin_from, pin_to) = 6)
            INTO v_text, v_plain
            FROM unnest(p_lines) WITH ORDINALITY AS x(debit, credit, amount, kind, party, about_kind, about_id, reservation, settles,
                source, source_position, pin_from, pin_to, ord);
    END IF;
    v_text := ledger_digest(p_kind, p_on, p_reverses, v_text);

    -- The lock lasts until the transaction ends, so that no day closes under an entry.
    IF NOT pg_try_advisory_xact_lock_shared(1146241355, 1) THEN
        PERFORM pg_advisory_xact_lock_shared(1146241355, 1);
    END IF;
    INSERT INTO ledger_entry (kind, source, reference, revision, reverses_id, book_day_id, effective_on, stated_on, recorded_at, digest)
        SELECT p_kind, p_source, p_reference, p_revision, p_reverses, day, greatest(p_on, closed_through + 1),
                CASE WHEN p_on <= closed_through THEN p_on END, p_at, v_text
            FROM ledger_bookday WHERE closed_at IS NULL
        ON CONFLICT (source, reference, revision) DO NOTHING RETURNING * INTO e;
    IF NOT FOUND THEN
        SELECT * INTO e FROM ledger_entry WHERE source = p_source AND reference = p_reference AND revision = p_revision;
        IF NOT FOUND THEN
            PERFORM ledger_open_day(p_at);
            RETURN ledger_post(p_kind, p_source, p_reference, p_revision, p_reverses, p_at, p_on, p_lines);
        ELSIF e.digest <> v_text THEN
            PERFORM ledger_refuse('reference_reused', format('%s %s was posted before with other content, as entry %s.',
                e.source, e.reference, e.number));
        END IF;
        RETURN e;
    END IF;
    IF e.revision > 1 OR e.reverses_id IS NOT NULL THEN
        PERFORM ledger_check_history(e, p_lines);
    END IF;
    IF v_plain AND n = 1 THEN
        v_done := ledger_post_one(e.number, l);
    ELSIF v_plain AND n > 16 THEN
        v_done := ledger_post_plain(e.number, p_lines);
    END IF;
    IF NOT v_done THEN
        PERFORM ledger_walk(e, p_lines);
    END IF;
    RETURN e;
END
$$;

-- Many entries in one call, their lines one after the other in p_lines, p_lengths of them each. All or none; or, with p_alone, each
-- by itself, with the sentence and the detail of what was refused. All accounts are locked first, in the order of their ids.
CREATE OR REPLACE FUNCTION ledger_post_all(
    p_kinds text[], p_sources text[], p_references text[], p_revisions integer[], p_reverses bigint[], p_ats timestamptz[], p_ons date[],
    p_lengths integer[], p_lines ledger_line[], p_alone boolean
) RETURNS TABLE (ord integer, entry bigint, sentence text, detail text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    v_first integer := 1;
BEGIN
    IF coalesce(cardinality(p_lines), 0) NOT BETWEEN 1 AND 10000 THEN
        PERFORM ledger_refuse('bad_line', format('A call has 1 to 10,000 lines, not %s.', coalesce(cardinality(p_lines), 0)));
    END IF;
    IF array_lower(p_lines, 1) <> 1 OR 1 > ANY (p_lengths)
        OR (SELECT sum(x) FROM unnest(p_lengths) AS x) IS DISTINCT FROM cardinality(p_lines)
        OR ARRAY[cardinality(p_kinds), cardinality(p_sources), cardinality(p_references), cardinality(p_revisions),
            cardinality(p_reverses), cardinality(p_ats), cardinality(p_ons)] <> array_fill(cardinality(p_lengths), ARRAY[7]) THEN
        PERFORM ledger_refuse('bad_line', 'Each fact has its own lines, and every line its fact.');
    END IF;
    PERFORM pg_advisory_xact_lock_shared(1146241355, 1);
    PERFORM 1 FROM ledger_account WHERE id IN (SELECT account FROM ledger_legs(p_lines)) AND klass NOT IN ('cash', 'clearing')
        ORDER BY id FOR NO KEY UPDATE;
    FOR i IN 1 .. cardinality(p_lengths) LOOP
        ord := i; entry := NULL; sentence := NULL; detail := NULL;
        IF p_alone THEN
            BEGIN
                entry := (ledger_post(p_kinds[i], p_sources[i], p_references[i], p_revisions[i], p_reverses[i], p_ats[i], p_ons[i],
                    p_lines[v_first : v_first + p_lengths[i] - 1])).number;
            EXCEPTION WHEN SQLSTATE 'DB001' THEN
                GET STACKED DIAGNOSTICS sentence = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
            WHEN numeric_value_out_of_range THEN
                sentence := ''; detail := '{"rule": "too_large"}';
            END;
        ELSE
            entry := (ledger_post(p_kinds[i], p_sources[i], p_references[i], p_revisions[i], p_reverses[i], p_ats[i], p_ons[i],
                p_lines[v_first : v_first + p_lengths[i] - 1])).number;
        END IF;
        v_first := v_first + p_lengths[i];
        RETURN NEXT;
    END LOOP;
END
$$;
