"""When sealed reviews open to their panel, as a pure function over counts. The panel's own clock is `due_at`.

Reviews open when every review that was asked for is in, or at the deadline; in both cases only once the committee's minimum
is in. What opened stays open (models.Opening), whoever joins or steps back afterwards.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

Because = Literal["all", "deadline"]

REMINDERS = (3, 1)
"""Days before the deadline on which a member whose review is not in is reminded."""


def because(*, awaited: int, reviews: int, needed: int, eligible: int, past_due: bool) -> Because | None:
    """Why the reviews open now, or None while they stay sealed. `awaited` are those asked for and not in."""
    if not eligible or reviews < needed:
        return None
    if not awaited:
        return "all"
    return "deadline" if past_due else None


def stage(*, now: dt.datetime, begun_at: dt.datetime, due_at: dt.datetime) -> str:
    """Which reminder is due: `3`, `1`, `overdue`, or "" for none. One that would fall before the reading began is left out."""
    if now >= due_at:
        return "overdue"
    reached = [days for days in REMINDERS if begun_at <= due_at - dt.timedelta(days=days) <= now]
    return str(min(reached)) if reached else ""
