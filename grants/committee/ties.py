"""Ties that only matter on a panel, and that apps above know: they register, because this app cannot ask them.

    ties.register("cowork", selectors.worked_with, "You and the applicant worked together lately.")

The gate of all verbs is people.independence. What is registered here keeps somebody from deciding about a proposal and from
nothing else by itself: who approved somebody's days last month may approve them again, and should not decide their next grant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from funding.people.independence import Hindrance

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Source = Callable[[Collection[int], Collection[int]], set[tuple[int, int]]]

_sources: dict[str, tuple[Source, StrOrPromise]] = {}


def register(rule: str, source: Source, sentence: StrOrPromise) -> None:
    """`source(user ids, applicant ids)` answers the (user, applicant) pairs that are tied. `rule` is one of Seat.Ground."""
    _sources[rule] = (source, sentence)


def hindrances(users: Collection[int], applicants: Collection[int]) -> dict[tuple[int, int], Hindrance]:
    """(user id, applicant id) → the tie between them. One call of each source, whatever the number of people."""
    found: dict[tuple[int, int], Hindrance] = {}
    for rule, (source, sentence) in _sources.items():
        found = dict.fromkeys(source(users, applicants), Hindrance(rule, str(sentence))) | found
    return found
