"""Reading the books by kind, fund, account and month; totals that lead to their entries; one entry and whose money it was."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from funding import clock
from tests.sponsors import builders

pytestmark = pytest.mark.django_db


def count(query: str) -> str:
    page = Client().get(f"/books/{query}")
    assert page.status_code == 200
    found = re.search(r'id="told">(\d+ entr\w+)', page.text)
    assert found
    return found[1]


@pytest.fixture(autouse=True)
def two_payments() -> None:
    builders.booked(builders.sign_up(builders.tier()))
    harrow = builders.tier(builders.project("harrow", "Harrow"))
    builders.booked(builders.sign_up(harrow, name="Bo", email="bo@example.org"))


@pytest.mark.parametrize(
    ("query", "entries"),
    [
        ("", "2 entries"),
        ("?kind=contribution", "2 entries"),
        ("?fund=harrow", "1 entry"),
        ("?fund=harrow&kind=contribution&where=cash", "1 entry"),
        ("?where=owed", "0 entries"),
        ("?kind=nothing&fund=nobody&where=clearing&month=soon", "2 entries"),
        ("?month=2001-01", "2 entries"),
    ],
)
def test_filters_keep_what_was_asked_for_and_leave_out_what_does_not_exist(query: str, entries: str) -> None:
    assert count(query) == entries


def test_a_month_is_one_of_the_books() -> None:
    assert count(f"?month={clock.today():%Y-%m}") == "2 entries"


def test_totals_lead_to_their_entries() -> None:
    page = Client().get("/books/").text
    for address in ("?where=cash#entries", "?where=owed#entries", "#funds", "?fund=harrow#entries"):
        assert f'href="{address}"' in page
    assert 'hx-get="/books/"' in page
    assert "components/htmx.min" in page


def test_an_entry_says_in_one_table_what_its_money_did() -> None:
    page = Client().get("/books/").text
    number = re.findall(r"/books/entries/(\d+)/", page)[0]
    entry = Client().get(f"/books/entries/{number}/").text
    assert f"Entry {number}: contribution" in entry
    assert "Books up to entry" in entry
