"""Did the schedule run? Each scheduled task leaves its pulse; one that is overdue is an alarm, whatever the reason.

Source of the rule: platforms lose weeks of renewals when a daily job dies and nobody is told. A task that raises, a worker
that is gone and a clock that stopped look the same from the books, so all three are one question: when did it last finish?
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding.site.recovery import jobs
from funding.site.recovery.models import Pulse

PATIENCE = dt.timedelta(minutes=3)
TIMES = 5
"""Overdue after this many missed runs, and never before `PATIENCE`: a deployment takes a minute."""
QUEUES = ("money", "mail", "slow")
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Beat:
    """One line of the schedule with its pulse. `every` is the time between two runs."""

    task: str
    every: dt.timedelta
    pulse: Pulse | None
    overdue: bool

    @property
    def words(self) -> str:
        """`Renew sponsorships`: what it does, for a page."""
        return jobs.words(self.task)

    @property
    def short(self) -> str:
        """`run_billing`: the task's last name."""
        return self.task.rpartition(".")[2]

    @property
    def every_words(self) -> str:
        return words(self.every)


def schedule() -> dict[str, dt.timedelta]:
    """Task → the time between two runs, as settings say."""
    return {str(row["task"]): _every(row["schedule"]) for row in settings.CELERY_BEAT_SCHEDULE.values()}


def beats(now: dt.datetime | None = None) -> list[Beat]:
    """Every scheduled task with what is known of it, in the order of the schedule."""
    now, pulses = now or timezone.now(), Pulse.objects.in_bulk()
    return [Beat(task, every, pulses.get(task), _overdue(pulses.get(task), every, now)) for task, every in schedule().items()]


def overdue() -> list[Beat]:
    return [beat for beat in beats() if beat.overdue]


def silence(now: dt.datetime | None = None) -> str:
    """Why nothing at all runs, in words; empty when something does."""
    now = now or timezone.now()
    last = Pulse.objects.aggregate(last=Max("finished_at"))["last"]
    if last is not None and now - last <= PATIENCE:
        return ""
    waiting = _queued()
    return _never(waiting) if last is None else _not_for(words(now - last), waiting)


def _never(waiting: int | None) -> str:
    if waiting is None:
        return _("no scheduled job has ever finished, and the broker cannot be reached")
    if not waiting:
        return _("no scheduled job has ever finished, and none is asked for: the clock (beat) does not run")
    found = ngettext(
        "no scheduled job has ever finished, and {count} waits for a worker",
        "no scheduled job has ever finished, and {count} wait for a worker",
        waiting,
    )
    return found.format(count=waiting)


def _not_for(span: str, waiting: int | None) -> str:
    if waiting is None:
        found = _("no scheduled job has finished for {span}, and the broker cannot be reached")
    elif not waiting:
        found = _("no scheduled job has finished for {span}, and none is asked for: the clock (beat) does not run")
    else:
        found = ngettext(
            "no scheduled job has finished for {span}, and {count} waits for a worker",
            "no scheduled job has finished for {span}, and {count} wait for a worker",
            waiting,
        )
    return found.format(span=span, count=waiting)


def meet() -> None:
    """Note since when each task is in the schedule. Called by the schedule itself, so that it is a time at which it ran."""
    known = set(Pulse.objects.values_list("task", flat=True))
    now = timezone.now()
    Pulse.objects.bulk_create([Pulse(task=task, known_at=now) for task in schedule() if task not in known], ignore_conflicts=True)


def began(task: str) -> None:
    if task in schedule():
        now = timezone.now()
        Pulse.objects.update_or_create(task=task, defaults={"began_at": now}, create_defaults={"began_at": now, "known_at": now})


def finished(task: str) -> None:
    if task in schedule():
        Pulse.objects.update_or_create(task=task, defaults={"finished_at": timezone.now(), "error": "", "alarmed_at": None})


def failed(task: str, error: BaseException) -> None:
    if task in schedule():
        said = f"{type(error).__name__}: {error}"[:LONGEST].replace("\x00", "")
        Pulse.objects.update_or_create(task=task, defaults={"failed_at": timezone.now(), "error": said})


def _overdue(pulse: Pulse | None, every: dt.timedelta, now: dt.datetime) -> bool:
    """One that nobody has met yet is as young as the installation; that nothing runs at all is `silence`."""
    if pulse is None:
        return False
    silent = pulse.silent_for(now)
    return silent is None or silent > max(every * TIMES, PATIENCE)


def _every(schedule: Any) -> dt.timedelta:
    if isinstance(schedule, dt.timedelta):
        return schedule
    if isinstance(schedule, (int, float)):
        return dt.timedelta(seconds=schedule)
    return dt.timedelta(days=1)  # a crontab: ours name an hour of the day


def _queued() -> int | None:
    try:
        broker = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
        return sum(int(broker.llen(queue)) for queue in QUEUES)
    except redis.RedisError:
        return None


def words(time: dt.timedelta) -> str:
    """A span as somebody would say it: `20 seconds`, `7 minutes`, `2 days`."""
    seconds = int(time.total_seconds())
    if days := seconds // 86_400:
        return ngettext("{count} day", "{count} days", days).format(count=days)
    if hours := seconds // 3_600:
        return ngettext("{count} hour", "{count} hours", hours).format(count=hours)
    if minutes := seconds // 60:
        return ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)
    return ngettext("{count} second", "{count} seconds", seconds).format(count=seconds)
