"""The page of a day of the books, its file, and the program that checks both."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pytest
from django.test import Client

from funding.ledger.models import BookDay, Entry
from tests.funding.ledger import books
from tests.funding.ledger.test_sealing import close, seal, story

pytestmark = pytest.mark.django_db
DAY = "/books/days/2026-03-02/"
FILE = "/books/days/2026-03-02.txt"


def test_an_open_day_says_when_it_is_sealed(client: Client) -> None:
    story()
    page = client.get(DAY).content.decode()
    assert "This day is still open. It ends at" in page
    assert client.get(FILE).status_code == 404


def test_a_closed_day_says_that_it_is_being_sealed(client: Client) -> None:
    story()
    close()
    assert "is being sealed" in client.get(DAY).content.decode()


def test_a_sealed_day_shows_its_seal_and_gives_the_file_that_has_it(client: Client) -> None:
    story()
    close(2)
    seal()
    first, second = BookDay.objects.filter(seal__isnull=False)
    page = client.get(DAY).content.decode()
    assert f"<code>{first.seal}</code>" in page
    assert "None: the books begin on this day" in page
    assert "4 entries, 6 transfers, 2 changes of reservations, 1 decision" in page
    assert 'href="/books/days/2026-03-03/"' in page
    assert f"curl -s http://127.0.0.1:8000{FILE} | sha256sum" in page
    answer = client.get(FILE)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert hashlib.sha256(answer.content).hexdigest() == first.seal
    page = client.get(f"/books/days/{second.day}/").content.decode()
    assert f"<code>{second.seal}</code>" in page and f"<code>{first.seal}</code>" in page
    assert "0 entries, 0 transfers" in page


@pytest.mark.parametrize("day", ["2026-03-01", "2026-3-2", "20260302", "x", "2026-02-30"])
def test_there_is_no_other_day(client: Client, day: str) -> None:
    story()
    assert client.get(f"/books/days/{day}/").status_code == 404
    assert client.get(f"/books/days/{day}.txt").status_code == 404


def test_an_entry_leads_to_its_day(client: Client) -> None:
    story()
    entry = books.contribute(books.fund(), 3).entry
    assert f'href="/books/days/{entry.book_day_id}/"' in client.get(f"/books/entries/{entry.pk}/").content.decode()


def test_a_page_takes_as_many_queries_for_a_long_day(client: Client, django_assert_max_num_queries: object) -> None:
    story()
    close(3)
    seal()
    middle = BookDay.objects.get(pk=books.DAY + dt.timedelta(days=1))
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        assert client.get(f"/books/days/{middle.day}/").status_code == 200


def test_the_program_is_the_one_of_the_repository(client: Client) -> None:
    answer = client.get("/books/check_books.py")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode() == (Path(__file__).parents[4] / "docs" / "check_books.py").read_text(encoding="utf-8")


def test_the_days_are_listed_and_a_day_lists_what_was_written_down_on_it(client: Client) -> None:
    assert "The books have no day yet." in client.get("/books/days/").text
    story()
    close(2)
    seal()
    listed = client.get("/books/days/").text
    for day in BookDay.objects.filter(seal__isnull=False):
        assert f'href="/books/days/{day.day}/"' in listed and f"{day.seal}" in listed
    page = client.get(DAY).text
    assert [number for number in Entry.objects.values_list("pk", flat=True) if f'href="/books/entries/{number}/"' not in page] == []
    assert client.get("/favicon.ico")["Location"].endswith(".svg")
