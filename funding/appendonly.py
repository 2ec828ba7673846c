"""Tables whose rows are written once: guards that the database itself keeps.

An app names its tables with `protect` when it starts. After every migration the owner role puts a trigger on each of them
that refuses UPDATE, DELETE and TRUNCATE for everybody, the owner included, and takes those privileges from the app role.
This knows no app; the ledger's `grants` module runs it once per migration.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

_tables: set[str] = set()

# ERRCODE 23514 is check_violation, which Django raises as IntegrityError.
REFUSE = """
CREATE OR REPLACE FUNCTION daybook_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are written once. % is refused.', TG_TABLE_NAME, TG_OP USING ERRCODE = '23514';
END
$$;
REVOKE ALL ON FUNCTION daybook_refuse_change() FROM PUBLIC;
"""
GUARD = """
CREATE OR REPLACE TRIGGER {table}_row_once BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION daybook_refuse_change();
CREATE OR REPLACE TRIGGER {table}_table_once BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION daybook_refuse_change();
"""


def protect(*tables: str) -> None:
    """Make these tables append-only from the next migration on. Names are database table names."""
    for table in tables:
        if not table.isidentifier():
            raise ValueError(f"{table!r} is not a plain table name")
    _tables.update(tables)


def protected() -> frozenset[str]:
    """The names given to `protect` so far."""
    return frozenset(_tables)


def install(connection: BaseDatabaseWrapper, app_role: str | None) -> None:
    """Put the guards on every protected table that exists.

    Runs as the owner of the tables. `app_role` also loses the privileges; None when the owner is the only role.
    """
    with connection.cursor() as cursor:
        cursor.execute(REFUSE)
        for table in sorted(_tables & set(connection.introspection.table_names(cursor))):
            _guard(cursor, table, app_role and connection.ops.quote_name(app_role))


def _guard(cursor: CursorWrapper, table: str, role: str | None) -> None:
    cursor.execute(GUARD.format(table=table))
    if role:
        cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}")
