"""Run a query and walk its rows; every check reads this way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection


def rows(statement: str, *params: Any) -> Iterator[tuple[Any, ...]]:
    """All rows of one query, in its order."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        yield from cursor.fetchall()


def number(statement: str) -> int:
    """The one integer that a query answers."""
    return int(next(rows(statement))[0])
