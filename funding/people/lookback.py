"""How far back the rules of independence look: a tie that is over, and work that was shared, count for some months more."""

from __future__ import annotations

import calendar
import datetime as dt

from django.db.models import Q

from funding import clock
from funding.people.models import MONTHS, Host, Relation


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day of an earlier month, or its last day where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def cooling_since() -> dt.date:
    """A tie that ended after this day still counts. The months are the host's to set."""
    host = Host.get()
    return months_before(clock.today(), host.cooling_months if host else MONTHS)


def cowork_since() -> dt.date:
    """Work that two people shared after this day ties them on a panel."""
    host = Host.get()
    return months_before(clock.today(), host.cowork_months if host else MONTHS)


def binding(since: dt.date | None = None) -> Q:
    """Relations that count today: not dismissed, and not over for longer than the cooling months (`since`, where it is known)."""
    return (Q(until=None) | Q(until__gt=since or cooling_since())) & ~Q(state=Relation.State.DISMISSED)
