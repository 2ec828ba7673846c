"""What waits for a person, as one page lists it. Apps register what of theirs can get stuck; this floor knows none of them.

    attention.register("mail", "Mails that could not be sent", services.parked, order=40)

The function answers with at most `limit` rows, the oldest first, and with how many there are in all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LIMIT = 50


@dataclass(frozen=True, slots=True)
class Act:
    """What a person can do about a row: the words of the link and where it leads."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits: what it is, since when, and why, in the reader's words."""

    what: str
    since: dt.datetime | dt.date
    why: str
    acts: tuple[Act, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    items: list[Item]
    count: int


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    title: StrOrPromise
    find: Callable[[int], Found]
    order: int


_sources: dict[str, Source] = {}


def register(name: str, title: StrOrPromise, find: Callable[[int], Found], *, order: int) -> None:
    """Add a list. The same name again replaces it."""
    _sources[name] = Source(name, title, find, order)


def sources() -> list[Source]:
    return sorted(_sources.values(), key=lambda source: (source.order, source.title))


def counts() -> dict[str, int]:
    """Title → how many wait, for those lists that are not empty."""
    found = {str(source.title): source.find(0).count for source in sources()}
    return {title: count for title, count in found.items() if count}
