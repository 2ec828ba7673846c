"""How many queries each page takes in the world of `world.py`. `pytest -rP tests/site/test_queries.py` prints the table.

That a list does not take more for more rows is held beside each list, with one row and with three.
"""

from __future__ import annotations

from typing import Any

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


def test_no_page_takes_more_queries_than_it_may(drawable: World, settings: Any) -> None:
    settings.DEMO = False  # whose bar asks questions of its own
    found = {visit.key: screens.draw(drawable, visit).queries for visit in screens.visits()}
    for key, queries in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        print(f"{queries:4} {key}")
    over = {key: queries for key, queries in found.items() if queries > MOST_OF.get(key, MOST)}
    assert over == {}
