-- Sealed days: what may be written of a day that is over, each thing once. Source of the form: docs/sealed-days.md.

-- The digest of a public document, as a line of the open day. Idempotent: the same digest under the same name is the first one.
CREATE OR REPLACE FUNCTION ledger_seal_document(p_source text, p_reference text, p_digest text, p_at timestamptz)
RETURNS ledger_sealeddocument LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_day date := ledger_open_day(p_at);
    v_document ledger_sealeddocument;
BEGIN
    INSERT INTO ledger_sealeddocument (source, reference, digest, book_day_id) VALUES (p_source, p_reference, p_digest, v_day)
        ON CONFLICT (source, reference) DO NOTHING RETURNING * INTO v_document;
    IF NOT FOUND THEN
        SELECT * INTO v_document FROM ledger_sealeddocument WHERE source = p_source AND reference = p_reference;
        IF v_document.digest <> p_digest THEN
            PERFORM ledger_refuse('reference_reused', format('%s %s was sealed before with another digest.', p_source, p_reference));
        END IF;
    END IF;
    RETURN v_document;
END
$$;

-- One sealing at a time, and only of a day that is closed, not sealed, and next in the chain. Returns the seal before it, if any.
CREATE OR REPLACE FUNCTION ledger_next_to_seal(p_day date)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_before ledger_bookday;
BEGIN
    PERFORM pg_advisory_xact_lock(1146241355, 2);
    PERFORM 1 FROM ledger_bookday WHERE day = p_day AND closed_at IS NOT NULL AND seal IS NULL;
    IF NOT FOUND THEN
        PERFORM ledger_refuse('not_to_seal', format('%s is not a closed day without a seal.', p_day));
    END IF;
    SELECT * INTO v_before FROM ledger_bookday WHERE day < p_day ORDER BY day DESC LIMIT 1;
    IF FOUND AND (v_before.seal IS NULL OR v_before.day <> p_day - 1) THEN
        PERFORM ledger_refuse('not_to_seal', format('%s cannot be sealed: the day before it is not.', p_day));
    END IF;
    RETURN v_before.seal;
END
$$;

-- Salts and texts of rows of a day that is about to be sealed: entry numbers, line numbers (0 for the entry itself), 32 random
-- bytes and canonical JSON. The digest is made here. Returns how many.
CREATE OR REPLACE FUNCTION ledger_keep_commitments(p_day date, p_entries bigint[], p_lines integer[], p_salts bytea[], p_texts text[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_kept bigint;
BEGIN
    PERFORM ledger_next_to_seal(p_day);
    IF EXISTS (SELECT 1 FROM unnest(p_salts) AS salt WHERE length(salt) IS DISTINCT FROM 32) THEN
        PERFORM ledger_refuse('not_to_seal', 'A salt has 32 bytes.');
    END IF;
    INSERT INTO ledger_commitment (entry_id, transfer_id, digest, salt, text)
        SELECT CASE WHEN x.line = 0 THEN e.number END, t.id,
            encode(sha256(convert_to(CASE WHEN x.line = 0 THEN E'daybook-1:reference\n' ELSE E'daybook-1:party\n' END, 'UTF8')
                || x.salt || convert_to(x.text, 'UTF8')), 'hex'), x.salt, x.text
        FROM unnest(p_entries, p_lines, p_salts, p_texts) WITH ORDINALITY AS x(entry, line, salt, text, ord)
        JOIN ledger_entry e ON e.number = x.entry AND e.book_day_id = p_day
        LEFT JOIN ledger_transfer t ON t.entry_id = x.entry AND t.line = x.line
        WHERE x.line = 0 OR t.id IS NOT NULL ORDER BY x.ord;
    GET DIAGNOSTICS v_kept = ROW_COUNT;
    RETURN v_kept;
END
$$;

-- Seals one day with the SHA-256 of its file, and keeps the file beside it. The file has to name its host, day and the seal before it.
CREATE OR REPLACE FUNCTION ledger_seal_day(p_day date, p_host text, p_text text, p_at timestamptz)
RETURNS ledger_bookday LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_before text := ledger_next_to_seal(p_day);
    v_day ledger_bookday;
BEGIN
    IF NOT starts_with(p_text, concat_ws(E'\t', 'H', '1', p_host, p_day::text, coalesce(v_before, '-')) || E'\t') THEN
        PERFORM ledger_refuse('not_to_seal', format('The file of %s does not begin with its day and the seal of the day before.', p_day));
    END IF;
    INSERT INTO ledger_sealedtext (day_id, host, text) VALUES (p_day, p_host, p_text);
    UPDATE ledger_bookday SET seal = encode(sha256(convert_to(p_text, 'UTF8')), 'hex'), sealed_at = p_at
        WHERE day = p_day RETURNING * INTO v_day;
    RETURN v_day;
END
$$;

-- Destroys salt and text of one row's commitment (line 0 is the entry itself). False where they are gone already or never were.
CREATE OR REPLACE FUNCTION ledger_erase(p_entry bigint, p_line integer)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE ledger_commitment SET salt = NULL, text = NULL
        WHERE text IS NOT NULL AND (p_line = 0 AND entry_id = p_entry
            OR transfer_id = (SELECT id FROM ledger_transfer WHERE entry_id = p_entry AND line = p_line AND p_line > 0));
    RETURN FOUND;
END
$$;

CREATE OR REPLACE TRIGGER ledger_commitment_forward BEFORE UPDATE ON ledger_commitment FOR EACH ROW
    WHEN ((NEW.id, NEW.entry_id, NEW.transfer_id, NEW.digest) IS DISTINCT FROM (OLD.id, OLD.entry_id, OLD.transfer_id, OLD.digest)
        OR NEW.salt IS NOT NULL OR NEW.text IS NOT NULL)
    EXECUTE FUNCTION daybook_refuse_change();
CREATE OR REPLACE TRIGGER ledger_commitment_kept BEFORE DELETE OR TRUNCATE ON ledger_commitment
    FOR EACH STATEMENT EXECUTE FUNCTION daybook_refuse_change();
