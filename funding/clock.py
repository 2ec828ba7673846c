"""Business time. Nothing else in the project asks the system for the date or the time.

Signatures, one-time codes and sessions use real time; everything a sponsor or a worker could see on a calendar comes
from here, so that the demo and the tests can move it. The roof may install another source (`set_source`); the
floor only knows that there is one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Source = Callable[[], dt.datetime]


def _system() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


_source: Source = _system


def now() -> dt.datetime:
    """The instant, in UTC, with microseconds."""
    return _source()


def end_of(day: dt.date) -> dt.datetime:
    """The first instant after that UTC day: what is dated up to and including it happened before."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)


def today() -> dt.date:
    """The UTC calendar date of `now()`."""
    return now().date()


def day_of(instant: dt.datetime) -> dt.date:
    """The day of a fact that somebody else's clock dates, however late the news is; today while our calendar is moved."""
    moved = abs(now() - _system()) > dt.timedelta(minutes=1)
    return today() if moved else instant.astimezone(dt.UTC).date()


def set_source(source: Source | None) -> None:
    """Take time from `source` from now on in this process; None returns to the system's clock."""
    global _source
    _source = source or _system


@contextmanager
def at(instant: dt.datetime) -> Iterator[None]:
    """Hold the clock at `instant`, which must carry a zone, for the length of the block."""
    if instant.tzinfo is None:
        raise ValueError("clock.at needs an instant with a zone")
    before = _source
    set_source(lambda: instant.astimezone(dt.UTC))
    try:
        yield
    finally:
        set_source(before)
