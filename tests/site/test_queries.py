"""How many queries each page takes in the world of `world.py`. `pytest -rP tests/site/test_queries.py` prints the table.

That a list does not take more for more rows is held beside each list, with one row and with three.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.site import screens
from tests.site.test_screens import drawable
from tests.site.world import World

__all__ = ["drawable"]

MOST = 40
"""For any page that is not named below."""
MOST_OF = {
    "pages:home": 12,
    "pages:books": 16,
    "reports:month": 22,
    "pages:project": 25,
    # Every page of one panel asks the gate of independence about each member, and counts.
    "committee:declare@ready": 44,
    "committee:determine@ready": 68,
    "committee:letter": 53,
    "committee:review@lacking": 53,
    "committee:review@ready": 46,
    "committee:review@sealed": 48,
    "committee:review@writing": 46,
    "committee:unseal": 43,
    # The way back of one payment's money.
    "refunds:approve": 43,
    "refunds:ask@returned": 45,
    # One question for each kind of thing that may wait.
    "people:desk": 50,
    "people:desk@empty": 46,
    # Its tranches, conditions and corrections, and the work that waits for it.
    "awards:desk-award": 58,
}


FEW = 12
AGAIN = ["pages:home", "pages:books", "reports:month", "pages:project"]
"""Pages that a visitor reads from what was kept."""


def test_no_page_takes_more_queries_than_it_may(drawable: World, settings: Any) -> None:
    settings.DEMO = False  # whose bar asks questions of its own
    found = {visit.key: screens.draw(drawable, visit).queries for visit in screens.visits()}
    for key, queries in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        print(f"{queries:4} {key}")
    over = {key: queries for key, queries in found.items() if queries > MOST_OF.get(key, MOST)}
    assert over == {}


@pytest.mark.parametrize("key", AGAIN)
def test_a_public_page_takes_few_while_the_books_stand(drawable: World, settings: Any, key: str) -> None:
    """What the first reader asked of the books is kept for the next one until money moves."""
    settings.DEMO = False
    visit = next(visit for visit in screens.visits() if visit.key == key)
    screens.draw(drawable, visit)
    assert screens.draw(drawable, visit).queries <= FEW
