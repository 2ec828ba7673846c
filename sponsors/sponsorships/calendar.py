"""When a sponsorship renews: on the day of the month on which it began, or the month's last day where that is missing.

31 January, 28 February, 31 March: every date is counted from the joining date, so that a short month never moves the rest.
"""

from __future__ import annotations

import calendar
import datetime as dt

MONTHS = {"month": 1, "year": 12, "once": 1}
"""Months that one payment covers. A one-time payment counts as one month of support."""


def step(anchor: dt.date, number: int, interval: str) -> dt.date:
    """The date `number` periods after the joining date."""
    months = anchor.year * 12 + anchor.month - 1 + number * MONTHS[interval]
    year, month = divmod(months, 12)
    return dt.date(year, month + 1, min(anchor.day, calendar.monthrange(year, month + 1)[1]))


def after(anchor: dt.date, day: dt.date, interval: str) -> dt.date:
    """The first renewal date later than `day`, which is not before the joining date."""
    elapsed = (day.year - anchor.year) * 12 + day.month - anchor.month
    number = max(0, elapsed // MONTHS[interval] - 1)
    while step(anchor, number, interval) <= day:
        number += 1
    return step(anchor, number, interval)
