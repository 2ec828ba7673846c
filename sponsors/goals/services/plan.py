"""The days of the grace after a goal is reached. Constants: what a pledger was told when they pledged holds for them."""

from __future__ import annotations

import datetime as dt

GRACE = dt.timedelta(days=7)
REMINDERS = (2, 4, 6)
"""Days after the decision on which a refused card is tried again, unless its owner has to, and its owner reminded."""


def steps_due(decided_at: dt.datetime, now: dt.datetime) -> int:
    """How many steps have fallen due: the first charge, and a reminder on each of its days."""
    passed = (now - decided_at).days
    return 1 + sum(1 for day in REMINDERS if day <= passed)
