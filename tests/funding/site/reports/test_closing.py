"""Closing a period on the desk: what it says is unfinished, who closes, and that it is for good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.test import Client

from funding import clock
from funding.audit.models import Record
from funding.errors import Refused
from funding.funds.entries import bank, opening
from funding.funds.models import Voucher
from funding.funds.services import project_fund
from funding.ledger import services as ledger
from funding.ledger.models import BookDay
from funding.money import Money
from funding.people.models import User
from funding.people.roles import Role
from funding.site.reports import closing
from tests.funding import builders
from tests.sponsors import builders as sponsors

pytestmark = pytest.mark.django_db
MARCH = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
APRIL = dt.datetime(2026, 4, 3, 12, tzinfo=dt.UTC)
LAST = dt.date(2026, 3, 31)


@pytest.fixture
def treasurer() -> User:
    with clock.at(MARCH):
        return builders.holder(Role.TREASURER)


@pytest.fixture(autouse=True)
def _in_april(treasurer: User) -> Iterator[None]:
    """A receipt that nobody knows and a voucher that waits, of March; today is 3 April."""
    with clock.at(MARCH):
        fund = project_fund(sponsors.project())
        bank.book_receipt(actor=treasurer, amount=Money(5_000, "USD"), on=MARCH.date(), bank_reference="B-1", reason="Who?")
        opening.ask(actor=treasurer, amount=Money(100, "USD"), on=MARCH.date(), place=Voucher.Place.BANK, fund=fund, reason="The old books")
    with clock.at(APRIL):
        ledger.advance_book_day(APRIL.date())
        yield


def look(person: User, where: str = "", status: int = 200) -> str:
    answer = browser(person).get(f"/desk/periods/{where}")
    assert answer.status_code == status, answer.text
    return answer.text


def browser(person: User) -> Client:
    client = builders.browser(person)
    builders.show_factor(client, person)
    return client


def closed() -> dt.date | None:
    return BookDay.objects.get(closed_at=None).closed_through


def test_the_page_says_what_is_unfinished_in_the_month_that_is_over(treasurer: User) -> None:
    text = look(treasurer)
    for words in (
        "Never yet",
        "Receipts whose payer is not found",
        "Vouchers that wait for a second person",
        "over and not sealed",
    ):
        assert words in text, words
    assert 'href="/desk/periods/2026-03-31/close/"' in text


def test_only_what_lies_in_the_period_is_unfinished_in_it(treasurer: User) -> None:
    assert {it.what for it in closing.unfinished(MARCH.date() - closing.ONE_DAY)} == set()
    assert {it.count for it in closing.unfinished(MARCH.date())} == {1}


def test_a_treasurer_closes_after_a_last_question_and_it_is_on_record(treasurer: User) -> None:
    question = look(treasurer, "2026-03-31/close/")
    assert "This cannot be undone." in question and "Receipts whose payer is not found" in question
    answer = browser(treasurer).post("/desk/periods/2026-03-31/close/", follow=True)
    assert "The period is closed." in answer.text and "Tue 31 Mar 2026" in answer.text
    assert closed() == LAST
    record = Record.objects.get(act="ledger.close_period")
    assert (record.actor_id, record.subject) == (treasurer.pk, "2026-03-31")
    assert browser(treasurer).post("/desk/periods/2026-03-31/close/").status_code == 409
    assert browser(treasurer).post("/desk/periods/2026-03-25/close/").status_code == 409
    assert closed() == LAST


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-04-03", "Fri 3 Apr 2026 is not over. The open day of the books is Fri 3 Apr 2026; choose an earlier one."),
        ("2026-03-19", "Nothing was booked by then, so there is nothing to close."),
        ("soon", "Enter a date as year-month-day, such as 2026-10-14."),
    ],
)
def test_a_day_that_cannot_be_closed_says_why(treasurer: User, day: str, said: str) -> None:
    assert said in look(treasurer, f"?through={day}", status=422)
    if day == "soon":
        assert look(treasurer, f"{day}/close/", status=404)
        return
    question = look(treasurer, f"{day}/close/")
    assert said in question and 'type="submit">Close' not in question
    assert browser(treasurer).post(f"/desk/periods/{day}/close/").status_code == 409
    assert closed() is None


def test_once_closed_the_page_begins_after_it(treasurer: User) -> None:
    ledger.close_period(actor=treasurer, through=LAST)
    assert "The books are closed up to Tue 31 Mar 2026 already" in look(treasurer, "?through=2026-03-31", status=422)
    assert "Close the books up to Thu 2 Apr 2026" in look(treasurer)  # the last day that is over
    ledger.close_period(actor=treasurer, through=APRIL.date() - closing.ONE_DAY)
    assert "There is nothing to close" in look(treasurer)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_others_of_the_desk_look_and_do_not_close(role: Role) -> None:
    person = builders.holder(role)
    assert "A treasurer closes a period." in look(person)
    assert browser(person).get("/desk/periods/2026-03-31/close/").status_code == 403
    assert browser(person).post("/desk/periods/2026-03-31/close/").status_code == 403
    with pytest.raises(Refused):
        ledger.close_period(actor=person, through=LAST)
    assert closed() is None


def test_a_late_fact_says_both_dates_in_the_list_of_entries(treasurer: User) -> None:
    ledger.close_period(actor=treasurer, through=LAST)
    bank.book_receipt(actor=treasurer, amount=Money(700, "USD"), on=MARCH.date(), bank_reference="B-2", reason="Late")
    text = Client().get("/books/").text
    assert "for <time" in text and "Fri 20 Mar 2026" in text
    row = Client().get("/api/v1/entries/").json()["results"][0]  # type: ignore[attr-defined]
    assert (row["effective_on"], row["stated_on"]) == ("2026-04-01", "2026-03-20")


def test_books_that_are_empty_have_nothing_to_close(treasurer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "stand", lambda: closing.Stand(None, APRIL.date(), None))
    assert "There is nothing to close" in look(treasurer)
