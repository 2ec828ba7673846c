"""I4: the guards themselves. Rows that the database would let somebody change are a problem before anybody does."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db.models import CheckConstraint, UniqueConstraint

from funding import appendonly
from funding.ledger.checks import Tally
from funding.ledger.grants import DOORS, TOTALS, WRITTEN_ONCE
from funding.ledger.invariants.rows import rows

TRIGGERS = """
    SELECT c.relname, tg.tgname FROM pg_trigger tg JOIN pg_class c ON c.oid = tg.tgrelid
    JOIN pg_proc p ON p.oid = tg.tgfoid
    WHERE c.relnamespace = 'public'::regnamespace AND tg.tgenabled IN ('O', 'A')
        AND p.proname IN ('daybook_refuse_change', 'ledger_keep_account')
"""
CHECKS = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND convalidated AND connamespace = 'public'::regnamespace"
UNIQUE = """
    SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indisunique AND i.indisvalid AND c.relnamespace = 'public'::regnamespace
"""
PRIVILEGES = """
    SELECT c.relname, p.privilege FROM pg_class c
    CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p(privilege)
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY (%s)
        AND NOT pg_has_role(current_user, c.relowner, 'USAGE') AND has_table_privilege(current_user, c.oid, p.privilege)
"""
FUNCTIONS = """
    SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
        AND p.proconfig @> ARRAY['search_path=public, pg_temp'] AND NOT EXISTS (
            SELECT 1 FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g WHERE g.grantee = 0)
"""


def rows_are_guarded(tally: Tally) -> Iterator[str]:
    """Transfers, entries, moves and every other append-only row cannot be updated, deleted or truncated."""
    existing = {row[0] for row in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    once = sorted(appendonly.protected() & existing)
    tally.count("append-only tables", len(once))
    triggers = set(rows(TRIGGERS))
    wanted = [(table, f"{table}_{suffix}") for table in once for suffix in ("row_once", "table_once")]
    wanted += [(table, f"{table}_{suffix}") for table in TOTALS for suffix in ("forward", "kept")]
    tally.count("triggers", len(wanted))
    for table, trigger in wanted:
        if (table, trigger) not in triggers:
            yield f"{table} has no working trigger {trigger}."
    for table, privilege in rows(PRIVILEGES, [*once, *TOTALS]):
        if privilege != "INSERT" or table in WRITTEN_ONCE + TOTALS:
            yield f"The app role may {privilege} on {table}."
    yield from _constraints(tally)
    safe = {row[0] for row in rows(FUNCTIONS)}
    for signature in DOORS:
        if signature.split("(")[0] not in safe:
            yield f"The function {signature} is missing, open to everybody, or not run as the owner with a fixed search path."


def _constraints(tally: Tally) -> Iterator[str]:
    checks, unique = {row[0] for row in rows(CHECKS)}, {row[0] for row in rows(UNIQUE)}
    for model in apps.get_app_config("ledger").get_models():
        for constraint in model._meta.constraints:
            kept = checks if isinstance(constraint, CheckConstraint) else unique
            tally.count("constraints")
            if isinstance(constraint, CheckConstraint | UniqueConstraint) and constraint.name not in kept:
                yield f"{model._meta.db_table} has lost its constraint {constraint.name}."
