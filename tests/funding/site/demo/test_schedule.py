"""When the calendar moves, what was scheduled happens, each day, in order, whatever fails."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.utils.module_loading import import_string

from funding import clock
from funding.errors import Conflict
from funding.ledger import services as ledger
from funding.ledger.models import BookDay
from funding.mail import services as mail
from funding.site.demo import calendar, schedule, tasks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]

played: list[tuple[str, dt.date]] = []


def first() -> None:
    played.append(("first", clock.today()))


def breaks() -> None:
    played.append(("breaks", clock.today()))
    raise RuntimeError("this task is broken")


def last() -> None:
    played.append(("last", clock.today()))


@pytest.fixture(autouse=True)
def _nothing_played() -> None:
    played.clear()
    calendar.move_to(dt.timedelta())


def plan(settings: Any, *names: str) -> None:
    settings.CELERY_BEAT_SCHEDULE = {name: {"task": f"{__name__}.{name}", "schedule": 20.0} for name in names}


def test_every_task_of_the_real_schedule_can_be_called() -> None:
    tasks = [entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()]
    assert all(callable(import_string(task)) for task in tasks)
    assert tasks[0] == "funding.ledger.tasks.advance_book_day"
    assert schedule.run_due() == []


def test_a_day_on_which_nothing_was_left_has_no_sweeps(settings: Any) -> None:
    assert set(schedule.SWEEPS + schedule.WATCHES) < {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}
    plan(settings, "first", "last")
    settings.CELERY_BEAT_SCHEDULE["mail"] = {"task": "funding.mail.tasks.sweep_outbox", "schedule": 20.0}
    waiting = mail.write(kind="x", to="ada@example.org", key="x:1", subject="S", body="B\n")
    assert schedule.run_day(sweep=False) == []
    waiting.refresh_from_db()
    assert (len(played), waiting.state) == (2, waiting.State.QUEUED)
    assert schedule.run_day() == []
    waiting.refresh_from_db()
    assert (len(played), waiting.state) == (4, waiting.State.SENT)


def test_each_day_in_order(settings: Any) -> None:
    plan(settings, "first", "last")
    today = clock.today()
    assert schedule.advance(dt.timedelta(days=2)) == []
    assert played == [(name, today + dt.timedelta(days=day)) for day in (1, 2) for name in ("first", "last")]
    assert clock.today() == today + dt.timedelta(days=2)


def test_a_task_that_fails_is_named_and_stops_nothing(settings: Any) -> None:
    plan(settings, "first", "breaks", "last")
    assert schedule.advance(dt.timedelta(days=2)) == [f"{__name__}.breaks"]
    assert [name for name, _ in played] == ["first", "breaks", "last"] * 2


def test_what_only_compares_is_run_once_on_the_last_day(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(settings, "first", "last")
    monkeypatch.setattr(schedule, "WATCHES", (f"{__name__}.last",))
    today = clock.today()
    schedule.advance(dt.timedelta(days=3))
    assert played == [*(("first", today + dt.timedelta(days=day)) for day in (1, 2, 3)), ("last", today + dt.timedelta(days=3))]


def test_the_watches_are_tasks_of_the_real_schedule() -> None:
    assert set(schedule.WATCHES) < {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}


def test_each_day_that_passes_is_sealed_as_the_schedule_would(settings: Any) -> None:
    entries = [entry for entry in settings.CELERY_BEAT_SCHEDULE.items() if entry[0] in ("book-day", "seal")]
    settings.CELERY_BEAT_SCHEDULE = dict(entries)
    today = ledger.advance_book_day(clock.today()).day
    assert schedule.advance(dt.timedelta(days=3)) == []
    sealed = BookDay.objects.filter(seal__isnull=False).values_list("day", flat=True)
    assert list(sealed) == [today + dt.timedelta(days=day) for day in range(3)]
    assert BookDay.objects.get(closed_at=None).day == today + dt.timedelta(days=3)


@pytest.mark.parametrize("days", [0, -1, 401])
def test_the_calendar_moves_forward_by_days_that_somebody_could_mean(days: int) -> None:
    with pytest.raises(ValueError, match="forward"):
        schedule.advance(dt.timedelta(days=days))


def test_one_hand_at_a_time(owner_connection: psycopg.Connection[Any]) -> None:
    owner_connection.execute("SELECT pg_advisory_lock(%s)", [schedule.LOCK])
    with pytest.raises(Conflict), schedule.alone():
        pass
    assert tasks.go_on() is False, "a second job leaves it to the first, without a traceback"
    owner_connection.execute("SELECT pg_advisory_unlock(%s)", [schedule.LOCK])
    with schedule.alone():
        row = owner_connection.execute("SELECT pg_try_advisory_lock(%s)", [schedule.LOCK]).fetchone()
        assert row == (False,)
    with schedule.alone():
        pass


@pytest.mark.parametrize(
    ("today", "then"),
    [
        ("2026-01-15", "2026-02-15"),
        ("2026-01-31", "2026-02-28"),
        ("2028-01-31", "2028-02-29"),
        ("2026-12-31", "2027-01-31"),
        ("2026-02-28", "2026-03-28"),
    ],
)
def test_next_month_is_the_same_day_or_the_last_one(today: str, then: str) -> None:
    start = dt.date.fromisoformat(today)
    with clock.at(dt.datetime.combine(start, dt.time(12), dt.UTC)):
        assert start + schedule.to_next_month() == dt.date.fromisoformat(then)
