"""Rows that stay as they are from some moment on: the trigger by which the database keeps what was published or agreed.

    INSTALL, REMOVE = fixed.once("tiers_keep_published", "tiers_tier", when="OLD.state <> 'draft'", columns=[…], said="…")

A migration runs INSTALL as the owner of the tables, and another one runs it again when it changes. This knows no app.
"""

from __future__ import annotations

from collections.abc import Sequence

# ERRCODE 23514 is check_violation, which Django raises as IntegrityError.
KEEP = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ({when}) AND (TG_OP = 'DELETE' OR ({old}) IS DISTINCT FROM ({new}) OR {unless})
    THEN
        RAISE EXCEPTION '{said}' USING ERRCODE = '23514';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
REVOKE ALL ON FUNCTION {name}() FROM PUBLIC;
CREATE OR REPLACE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
"""
DROP = """
DROP TRIGGER IF EXISTS {name} ON {table};
DROP FUNCTION IF EXISTS {name}();
"""


def once(name: str, table: str, *, when: str, columns: Sequence[str], said: str, refused: str = "false") -> tuple[str, str]:
    """The SQL that installs and removes a trigger `name`: while `when` holds of OLD, the row is not deleted and `columns` do not change.

    `refused` is a further condition on OLD and NEW, such as a state that may not follow. `said` is the error, without quotes.
    """
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    install = KEEP.format(name=name, table=table, when=when, old=old, new=new, unless=f"({refused})", said=said)
    return install, DROP.format(name=name, table=table)
