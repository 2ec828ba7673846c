"""References such as `S-0001`: the row's own number with a prefix, known before the row is written.

A number may be skipped when a sign-up is rolled back; two rows never share one.
"""

from __future__ import annotations

from django.db import connection, models


def take(model: type[models.Model], prefix: str) -> tuple[int, str]:
    """The next primary key of the table, and the reference that goes with it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
        (number,) = cursor.fetchone()
    return number, f"{prefix}-{number:04d}"
