"""The demo's calendar is one stored offset, followed by every process, and harmless where it does not exist."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from funding import clock
from funding.site.demo import calendar
from funding.site.demo.models import Calendar

WEEK = dt.timedelta(days=7)


def real() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def is_now(instant: dt.datetime) -> bool:
    return abs(clock.now() - instant) < dt.timedelta(seconds=5)


@pytest.mark.django_db
def test_without_demo_a_stored_calendar_moves_nothing() -> None:
    calendar.move_to(WEEK)
    assert is_now(real())


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
class TestInADemo:
    def test_before_the_story_it_is_the_story_s_first_day(self) -> None:
        today = real().date()
        assert clock.today() == calendar.first_day(today)
        assert clock.today().day == 1
        assert today - clock.today() >= 30 * WEEK

    def test_a_row_moves_the_time_for_everybody(self) -> None:
        calendar.move_to(WEEK)
        assert is_now(real() + WEEK)
        calendar.move_by(-WEEK)
        assert is_now(real())
        assert Calendar.objects.count() == 1

    def test_it_is_read_at_most_once_a_second(self, django_assert_num_queries: object) -> None:
        calendar.move_to(WEEK)
        clock.now()
        with django_assert_num_queries(0):  # type: ignore[operator]
            assert is_now(real() + WEEK)

    def test_another_process_follows_when_its_second_is_over(self) -> None:
        calendar.move_to(WEEK)
        clock.now()
        Calendar.objects.update(offset_seconds=0)
        calendar.offset.read_at -= calendar.KEEP_SECONDS
        assert is_now(real())

    def test_a_transaction_that_failed_is_not_asked(self) -> None:
        calendar.move_to(WEEK)
        clock.now()
        with pytest.raises(DatabaseError), transaction.atomic():
            with connection.cursor() as cursor, pytest.raises(DatabaseError):
                cursor.execute("SELECT 1/0")
            connection.needs_rollback = True
            calendar.offset.read_at = float("-inf")
            assert is_now(real() + WEEK)
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")

    def test_before_the_migrations_it_is_the_real_time_and_breaks_no_transaction(self) -> None:
        fresh = calendar.Offset()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL search_path = pg_catalog")
            assert fresh.current() == dt.timedelta()
            cursor.execute("SELECT 1")


@pytest.mark.parametrize(
    ("today", "first"),
    [("2026-11-21", "2026-04-01"), ("2026-11-01", "2026-04-01"), ("2026-03-31", "2025-08-01"), ("2028-02-29", "2027-07-01")],
)
def test_the_story_begins_on_the_first_of_the_month_seven_months_ago(today: str, first: str) -> None:
    assert calendar.first_day(dt.date.fromisoformat(today)) == dt.date.fromisoformat(first)
