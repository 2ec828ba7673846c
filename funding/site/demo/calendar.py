"""The demo's calendar: real time moved by one stored offset, the same in every process within a second.

Before the story is loaded the calendar stands `BEFORE_THE_STORY` in the past, so that nothing, such as the beat's first tick,
opens a day of the books that the story has yet to reach.
"""

from __future__ import annotations

import datetime as dt
import threading
import time

from django.db import DatabaseError, connection

from funding import clock
from funding.site.demo.models import Calendar
from funding.site.demo.story.when import Times

KEEP_SECONDS = 1.0


def first_day(today: dt.date) -> dt.date:
    """The day on which the story begins: the first of the month, seven months before this one."""
    return Times(today).beginning


def before_the_story(real: dt.datetime) -> dt.timedelta:
    """The offset, negative, that leads from real time to the same hour of the story's first day."""
    return first_day(real.date()) - real.date()


class Offset:
    """The stored offset as this process last read it, and whether the story is being told."""

    def __init__(self) -> None:
        self.value = dt.timedelta()
        self.telling = False
        self.read_at = float("-inf")
        self.table_seen = False
        self.lock = threading.Lock()

    def current(self) -> dt.timedelta:
        if time.monotonic() - self.read_at > KEEP_SECONDS and not connection.needs_rollback:
            with self.lock:
                self._read()
        return self.value

    def forget(self) -> None:
        self.read_at = float("-inf")

    def _read(self) -> None:
        try:
            with connection.cursor() as cursor:
                if not self.table_seen:
                    # Before the migrations there is no such table, and asking it would break the transaction we are in.
                    cursor.execute("SELECT to_regclass('demo_calendar')")
                    row = cursor.fetchone()
                    self.table_seen = bool(row and row[0])
                if self.table_seen:
                    cursor.execute("SELECT offset_seconds, began_on IS NOT NULL AND loaded_at IS NULL FROM demo_calendar")
                    row = cursor.fetchone()
                    self.value = dt.timedelta(seconds=row[0]) if row else before_the_story(dt.datetime.now(dt.UTC))
                    self.telling = bool(row and row[1])
        except DatabaseError:
            return  # keep the last offset: whoever needs the database next says what is wrong with it
        self.read_at = time.monotonic()


offset = Offset()


def source() -> dt.datetime:
    """What `funding.clock` reads in a demo."""
    return dt.datetime.now(dt.UTC) + offset.current()


def install() -> None:
    clock.set_source(source)


def move_to(offset_: dt.timedelta) -> None:
    """Store the offset and use it here at once; other processes follow within a second."""
    Calendar.objects.update_or_create(one=True, defaults={"offset_seconds": round(offset_.total_seconds())})
    offset.forget()


def move_by(step: dt.timedelta) -> None:
    move_to(offset.current() + step)
