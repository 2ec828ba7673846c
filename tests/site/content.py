"""What the database holds, as one fingerprint a table: whether an act changed anything, without saying what it might have been."""

from __future__ import annotations

from django.db import connection

IGNORED = {"django_session", "web_submission", "audit_record", "django_migrations"}


def content() -> dict[str, str]:
    """A fingerprint of every row of every table that a person's act could change."""
    tables = sorted(set(connection.introspection.table_names()) - IGNORED)
    one = "SELECT '{0}', count(*) || ':' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM \"{0}\" t"
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(one.format(table) for table in tables))
        return dict(cursor.fetchall())


def changed(before: dict[str, str]) -> list[str]:
    now = content()
    return [table for table in now if now[table] != before[table]]
