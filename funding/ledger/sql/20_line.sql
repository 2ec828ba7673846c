-- What a line of an entry is, on its way in and on its way to its row, and the digest by which a repeat is told from a contradiction.

-- A line as it is asked for: accounts and rows by id, the amount in minor units.
DO $$ BEGIN
    IF to_regtype('ledger_line') IS NULL THEN
        CREATE TYPE ledger_line AS (debit bigint, credit bigint, amount bigint, kind text, party bigint, about_kind text, about_id bigint,
            reservation bigint, settles bigint, source bigint, source_position bigint, pin_from bigint, pin_to bigint);
    END IF;
    -- Where a line lies on the number lines of its accounts, and where its money comes back from.
    IF to_regtype('ledger_place') IS NULL THEN
        CREATE TYPE ledger_place AS (currency text, debit_offset bigint, credit_offset bigint, spend_from bigint, spend_to bigint,
            returns bigint, returns_from bigint, reserved_before bigint);
    END IF;
END $$;

-- One line as text. Nulls are "-". A line that settles an item has that item for its source, whether the caller said so or not,
-- so its source is left out.
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

-- The date is the fact's own, also when the entry was dated later because its period was closed.
CREATE OR REPLACE FUNCTION ledger_digest(kind text, effective_on date, reverses bigint, line_texts text)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\t', kind, effective_on::text, coalesce(reverses::text, '-')) || E'\n' || line_texts, 'UTF8')), 'hex')
$$;
