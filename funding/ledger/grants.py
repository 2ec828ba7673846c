"""Who may do what in the database: installed by the owner role after every migration.

The owner migrates; the app role runs. The app role reads and writes ordinary tables, only adds to append-only ones, and
of the books it may read the tables and call the functions that sql/ defines, nothing else. Being installed again after
each migration, none of this depends on which migrations are kept or folded together.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from funding import appendonly

SQL = Path(__file__).resolve().parent / "sql"
WRITTEN_ONCE = ("ledger_entry", "ledger_transfer", "ledger_reservationmove", "ledger_sealedtext", "ledger_sealeddocument")
TOTALS = ("ledger_account", "ledger_accounttotal", "ledger_reservation", "ledger_bookday", "ledger_commitment")
READ_ONLY = (*WRITTEN_ONCE, *TOTALS, "django_migrations")
DOORS = (
    "ledger_open_account(text, text, text, timestamptz)",
    "ledger_post(text, text, text, integer, bigint, timestamptz, date, ledger_line[])",
    "ledger_post_all(text[], text[], text[], integer[], bigint[], timestamptz[], date[], integer[], ledger_line[], boolean)",
    "ledger_reserve(bigint, bigint, text, bigint, text, timestamptz)",
    "ledger_change_reservation(text, bigint, bigint, text, timestamptz)",
    "ledger_advance_day(date, timestamptz)",
    "ledger_close_period(date, timestamptz)",
    "ledger_hold(text, timestamptz)",
    "ledger_seal_document(text, text, text, timestamptz)",
    "ledger_keep_commitments(date, bigint[], integer[], bytea[], text[])",
    "ledger_seal_day(date, text, text, timestamptz)",
    "ledger_erase(bigint, integer)",
)
READERS = (
    "ledger_line_text(bigint, bigint, bigint, text, bigint, text, bigint, bigint, bigint, bigint, bigint, bigint, bigint)",
    "ledger_digest(text, date, bigint, text)",
    "ledger_as_of(bigint, bigint)",
    "ledger_cut(timestamptz)",
    "ledger_balances_at(bigint[], timestamptz)",
)


def append_only(*tables: str) -> None:
    """Another name for `appendonly.protect`, for apps that stand above the ledger."""
    appendonly.protect(*tables)


def install_after_migrate(*, using: str, **_: Any) -> None:
    """Receiver of post_migrate. Does nothing until the ledger's own tables exist."""
    install(connections[using], str(connections["default"].settings_dict["USER"] or ""))


def install(connection: BaseDatabaseWrapper, app_user: str) -> None:
    """Create or replace functions, triggers and privileges. `app_user` is the role that runs the site; safe to repeat."""
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        cursor.execute("SELECT current_user")
        app_role = app_user if app_user and app_user != cursor.fetchone()[0] else None
        if app_role:
            _grant_ordinary(cursor, connection.ops.quote_name(app_role))
        appendonly.install(connection, app_role)
        if not present.issuperset(WRITTEN_ONCE + TOTALS):
            return
        for part in sorted(SQL.glob("*.sql")):
            cursor.execute(part.read_text(encoding="utf-8"))
        cursor.execute("SELECT oid::regprocedure::text FROM pg_proc WHERE proname ~ '^ledger_' AND pronamespace = 'public'::regnamespace")
        _revoke_functions(cursor, [row[0] for row in cursor.fetchall()])
        if app_role:
            _grant_books(cursor, connection.ops.quote_name(app_role), present)


def _revoke_functions(cursor: CursorWrapper, signatures: Iterable[str]) -> None:
    for signature in signatures:
        cursor.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")


def _grant_ordinary(cursor: CursorWrapper, role: str) -> None:
    cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
    tables = [row[0] for row in cursor.fetchall()]
    if tables:
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(tables)} TO {role}")
    cursor.execute("SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public' AND sequenceowner = current_user")
    sequences = [row[0] for row in cursor.fetchall()]
    if sequences:
        cursor.execute(f"GRANT USAGE, SELECT ON {', '.join(sequences)} TO {role}")


def _grant_books(cursor: CursorWrapper, role: str, present: set[str]) -> None:
    for table in sorted(present.intersection(READ_ONLY)):
        cursor.execute(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {table} FROM {role}")
    for signature in DOORS + READERS:
        cursor.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {role}")
