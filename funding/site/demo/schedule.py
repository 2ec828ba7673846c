"""Do at once what the beat would have done meanwhile: each day, every task of the schedule in its order, in this process.

The names come from `settings.CELERY_BEAT_SCHEDULE`, so that a task which is scheduled is played, and nothing is named twice.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from funding import clock, days
from funding.errors import Conflict, Unavailable
from funding.site.demo import calendar, processor

log = logging.getLogger(__name__)

LOCK = 0x64656D6F
MOST_DAYS = 400


@contextmanager
def alone() -> Iterator[None]:
    """One calendar, one hand on it. Raises Conflict while another press, or the loader, is moving it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        row = cursor.fetchone()
    if not row or not row[0]:
        raise Conflict("The calendar is being moved already. Wait until that has finished.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def run_due() -> list[str]:
    """Run every scheduled task once. Returns the names of those that failed; one failure never stops the rest."""
    failed: list[str] = []
    for name in [str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()]:
        task: Callable[[], object] = import_string(name)
        try:
            task()
        except Exception:
            # The beat would try again in a few seconds; here the visitor is told which task to look at.
            log.exception("%s failed while the calendar moved", name)
            failed.append(name)
    return failed


def advance(step: dt.timedelta) -> list[str]:
    """Move the calendar by whole days, one at a time, and run what is due on each. Returns the names of tasks that failed."""
    if not dt.timedelta() < step <= dt.timedelta(days=MOST_DAYS):
        raise ValueError(f"The calendar moves forward by 1 to {MOST_DAYS} days")
    failed: set[str] = set()
    for _ in range(step.days):
        calendar.move_by(dt.timedelta(days=1))
        with suppress(Unavailable):
            # A stand-in that does not answer is no reason for the calendar to stand still.
            processor.elapse(seconds=24 * 3600)
        failed.update(run_due())
    return sorted(failed)


def to_next_month() -> dt.timedelta:
    """From today to the same day of the next month, or to its last day where it is shorter."""
    today = clock.today()
    _, next_first = days.month_bounds(today)
    _, after_next = days.month_bounds(next_first)
    return min(next_first.replace(day=1) + dt.timedelta(days=today.day - 1), after_next - dt.timedelta(days=1)) - today
