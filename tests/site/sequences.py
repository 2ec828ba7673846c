"""The numbers that rows are given next. A rollback does not take them back, so two runs of one act are numbered differently."""

from __future__ import annotations

from django.db import connection, connections

Numbers = dict[str, int]


def read() -> Numbers:
    """The last number of every sequence; 0 for one that has given none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, 0) FROM pg_sequences")
        return dict(cursor.fetchall())


def write(numbers: Numbers) -> None:
    """Go on counting from there. As the owner: the app role may only count upwards. No transaction holds a sequence back."""
    with connections["owner"].cursor() as cursor:
        for name, last in numbers.items():
            cursor.execute("SELECT setval(%s, %s, %s)", [name, max(last, 1), last > 0])
