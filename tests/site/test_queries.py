"""How many queries each page takes in the world of `world.py`. `pytest -rP tests/site/test_queries.py` prints the table.

That a list does not take more for more rows is held beside each list, with one row and with three.
"""

from __future__ import annotations

from typing import Any

import pytest

from funding.people import sessions
from tests.site import screens
from tests.site.test_screens import drawable
from tests.site.world import World

__all__ = ["drawable"]

MOST = 40
"""For any page that is not named below."""
MOST_OF = {
    "pages:home": 12,
    "pages:books": 12,
    "reports:month": 12,
    "pages:project": 12,
    "pages:fund": 12,
    "pages:fund@past": 12,
    "committee:review@ready": 12,
    "committee:review@sealed": 12,
    "committee:review@writing": 12,
    # An act, which asks everything afresh, and the page that comes back.
    "refunds:ask@returned": 45,
}
"""Read by the first who comes after an entry. `test_budget.py` counts the first five for every kind of reader, with more to show."""


FEW = 12
AGAIN = ["pages:home", "pages:books", "reports:month", "pages:project"]
"""Pages that a visitor reads from what was kept."""


@pytest.fixture(autouse=True)
def _nobody_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """That somebody was here is written once a minute, on whichever page that is."""
    monkeypatch.setattr(sessions, "STEP", 10**12)


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
