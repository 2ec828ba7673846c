"""The one formatter for dates and instants. Every deadline names its zone; work days are calendar dates without one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils import dateformat
from django.utils.translation import gettext as _


def date(day: dt.date) -> str:
    """`Wed 14 Oct 2026`."""
    return dateformat.format(day, "D j M Y")


def month(day: dt.date) -> str:
    """`November 2026`."""
    return dateformat.format(day, "F Y")


def short_month(day: dt.date) -> str:
    """`Nov`, for an axis."""
    return dateformat.format(day, "M")


def instant(moment: dt.datetime) -> str:
    """`Thu 10 Dec 2026, 23:59 UTC`. Seconds are cut off, not rounded. A moment without a zone is refused."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a zone")
    utc = moment.astimezone(dt.UTC)
    return f"{date(utc.date())}, {utc:%H:%M} UTC"


def machine(moment: dt.date | dt.datetime) -> str:
    """The value of a `datetime` attribute: `2026-10-14`, `2026-12-10T23:59:00Z`."""
    if isinstance(moment, dt.datetime):
        return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    return moment.isoformat()


def listed(names: Iterable[str]) -> str:
    """`Ada`, `Ada and Bea`, `Ada, Bea and Cem`: how a sentence names several. Nothing where there are none."""
    *others, last = [*names] or [""]
    return _("{names} and {last}").format(names=", ".join(others), last=last) if others else last


def text(moment: dt.date | dt.datetime) -> str:
    """Whichever of `instant` and `date` fits."""
    return instant(moment) if isinstance(moment, dt.datetime) else date(moment)
