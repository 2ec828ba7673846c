"""The days meter: a box for each working day, in two halves, told in words to those who cannot see it.

A box is one day while there are at most 60; beyond that a box stands for 2, 5, 10 … days, and the meter says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.translation import gettext as _

from funding import days as day_figures

register = template.Library()

MOST_BOXES = 60
STEPS = (1, 2, 5, 10, 20, 50, 100)
BORDERS = {"w": "paid", "f": "paid", "p": "pledge"}


@dataclass(frozen=True, slots=True)
class Box:
    left: str
    right: str
    goal: bool

    @property
    def border(self) -> str:
        return BORDERS.get(self.left, "")


def spoken(half_days: int) -> str:
    """`9 and a half`, for a sentence read aloud."""
    whole, half = divmod(half_days, 2)
    if not half:
        return str(whole)
    return _("{days} and a half").format(days=whole) if whole else _("half a day")


def sentence(*, worked: int, paid: int, pledged: int, still: int, target: int) -> str:
    """What the boxes show, in half days, as one sentence: nothing is said by colour alone."""
    parts = []
    if worked or not pledged:
        parts.append(_("{days} worked and logged").format(days=spoken(worked)))
    if paid or not pledged:
        parts.append(_("{days} paid for but not yet worked").format(days=spoken(paid)))
    if pledged:
        parts.append(_("{days} pledged").format(days=spoken(pledged)))
    parts.append(_("{days} still open").format(days=spoken(still)))
    return _("Of {days} days: {parts}.").format(days=spoken(target), parts=", ".join(parts))


def boxes(halves: str, per_box: int, goal: int) -> list[Box]:
    """`halves` has one letter for each half day; a half of a box stands for `per_box` of them and shows the first."""
    sampled = halves[::per_box]
    sampled += "o" * (len(sampled) % 2)
    goal_box = -(-goal // (2 * per_box)) - 1 if goal else -1
    return [Box(sampled[i], sampled[i + 1], goal=i // 2 == goal_box) for i in range(0, len(sampled), 2)]


@register.inclusion_tag("components/days_meter.html")
def days_meter(
    worked: int = 0, paid: int = 0, pledged: int = 0, target: int = 40, open: int | None = None, goal: int = 0, key: bool = True
) -> dict[str, Any]:
    """All in half days. `paid` is paid for and not yet worked, so worked + paid + pledged + open is what is drawn.

    `open` is worked out from `target` when it is not given. `goal` draws a bar after that many half days.
    """
    worked, paid, pledged = max(0, worked), max(0, paid), max(0, pledged)
    still = max(0, target - worked - paid - pledged) if open is None else max(0, open)
    halves = "w" * worked + "f" * paid + "p" * pledged + "o" * still
    per_box = next((step for step in STEPS if len(halves) <= 2 * MOST_BOXES * step), STEPS[-1])
    rows = [("w", "paid", _("Worked and logged"), worked), ("f", "paid", _("Paid for, not yet worked"), paid)]
    if pledged:
        rows = [row for row in rows if row[3]] + [("p", "pledge", _("Pledged, not yet collected"), pledged)]
    return {
        "sentence": sentence(worked=worked, paid=paid, pledged=pledged, still=still, target=max(target, worked + paid + pledged)),
        "boxes": boxes(halves, per_box, goal),
        "per_box": per_box,
        "scale": target == 40 and len(halves) == 40,
        "key": [{"fill": fill, "border": border, "label": label, "days": day_figures.words(count)} for fill, border, label, count in rows]
        + [{"fill": "o", "border": "", "label": _("Still open"), "days": day_figures.words(still)}]
        if key
        else [],
    }
