"""Play the story day by day: what the schedule does in the morning, then the scenes, until the calendar has reached the present."""

from __future__ import annotations

import datetime as dt
import gc
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from funding import clock
from funding.components import formats
from funding.ledger.models import Entry
from funding.site.demo import calendar, schedule
from funding.site.demo.models import Calendar
from funding.site.demo.story import hosted
from funding.site.demo.story.scene import Scene
from funding.site.demo.story.script import scenes
from funding.site.demo.story.when import Times
from funding.web.queue import left_to_sweepers
from sponsors.sponsorships.models import Sponsorship

Say = Callable[[str], None]
DAY = dt.timedelta(days=1)
LATELY = dt.timedelta(days=3)
"""How much of the processor's news the inbox is to have when the story is told."""


def begin() -> Calendar:
    """The calendar on the story's first day, or wherever an earlier run stopped."""
    real = dt.datetime.now(dt.UTC)
    row, created = Calendar.objects.get_or_create(
        one=True,
        defaults={
            "offset_seconds": round(calendar.before_the_story(real).total_seconds()),
            "began_on": calendar.first_day(real.date()),
            "told_to": real.date(),
        },
    )
    if created:
        calendar.offset.forget()
    return row


def play(say: Say, *, short: bool = False) -> bool:
    """Play what has not been played yet, quicker if `short`. False, with the reason said, if that is nothing. Raises Conflict."""
    with schedule.alone():
        row = begin()
        if row.began_on is None:
            say("This demo was begun empty, so no story is loaded.")
            return False
        if row.loaded_at is not None:
            say("The story is loaded already.")
            return False
        with hosted.endpoint_switched_off(), left_to_sweepers(), _soon_on_disk(), _seldom_collected():
            failed = _play(row.told_to or dt.datetime.now(dt.UTC).date(), scenes(short=short), say, quiet=short)
        for name in sorted(failed):
            say(f"{name} failed while the calendar moved; the log says why.")
        Calendar.objects.filter(one=True).update(loaded_at=dt.datetime.now(dt.UTC))
    return True


def _play(told_to: dt.date, story: list[Scene], say: Say, *, quiet: bool) -> set[str]:
    """`quiet` leaves days alone on which nobody does anything: what was due on them is done on the next, as after an outage."""
    by_day = _by_day(story, Times(told_to))
    say(f"{len(story)} scenes in eight months. It takes about a minute; Ctrl-C stops it, and the next start goes on from there.")
    failed, left = set[str](), True
    while True:
        today = clock.today()
        if today >= told_to - LATELY:
            hosted.switch_on_endpoint()
        present = calendar.offset.current() > -DAY
        if by_day[today] or present or not quiet:
            failed.update(schedule.run_day(sweep=left or present))
            left = False
        for scene in by_day[today]:
            scene.act()
            left |= scene.leaves
        if present:
            failed.update(schedule.run_watches())
            say(_progress(today))
            return failed
        calendar.move_by(DAY)
        if clock.today().day == 1:
            say(_progress(today))


def _by_day(story: list[Scene], times: Times) -> dict[dt.date, list[Scene]]:
    """The scenes of each day in the order of the script. Those that lie ahead of the present are never played."""
    by_day: dict[dt.date, list[Scene]] = defaultdict(list)
    for scene in story:
        by_day[max(times.beginning, scene.when(times))].append(scene)
    return by_day


def _progress(day: dt.date) -> str:
    """How far it has come by the end of a month: how many sponsors there are, and how many entries in the books."""
    active = Sponsorship.objects.filter(state=Sponsorship.State.ACTIVE, tier__isnull=False).count()
    return f"{formats.month(day):<15}{active:>4} sponsors {Entry.objects.count():>5} entries in the books"


@contextmanager
def _soon_on_disk() -> Iterator[None]:
    """No commit waits for the disk. After a power cut the last moments are missing, in their order, and the story goes on before them."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Hundreds of thousands of small objects come and go, and hardly one is part of a cycle: looking for those is rarer meanwhile."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def stand_still() -> None:
    """A demo without a story: the calendar is the real one until somebody moves it."""
    Calendar.objects.get_or_create(one=True)
    calendar.offset.forget()
