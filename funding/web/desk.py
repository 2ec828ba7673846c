"""What a person can do here, as `/desk/` lists it. Apps register their own lines; this floor knows none of them.

    desk.register("Approve days", "timesheets:approvals", "Half days that wait for you.", 40, policies.may_approve, waiting=policies.count)

Unlike the bar at the top (components.navigation) a line has a sentence, and may say how much waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Visible = Callable[[HttpRequest], bool]
Waiting = Callable[[HttpRequest], int]


@dataclass(frozen=True, slots=True)
class Entry:
    label: StrOrPromise
    url_name: str
    note: StrOrPromise
    order: int
    visible: Visible
    waiting: Waiting | None


@dataclass(frozen=True, slots=True)
class Item:
    """One line as the page draws it. `waiting` is None where nothing is counted."""

    label: StrOrPromise
    url: str
    note: StrOrPromise
    waiting: int | None


_entries: dict[str, Entry] = {}


def register(
    label: StrOrPromise, url_name: str, note: StrOrPromise, order: int, visible: Visible, *, waiting: Waiting | None = None
) -> None:
    """Add a line. `url_name` takes no arguments; the same name again replaces its line."""
    _entries[url_name] = Entry(label, url_name, note, order, visible, waiting)


def items(request: HttpRequest) -> list[Item]:
    """The lines that this reader sees, in order. A name that the site does not have is left out."""
    found: list[Item] = []
    for entry in sorted(_entries.values(), key=lambda entry: (entry.order, entry.label)):
        if not entry.visible(request):
            continue
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        found.append(Item(entry.label, url, entry.note, entry.waiting(request) if entry.waiting else None))
    return found
