"""When something happens: by the calendar's months, so that renewals fall on their days, or counted back from the present.

The story is told up to a day, `Times.present`, in eight calendar months: seven that are over and the one that is not.
"""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

MONTHS = 7
"""Whole months before the present one."""

When = Callable[["Times"], dt.date]


@dataclass(frozen=True, slots=True)
class Times:
    present: dt.date

    @property
    def beginning(self) -> dt.date:
        return on(MONTHS, 1)(self)


def on(months_ago: int, day: int) -> When:
    """A day of the month `months_ago` before the present one, or that month's last where it is shorter."""

    def find(times: Times) -> dt.date:
        index = times.present.year * 12 + times.present.month - 1 - months_ago
        year, month = divmod(index, 12)
        return dt.date(year, month + 1, min(day, months.monthrange(year, month + 1)[1]))

    return find


def ago(days: int) -> When:
    return lambda times: times.present - dt.timedelta(days=days)


def workday(months_ago: int, number: int) -> When:
    """The `number`th day from Monday to Friday of a month."""

    def find(times: Times) -> dt.date:
        day = on(months_ago, 1)(times)
        return _workdays(day - dt.timedelta(days=1), number, dt.timedelta(days=1))

    return find


def workdays_ago(number: int) -> When:
    """The `number`th day from Monday to Friday counted back; 1 is the present day itself unless that is a weekend."""
    return lambda times: _workdays(times.present + dt.timedelta(days=1), number, dt.timedelta(days=-1))


def _workdays(day: dt.date, number: int, step: dt.timedelta) -> dt.date:
    while number:
        day += step
        number -= day.weekday() < 5
    return day
