-- What an entry must agree with in older rows: its fact's earlier revisions, the rows that money returns from, the pins around it.

-- A new revision needs the reversal of the last; a reversal is the mirror of an entry that is not itself a reversal.
CREATE OR REPLACE FUNCTION ledger_check_history(p_entry ledger_entry, p_lines ledger_line[])
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
            EXCEPT ALL SELECT debit, credit, amount FROM unnest(p_lines))
        UNION ALL
        (SELECT debit, credit, amount FROM unnest(p_lines)
            EXCEPT ALL SELECT credit_account_id, debit_account_id, amount FROM ledger_transfer WHERE entry_id = p_entry.reverses_id)
    ) THEN
        PERFORM ledger_refuse('revision', format('The lines do not mirror entry %s.', p_entry.reverses_id));
    END IF;
END
$$;

-- The lines whose money comes back from an older row, with their number, that row and the position in it.
CREATE OR REPLACE FUNCTION ledger_returns(p_lines ledger_line[], p_places ledger_place[])
RETURNS TABLE (ord bigint, source bigint, pos bigint, amount bigint, currency text) LANGUAGE sql STABLE AS $$
    SELECT x.ord, x.returns, x.returns_from, x.amount, x.currency
        FROM ROWS FROM (unnest(p_lines), unnest(p_places)) WITH ORDINALITY
            AS x(debit, credit, amount, kind, party, about_kind, about_id, reservation, settles, source, source_position, pin_from, pin_to,
                currency, debit_offset, credit_offset, spend_from, spend_to, returns, returns_from, reserved_before, ord)
        WHERE x.returns IS NOT NULL
$$;

-- Money that returns names a row and a position in it. Each unit of a row returns at most once.
CREATE OR REPLACE FUNCTION ledger_check_sources(p_lines ledger_line[], p_places ledger_place[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_line integer;
BEGIN
    SELECT l.ord INTO v_line FROM ledger_returns(p_lines, p_places) AS l LEFT JOIN ledger_transfer s ON s.id = l.source
        WHERE s.id IS NULL OR l.pos IS NULL OR l.pos < 0 ORDER BY l.ord LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse('bad_line', format('Line %s returns money from a row that is not there.', v_line));
    END IF;
    SELECT l.ord INTO v_line FROM ledger_returns(p_lines, p_places) AS l JOIN ledger_transfer s ON s.id = l.source
        WHERE l.pos >= s.amount
            OR s.currency = l.currency AND l.pos + l.amount > s.amount
            OR EXISTS (SELECT 1 FROM ledger_transfer o WHERE o.source_transfer_id = l.source AND o.currency = l.currency
                AND o.source_position < l.pos + l.amount AND o.source_position + o.amount > l.pos)
            OR EXISTS (SELECT 1 FROM ledger_returns(p_lines, p_places) AS b
                WHERE b.source = l.source AND b.ord < l.ord AND b.pos < l.pos + l.amount AND b.pos + b.amount > l.pos)
        ORDER BY l.ord LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse('item_exceeded', format('Line %s returns money that is not in its source, or has returned before.', v_line),
            jsonb_build_object('line', v_line, 'missing', 1));
    END IF;
END
$$;

-- True when [p_from, p_to) of a fund's credit line is unspent, lies in one inflow and touches no pin. The head is the caller's.
CREATE OR REPLACE FUNCTION ledger_unpinned(p_account bigint, p_from bigint, p_to bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT credit_offset + amount FROM ledger_transfer WHERE credit_account_id = p_account AND credit_offset <= p_from
            ORDER BY credit_offset DESC LIMIT 1) >= p_to
        AND ((SELECT spend_to FROM ledger_transfer WHERE debit_account_id = p_account AND pinned AND spend_from < p_to
            ORDER BY spend_from DESC LIMIT 1) > p_from) IS NOT TRUE;
END
$$;

-- The rows of an entry, from its lines and the places found for them.
CREATE OR REPLACE FUNCTION ledger_write(p_entry bigint, p_lines ledger_line[], p_places ledger_place[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_transfer (entry_id, line, debit_account_id, credit_account_id, currency, amount, kind, debit_offset, credit_offset,
            spend_from, spend_to, pinned, source_transfer_id, source_position, settles_id, reservation_id, party_id, about_kind, about_id)
        SELECT p_entry, ord, debit, credit, currency, amount, kind, debit_offset, credit_offset, spend_from, spend_to, pin_from IS NOT NULL,
                x.returns, x.returns_from, x.settles, reservation, party, about_kind, about_id
            FROM ROWS FROM (unnest(p_lines), unnest(p_places)) WITH ORDINALITY
                AS x(debit, credit, amount, kind, party, about_kind, about_id, reservation, settles, source, source_position, pin_from, pin_to,
                    currency, debit_offset, credit_offset, spend_from, spend_to, returns, returns_from, reserved_before, ord)
            ORDER BY ord;
END
$$;
