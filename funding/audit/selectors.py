"""The audit log as a page reads it: newest first, by outcome and act, one screen at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from funding.audit.models import Record


@dataclass(frozen=True, slots=True)
class Screen:
    """`older` is the id to ask for as `before` to go on, or None at the end."""

    records: list[Record]
    older: int | None


def screen(*, outcome: str = "", act: str = "", before: int | None = None, size: int = 50, hidden: Collection[str] = ()) -> Screen:
    """Records before an id, without those about a `hidden` subject: what the reader stepped back from.

    It asks for one row more than it shows, so that it need not count the whole log.
    """
    found = Record.objects.order_by("-id").exclude(subject__in=hidden)
    if outcome:
        found = found.filter(outcome=outcome)
    if act:
        found = found.filter(act=act)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: size + 1])
    return Screen(rows[:size], rows[size - 1].pk if len(rows) > size else None)


def acts(*, hidden: Collection[str] = ()) -> list[str]:
    """Every act that was ever recorded, by name, but for those recorded about `hidden` subjects only."""
    return list(Record.objects.exclude(subject__in=hidden).order_by("act").values_list("act", flat=True).distinct())
