"""Play the story day by day: what the schedule does in the morning, then the scenes, until the calendar has reached the present."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from funding import clock
from funding.components import formats
from funding.site.demo import calendar, schedule
from funding.site.demo.models import Calendar
from funding.site.demo.story.script import scenes

Say = Callable[[str], None]
DAY = dt.timedelta(days=1)


def begin() -> Calendar:
    """The calendar on the story's first day, or wherever an earlier run stopped."""
    real = dt.datetime.now(dt.UTC)
    row, created = Calendar.objects.get_or_create(
        one=True,
        defaults={
            "offset_seconds": round(calendar.before_the_story(real).total_seconds()),
            "began_on": calendar.monday_before(real.date()),
        },
    )
    if created:
        calendar.offset.forget()
    return row


def play(say: Say) -> bool:
    """Play what has not been played yet. False, with the reason said, when there is nothing to play. Raises Conflict."""
    with schedule.alone():
        row = begin()
        if row.began_on is None:
            say("This demo was begun empty, so no story is loaded.")
            return False
        if row.loaded_at is not None:
            say("The story is loaded already.")
            return False
        failed = _play(row.began_on, say)
        for name in sorted(failed):
            say(f"{name} failed while the calendar moved; the log says why.")
        Calendar.objects.filter(one=True).update(loaded_at=dt.datetime.now(dt.UTC))
    return True


def _play(began_on: dt.date, say: Say) -> set[str]:
    story, failed = scenes(), set[str]()
    days, done = -calendar.offset.current() // DAY, 0
    say(f"{len(story)} scenes in six weeks. It takes a minute or two; Ctrl-C stops it, and the next start goes on from there.")
    while True:
        failed.update(schedule.run_due())
        today = (clock.today() - began_on).days
        for scene in story:
            if scene.day == today:
                say(f"{_share(done, days)}  {formats.date(clock.today())}  {scene.line}")
                scene.act()
        if calendar.offset.current() > -DAY:
            return failed | set(schedule.run_due())
        calendar.move_by(DAY)
        done += 1


def _share(done: int, days: int) -> str:
    """How far it has come, by the days of the calendar: ` 40%`."""
    return f"{100 * done // max(1, days):>3}%"


def stand_still() -> None:
    """A demo without a story: the calendar is the real one until somebody moves it."""
    Calendar.objects.get_or_create(one=True)
    calendar.offset.forget()
