"""Do at once what the beat would have done meanwhile: each day, every task of the schedule in its order, in this process.

The names come from `settings.CELERY_BEAT_SCHEDULE`, so that a task which is scheduled is played, and nothing is named twice.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy

from funding import clock, days
from funding.errors import Conflict, Unavailable
from funding.site.demo import calendar, processor
from funding.site.demo.models import Calendar
from funding.web.queue import enqueue, enqueue_on_commit

log = logging.getLogger(__name__)

LOCK = 0x64656D6F
MOST_DAYS = 400
TASK = "funding.site.demo.tasks.go_on"
SHIFT = 60.0
"""Seconds of one job: a way that takes longer is gone on by another, well before a job's time limit."""
MOVING = gettext_lazy("The calendar is being moved already. Wait until that has finished.")
STORY = gettext_lazy("The story is still being told. The calendar can be moved when it has reached the present.")
WATCHES = (
    "funding.payments.tasks.reconcile",
    "funding.site.recovery.tasks.watch",
    "funding.site.recovery.tasks.prune",
    "funding.site.reports.tasks.verify_books",
)
"""Tasks that compare, watch or tidy and change no business: on the last day of a way of many days they find what they would have
found on each."""
SWEEPS = (
    "sponsors.billing.tasks.sweep_payments",
    "sponsors.billing.tasks.sweep_cards",
    "sponsors.billing.tasks.detach_cards",
    "sponsors.refunds.tasks.sweep_refunds",
    "grants.payouts.tasks.sweep_payouts",
    "grants.committee.tasks.sweep_needs",
    "grants.committee.tasks.look_again",
    "funding.payments.tasks.sweep_inbox",
    "funding.payments.tasks.sweep_top_ups",
    "funding.mail.tasks.sweep_outbox",
)
"""Tasks that go on with what somebody began, or find what was missed: on a day after which nobody left anything they find nothing."""


@contextmanager
def alone() -> Iterator[None]:
    """One calendar, one hand on it. Raises Conflict while another press, or the loader, is moving it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        row = cursor.fetchone()
    if not row or not row[0]:
        raise Conflict(str(MOVING))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def run_due() -> list[str]:
    """Run every scheduled task once. Returns the names of those that failed; one failure never stops the rest."""
    return _run(_scheduled())


def run_day(*, sweep: bool = True) -> list[str]:
    """The same for one day of many: everything but the watches, and without the sweeps where the caller knows of nothing to go on with."""
    left_out = WATCHES if sweep else WATCHES + SWEEPS
    return _run(name for name in _scheduled() if name not in left_out)


def run_watches() -> list[str]:
    """What `run_day` leaves out, on the last day."""
    return _run(name for name in _scheduled() if name in WATCHES)


def _scheduled() -> list[str]:
    return [str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()]


def _run(names: Iterable[str]) -> list[str]:
    failed: list[str] = []
    for name in names:
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
        failed.update(_one_day())
    return sorted(failed | set(run_watches()))


def set_out(step: dt.timedelta) -> None:
    """Note where the calendar goes, and ask a worker to move it there. Raises Conflict while it is moving or the story is told."""
    with transaction.atomic():
        # A demo that was never told a story has no row yet, and its calendar stands where the offset says.
        stands = {"offset_seconds": round(calendar.offset.current().total_seconds())}
        row, _ = Calendar.objects.select_for_update().get_or_create(one=True, defaults=stands)
        if row.telling or row.moving_to:
            raise Conflict(str(STORY if row.telling else MOVING))
        now = clock.now()
        row.moving_since, row.moving_to, row.trouble = now, now.date() + step, ""
        row.save()
        enqueue_on_commit(TASK)


def pick_up() -> None:
    """Ask a worker again where nobody moves the calendar although it is to move: what it was asked with may be lost."""
    with suppress(Conflict):
        with alone():
            pass
        enqueue(TASK)


def go_on() -> bool:
    """What the worker does: day after day to where the calendar is to go, for `SHIFT` at most. True when it is there."""
    until = time.monotonic() + SHIFT
    with alone():
        row = Calendar.objects.get()
        failed = set(row.trouble.split())
        while row.moving_to and clock.today() < row.moving_to:
            if time.monotonic() > until:
                enqueue(TASK)
                return False
            failed.update(_one_day())
            Calendar.objects.filter(one=True).update(trouble=" ".join(sorted(failed)))
        failed.update(run_watches())
        Calendar.objects.filter(one=True).update(moving_to=None, trouble=" ".join(sorted(failed)))
    return True


def _one_day() -> list[str]:
    calendar.move_by(dt.timedelta(days=1))
    with suppress(Unavailable):
        # A stand-in that does not answer is no reason for the calendar to stand still.
        processor.elapse(seconds=24 * 3600)
    return run_day()


def to_next_month() -> dt.timedelta:
    """From today to the same day of the next month, or to its last day where it is shorter."""
    today = clock.today()
    _, next_first = days.month_bounds(today)
    _, after_next = days.month_bounds(next_first)
    return min(next_first.replace(day=1) + dt.timedelta(days=today.day - 1), after_next - dt.timedelta(days=1)) - today
