"""A fund at a past day and its statement between two: the page, the file and the API tell the same, and never what was recorded later."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from funding import clock
from funding.funds.models import Fund
from funding.funds.services import project_fund
from funding.ledger import services as ledger
from funding.ledger.models import BookDay
from funding.ledger.services import Line
from funding.site.pages import fund_page, statements
from tests.funding.ledger import books
from tests.sponsors import builders

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def day(number: int) -> dt.datetime:
    return NOON + dt.timedelta(days=number)


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with clock.at(day(6)):
        yield


@pytest.fixture
def fund() -> Fund:
    """Opened on 2 March; 100.00 on the 2nd, 30.00 held and 20.00 out on the 4th, 5.00 in on the 6th. Today is the 8th."""
    with clock.at(NOON):
        found = project_fund(builders.project())
    _post(found, 0, Line(books.cash(), found.account, 10_000, "gift"))
    _post(found, 2, Line(found.account, books.payouts(), 2_000, "payout"))
    ledger.reserve(account=found.account, amount=3_000, holder=("proposal", 1), key="p", at=day(2))
    _post(found, 4, Line(books.cash(), found.account, 500, "gift"), of=3)
    return found


def _post(fund: Fund, number: int, *lines: Line, of: int | None = None) -> None:
    on = day(number if of is None else of).date()
    ledger.post(kind="test", source="test", reference=f"{fund.slug}-{number}", lines=lines, at=day(number), effective_on=on)


def page(query: str = "", status: int = 200) -> str:
    answer = Client().get(f"/books/funds/quillon/{query}")
    assert answer.status_code == status
    return answer.text


def api(what: str, **query: str) -> HttpResponse:
    return Client().get(f"/api/v1/{what}s/quillon/", query)


def figures(text: str) -> list[str]:
    """What stands at the top of the page, in its order: came in, went out, in the fund, reserved, left."""
    top = text.partition('class="stats"')[2].partition("</dl>")[0]
    return [part.partition("</span>")[0].rpartition(">")[2] for part in top.split("<dd>")[1:]]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("", ["$105.00", "$20.00", "$85.00", "$30.00", "$55.00"]),
        ("?at=2026-03-08", ["$105.00", "$20.00", "$85.00", "$30.00", "$55.00"]),
        ("?at=2026-03-05", ["$100.00", "$20.00", "$80.00", "$30.00", "$50.00"]),
        ("?at=2026-03-03", ["$100.00", "$0.00", "$100.00", "$0.00", "$100.00"]),
        ("?at=2026-03-02", ["$100.00", "$0.00", "$100.00", "$0.00", "$100.00"]),
    ],
)
def test_the_page_tells_what_was_recorded_by_the_end_of_the_day(fund: Fund, at: str, told: list[str]) -> None:
    assert figures(page(at)) == told


def test_a_past_day_says_so_and_leads_back(fund: Fund) -> None:
    text = page("?at=2026-03-03&since=2026-03-02&until=2026-03-03")
    assert "As of <time" in text and "Tue 3 Mar 2026</time></b>, the end of that day (UTC)" in text
    assert 'href="/books/funds/quillon/?since=2026-03-02&amp;until=2026-03-03">Back to now' in text
    assert "As of" not in page()


def test_a_day_ends_in_the_time_zone_of_the_site(fund: Fund, settings: Any) -> None:
    """12:00 UTC is the next day in Kiritimati (UTC+14), which today has begun there already."""
    settings.TIME_ZONE = "Pacific/Kiritimati"
    assert figures(page("?at=2026-03-02"))[0] == "$0.00"
    assert figures(page("?at=2026-03-03"))[0] == "$100.00"
    assert figures(page("?at=2026-03-09"))[0] == "$105.00"
    assert "(Pacific/Kiritimati)" in page("?at=2026-03-03")


def test_the_last_microsecond_belongs_to_the_day() -> None:
    with clock.at(NOON):
        found = project_fund(builders.project())
    for at in (dt.datetime(2026, 3, 2, 23, 59, 59, 999_999, dt.UTC), dt.datetime(2026, 3, 3, tzinfo=dt.UTC)):
        line = Line(books.cash(), found.account, 1, "gift")
        ledger.post(kind="test", source="test", reference=f"edge-{at:%f}", lines=[line], at=at, effective_on=NOON.date())
    assert [figures(page(f"?at=2026-03-0{number}"))[0] for number in (2, 3)] == ["$0.01", "$0.02"]


def test_a_statement_opens_and_closes_with_what_was_there(fund: Fund) -> None:
    text = page("?since=2026-03-03&until=2026-03-06")
    body = text.partition("<tbody")[2]
    assert [word in body for word in ("Opening balance", "Closing balance", "Payout", "Gift")] == [True] * 4
    opening, closing = body.partition("</tr>")[0], body.partition("<tfoot")[2]
    assert "$100.00" in opening and "$85.00" in closing
    assert "In these days" in text and ">$5.00<" in text and ">$20.00<" in text
    assert "for <time" in text, "recorded on the 6th, for the 5th"


def test_a_statement_may_begin_before_the_fund_did(fund: Fund) -> None:
    body = page("?since=2026-01-01&until=2026-03-02").partition("<tbody")[2]
    assert "$0.00" in body.partition("</tr>")[0] and "$100.00" in body.partition("<tfoot")[2]


def test_days_without_a_line_say_so(fund: Fund) -> None:
    assert "Nothing came in or went out in these days." in page("?since=2026-03-07&until=2026-03-08")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?at=2026-03-09", "Mon 9 Mar 2026 is still to come. Choose today or an earlier day."),
        ("?at=2026-03-01", "was opened on Mon 2 Mar 2026. Choose that day or a later one."),
        ("?at=soon", "Enter a date as year-month-day, such as 2026-10-14."),
        ("?at=%00", "Enter a date as year-month-day, such as 2026-10-14."),
        ("?at=0001-01-01", "Enter a date between 2000 and 2100."),
        ("?since=2026-03-05&until=2026-03-04", "The first day is after the last one. Write the earlier day first."),
        ("?since=2026-03-05&until=2026-03-09", "Mon 9 Mar 2026 is still to come. Choose today or an earlier day."),
        ("?since=2026-02-01&until=2026-02-09", "was opened on Mon 2 Mar 2026. Choose that day or a later one."),
        ("?since=2026-02-01", "“To” is empty."),
    ],
)
def test_what_cannot_be_shown_is_said_beside_the_field_and_the_fund_now_stays(fund: Fund, query: str, said: str) -> None:
    text = page(query, status=422)
    assert said in text and figures(text)[0] == "$105.00"
    file = Client().get(f"/books/funds/quillon/statement.csv{query}")
    assert (file.status_code, said in file.text) == ((200, False) if "at=" in query else (422, True))


def test_each_page_of_a_long_statement_begins_where_the_last_one_ended(fund: Fund, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fund_page, "PER_PAGE", 1)
    sums = []
    for number in (1, 2, 3):
        body = page(f"?page={number}").partition("<tbody")[2]
        sums.append([part.partition("</span>")[0].rpartition(">")[2] for part in body.split('data-label="In the fund">')[1:]])
    assert sums == [["$0.00", "$100.00", "$100.00"], ["$100.00", "$80.00", "$80.00"], ["$80.00", "$85.00", "$85.00"]]


def table(query: str) -> list[list[str]]:
    answer = Client().get(f"/books/funds/quillon/statement.csv{query}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.reader(io.StringIO(answer.text)))


def test_the_file_holds_the_same_lines_and_adds_up(fund: Fund) -> None:
    head, opening, *lines, closing = table("?since=2026-03-03&until=2026-03-06")
    assert head == statements.HEADS
    assert [row[0:2] + row[4:5] + row[6:] for row in (opening, *lines, closing)] == [
        ["2026-03-03", "", "Opening balance", "", "", "100.00", "USD"],
        ["2026-03-04", "2026-03-04", "Payout", "", "20.00", "80.00", "USD"],
        ["2026-03-06", "2026-03-05", "Gift", "5.00", "", "85.00", "USD"],
        ["2026-03-06", "", "Closing balance", "", "", "85.00", "USD"],
    ]


def test_a_file_that_would_be_too_long_says_what_to_do(fund: Fund, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MOST", 2)
    answer = Client().get("/books/funds/quillon/statement.csv?since=2026-03-01&until=2026-03-08")
    assert (answer.status_code, "Ask for fewer days at a time" in answer.text) == (422, True)


def test_a_formula_is_no_formula_in_the_file(fund: Fund, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements.labels, "kind_name", lambda kind: f"=1+{kind}")
    assert [row[4] for row in table("?since=2026-03-02&until=2026-03-02")[1:]] == ["Opening balance", "'=1+gift", "Closing balance"]


def test_programs_read_a_balance_at_a_day_and_at_an_instant(fund: Fund) -> None:
    for at, balance, reserved in (
        ("2026-03-03", 10_000, 0),
        ("2026-03-04T11:59:59Z", 10_000, 0),
        ("2026-03-04T14:00:00+02:00", 8_000, 3_000),
        ("2026-03-08", 8_500, 3_000),
    ):
        found: Any = api("balance", at=at).json()
        assert [found[name]["amount"] for name in ("balance", "reserved", "left")] == [balance, reserved, balance - reserved], at
    assert api("balance").json()["balance"]["text"] == "USD 85.00"


def test_programs_read_a_statement_page_by_page(fund: Fund) -> None:
    found: Any = api("statement", since="2026-03-03", until="2026-03-06", page_size="1").json()
    assert [found[name]["amount"] for name in ("opening", "came_in", "went_out", "closing")] == [10_000, 500, 2_000, 8_500]
    lines = found["results"]
    while found["next"]:
        found = Client().get(found["next"]).json()
        lines += found["results"]
    assert [line["amount"]["amount"] for line in lines] == [500, -2_000]
    instant: Any = api("statement", since="2026-03-02T12:00:00Z", until="2026-03-06T12:00:00Z").json()
    assert [instant[name]["amount"] for name in ("opening", "closing")] == [10_000, 8_500], "after the first, up to the second"
    early: Any = api("statement", since="2026-01-01", until="2026-03-02").json()
    assert [early[name]["amount"] for name in ("opening", "closing")] == [0, 10_000]
    whole: Any = api("statement").json()
    assert [whole[name]["amount"] for name in ("opening", "came_in", "went_out", "closing")] == [0, 10_500, 2_000, 8_500]


@pytest.mark.parametrize(
    ("what", "query", "field"),
    [
        ("balance", {"at": "2026-03-09"}, "at"),
        ("balance", {"at": "2026-03-08T12:00:01Z"}, "at"),
        ("balance", {"at": "2026-03-01"}, "at"),
        ("balance", {"at": "2026-03-03T12:00:00"}, "at"),
        ("balance", {"at": "9999-12-31"}, "at"),
        ("balance", {"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ("balance", {"at": ""}, "at"),
        ("statement", {"since": "2026-03-05", "until": "2026-03-04"}, "since"),
        ("statement", {"since": "yesterday"}, "since"),
    ],
)
def test_programs_are_told_what_is_wrong_and_where(fund: Fund, what: str, query: dict[str, str], field: str) -> None:
    answer = api(what, **query)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [f"#/{field}"])  # type: ignore[attr-defined]


def test_a_drafts_empty_fund_is_nobodys_to_see() -> None:
    project = builders.project()
    project.state = "draft"
    project.save()
    project_fund(project)
    for address in (
        "/books/funds/quillon/",
        "/books/funds/quillon/statement.csv",
        "/api/v1/funds/quillon/balance/",
        "/api/v1/funds/quillon/statement/",
    ):
        assert Client().get(address).status_code == 404, address
    assert Client().get("/books/funds/cash/").status_code == 404


def test_a_late_fact_of_a_closed_period_shows_its_own_date(fund: Fund) -> None:
    ledger.advance_book_day(day(6).date())
    assert BookDay.objects.filter(closed_at=None).get().day == day(6).date()
    ledger.close_period(actor=None, through=day(5).date())
    _post(fund, 6, Line(books.cash(), fund.account, 7, "gift"), of=1)
    entry = fund.account.credit_transfers.latest("pk").entry
    assert (entry.effective_on, entry.stated_on) == (day(6).date(), day(1).date())
    assert "Tue 3 Mar 2026" in page("?since=2026-03-08&until=2026-03-08")
