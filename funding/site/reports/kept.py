"""What the books say to everybody is worked out once and kept until money moves, for a minute at most.

Following money to its sponsors takes many small reads, and the public pages show the same few trails to each visitor. What is
kept hangs on the totals of all accounts, which every entry with a fund or a debt in it raises. Names are not in the books:
one that is changed or withheld leaves these pages within the minute. Whoever is signed in may see more names and is told them
afresh; the sums are the same for all.
What is kept holds words, so each language has its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache
from django.db.models import QuerySet, Sum
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from redis.exceptions import RedisError

from funding.ledger.models import Account
from funding.people.roles import Viewer
from funding.web import ahead

log = logging.getLogger(__name__)
SECONDS = 60
SHAPES = 3
"""Raise it when a value that is kept gets another shape: a release does not read what the one before it wrote."""

T = TypeVar("T")


def for_everybody(viewer: Viewer, stand: str | None, name: str, about: object, make: Callable[[], T]) -> T:
    """`make()`, or what it said before. `about` is what it is made of, by its ids and states. Without `stand` nothing is kept."""
    return make() if viewer.is_authenticated else whoever_looks(stand, name, about, make)


def whoever_looks(stand: str | None, name: str, about: object, make: Callable[[], T]) -> T:
    """The same for what says nothing that one reader may see and another may not: sums of the books, which are public."""
    if stand is None:
        return make()
    key = f"said:{SHAPES}:{name}:{salted_hmac(name, f'{get_language()} {stand} {about!r}').hexdigest()}"
    try:
        said: tuple[T] | None = cache.get(key)
    except (RedisError, AttributeError, ImportError, TypeError):
        log.warning("what was kept as %s cannot be read", name)
        said = None
    if said is None:
        said = (make(),)
        try:
            cache.set(key, said, SECONDS)
        except RedisError:
            log.warning("nothing is kept: the broker does not answer")
    return said[0]


def stand_of_the_books() -> str:
    """What stands for the whole of the books: the totals that every entry with a fund or a debt in it raises. One query."""
    return repr(ahead.rows(totals_of_accounts()))


def totals_of_accounts() -> QuerySet[Account, tuple[str, int, int, int]]:
    """What `stand_of_the_books` asks, for a page that looks ahead."""
    by_currency = Account.objects.order_by("currency").values_list("currency")
    return by_currency.annotate(into=Sum("credits"), out=Sum("debits"), held=Sum("reserved"))
