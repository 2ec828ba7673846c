"""Reading the books by kind, fund, account and month; totals that lead to their entries; one entry and whose money it was."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from funding import clock
from funding.components import formats
from funding.funds.entries import between, deciding
from funding.funds.models import Fund
from funding.ledger.models import Transfer
from funding.people.roles import Role
from sponsors.invoices.models import Payment
from tests.funding import builders as people
from tests.sponsors import builders

pytestmark = pytest.mark.django_db


def count(query: str) -> str:
    page = Client().get(f"/books/{query}")
    assert page.status_code == 200
    found = re.search(r'id="told">(\d+ entr\w+)', page.text)
    assert found
    return found[1]


def plain(address: str) -> str:
    page = Client().get(address)
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


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


def test_the_funds_add_up_to_what_their_heads_say() -> None:
    assert re.search(r"Together .*? \$193\.60 \$0\.00 \$0\.00 \$193\.60", plain("/books/"))
    assert "in funds $193.60" in plain("/books/")
    assert "Other money" not in plain("/reports/quillon/")


def test_an_entry_says_in_one_table_what_its_money_did() -> None:
    page = Client().get("/books/").text
    number = re.findall(r"/books/entries/(\d+)/", page)[0]
    entry = Client().get(f"/books/entries/{number}/").text
    assert f"Entry {number}: contribution" in entry
    assert "Books up to entry" in entry


def test_money_that_was_put_into_its_right_fund_is_followed_there() -> None:
    gift = Transfer.objects.get(kind="allocation", credit_account__code="fund:quillon:USD")
    maker, checker = (people.holder(Role.TREASURER, name=name) for name in ("Tove Maker", "Tim Checker"))
    harrow = Fund.objects.get(slug="harrow")
    asked = between.ask_right_fund(actor=maker, line=gift, fund=harrow, reason="They meant Harrow.")
    done = deciding.approve(actor=checker, voucher=asked).entry_id
    ref = Payment.objects.get(entry=gift.entry).ref
    way = plain(f"/books/payments/{ref}/")
    assert f"Moved $91.80 From the fund of Quillon into the fund of Harrow {formats.date(clock.today())} Entry {done}" in way
    assert "None yet. $91.80 waits in Harrow" in way
    assert "Not spent yet, in Harrow $91.80" in way
    assert {"/projects/quillon/", "/projects/harrow/"} <= set(
        re.findall(r'"(/projects/\w+/)"', Client().get(f"/books/payments/{ref}/").text)
    )
    assert re.search(rf"Into which other funds it went on .* Harrow .* Entry {done} \$91\.80", plain(f"/books/entries/{gift.entry_id}/"))
    assert f"put right by entry {done}" in plain(f"/books/entries/{gift.entry_id}/")
    assert f"puts money of entry {gift.entry_id} into its right fund" in plain(f"/books/entries/{done}/")
    assert "Other money out" in plain("/reports/quillon/") and "Other money in" in plain("/reports/harrow/")
    other = Payment.objects.exclude(entry=gift.entry).get().ref
    assert "Moved" not in plain(f"/books/payments/{other}/")
    assert "None yet. $91.80 waits in Harrow" in plain(f"/books/payments/{other}/")
