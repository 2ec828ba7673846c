"""The links of the bar at the top and of the account menu. Apps add theirs in `ready()`; this app knows none of them.

navigation.register("My days", "timesheets:week", 40, visible=policies.may_log_days)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from funding.web.ahead import Question

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Place = Literal["main", "account", "foot"]
Visible = Callable[[HttpRequest], bool]
Asks = Callable[[HttpRequest], list[Question]]


def everyone(request: HttpRequest) -> bool:
    return True


def nothing(request: HttpRequest) -> list[Question]:
    return []


def signed_in(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return bool(user and user.is_authenticated)


@dataclass(frozen=True, slots=True)
class Entry:
    label: StrOrPromise
    url_name: str
    order: int
    visible: Visible
    place: Place
    asks: Asks


@dataclass(frozen=True, slots=True)
class Item:
    """One link as a page draws it. `here` is true on the page itself, `inside` also on the pages below it."""

    label: StrOrPromise
    url: str
    here: bool
    inside: bool


_entries: dict[tuple[Place, str], Entry] = {}


def register(
    label: StrOrPromise, url_name: str, order: int, visible: Visible = everyone, *, place: Place = "main", asks: Asks = nothing
) -> None:
    """Add a link. `url_name` is a name without arguments; registering the same name in the same place again replaces it.

    `asks`: what `visible` asks the database besides the reader's roles, for a page that looks ahead (funding/web/ahead.py).
    """
    _entries[place, url_name] = Entry(label, url_name, order, visible, place, asks)


def questions(request: HttpRequest) -> list[Question]:
    """What the links ask about this reader before they show themselves."""
    return [question for entry in _entries.values() for question in entry.asks(request)]


def _shown(entry: Entry, request: HttpRequest) -> bool:
    """A request that failed before anybody was identified (a wrong host name, say) has no user: it sees what everyone sees."""
    if entry.visible is everyone:
        return True
    return hasattr(request, "user") and entry.visible(request)


def items(request: HttpRequest, place: Place = "main") -> list[Item]:
    """The links that this reader sees in `place`, in order. A name that the site does not have (yet) is left out."""
    found: list[Item] = []
    for entry in sorted(_entries.values(), key=lambda entry: (entry.order, entry.label)):
        if entry.place != place or not _shown(entry, request):
            continue
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        found.append(Item(entry.label, url, here=request.path == url, inside=url != "/" and request.path.startswith(url)))
    return found
