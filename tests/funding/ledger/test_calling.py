"""How the functions of the books are called."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.funding.ledger import books


@pytest.mark.django_db
def test_what_posts_is_read_and_planned_once_for_a_connection() -> None:
    fund = books.fund()
    for _ in range(3):
        books.contribute(fund, 100)
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement ~ 'ledger_post'")
        assert [runs for (runs,) in cursor.fetchall()] == [3]
