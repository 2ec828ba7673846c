"""The pages of awards: what the public, the desk and the grantor read; what is typed one to a line; the report and its CSV."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.ledger.models import Entry
from grants.awards import tranches
from grants.awards.models import Award
from tests.funding.builders import browser, user
from tests.grants.awards import builders
from tests.grants.awards.builders import DAY, Desk
from tests.grants.builders import project

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return builders.desk()


def text(address: str, client: Client | None = None) -> str:
    answer = (client or Client()).get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def rows(address: str, client: Client | None = None) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(address, client))))


def test_an_award_is_public_once_it_is_active(desk: Desk) -> None:
    draft = builders.draft(desk, "birch", number="B-1")
    assert "No awards yet" in text("/awards/")
    assert Client().get(draft.get_absolute_url()).status_code == 404
    assert "desk sees this page. It is public once" in text(draft.get_absolute_url(), browser(desk.maker))
    award = builders.active(desk)
    assert "Alder Foundation, number 24-117" in text("/awards/")
    assert "Alder Foundation, <span" in text("/projects/harrow/")
    builders.book(desk, award, 2)
    page = text(award.get_absolute_url())
    assert "$400.00 has arrived and is held until its condition is met" in page.replace('<span class="money">', "").replace("</span>", "")


def test_an_unnamed_grantor_is_named_on_no_public_page(desk: Desk) -> None:
    award = builders.active(desk, "quiet", **builders.UNNAMED)
    builders.book(desk, award, 1)
    entry = Entry.objects.get().pk
    pages = ("/awards/", "/awards/quiet/", "/awards/quiet/report/", "/awards/quiet/report.csv", "/books/", f"/books/entries/{entry}/",
             "/projects/quillon/", "/reports/quillon/")  # fmt: skip
    for address in pages:
        page = text(address).lower()
        assert "alder" not in page and "24-117" not in page, address
    assert "Alder Foundation" in text("/awards/quiet/report/", browser(desk.maker))


def test_what_is_typed_one_to_a_line_becomes_lines_and_tranches(desk: Desk) -> None:
    project("quillon")
    client, quillon = browser(desk.maker), project("harrow")
    typed = {
        "title": "Alder 24-117", "slug": "alder", "number": "24-117", "grantor": "Alder Foundation", "amount": "1000.00",
        "purpose": "Parsers", "projects": [str(quillon.pk)],
        "starts_on": "2026-01-01", "ends_on": "2026-12-31", "closeout_on": "2027-03-31",
        "lines": "700.00 Engineering\r\n\r\n300.00  Docs and  tests",
        "tranches": "2026-01-15 600.00 Signature\n2026-06-01 400.00 Report | It is accepted",
    }  # fmt: skip
    assert client.post("/desk/awards/new/", typed).status_code == 302
    award = Award.objects.get()
    assert [(line.name, line.amount) for line in award.lines.all()] == [("Engineering", 70_000), ("Docs and tests", 30_000)]
    assert [(it.due_on.isoformat(), it.amount, it.trigger, it.condition) for it in award.tranches.all()] == [
        ("2026-01-15", 60_000, "Signature", ""),
        ("2026-06-01", 40_000, "Report", "It is accepted"),
    ]
    form = client.get("/desk/awards/alder/edit/").context["form"]
    assert form["lines"].value() == "700.00 Engineering\n300.00 Docs and tests"
    assert form["tranches"].value().endswith("2026-06-01 400.00 Report | It is accepted")
    for field, wrong, sentence in [
        ("lines", "700.00", "In line 1: Write a sum, a space and a name."),
        ("lines", "700.00 Engineering\nmuch Docs", "In line 2: "),
        ("lines", "700.00 Engineering", "The budget lines add up to $700.00, and the award is $1,000.00."),
        ("tranches", "soon 1000.00 Signature", "In line 1: Enter a date"),
        ("tranches", "2026-01-15 1000.00 Signature |", "In line 1: Some words are missing."),
    ]:
        answer = client.post("/desk/awards/alder/edit/", {**typed, "version": "1", field: wrong})
        assert answer.status_code == 422
        assert any(error.startswith(sentence) for error in answer.context["form"].errors[field]), (wrong, answer.context["form"].errors)


def test_the_desk_goes_from_the_draft_to_the_money_in_the_fund(desk: Desk) -> None:
    builders.draft(desk)
    maker, checker = browser(desk.maker), browser(desk.checker)
    at = "/desk/awards/alder/"
    assert maker.post(f"{at}move/", {"to": "agreed", "words": "In the safe"}).status_code == 302
    page = text(f"{at}activate/", maker)
    assert "You cannot do this." in page and "make it active</button>" not in page
    assert "Check it and make it active" not in text(at, maker)
    assert maker.post(f"{at}activate/").status_code == 403
    assert "Check it and make it active" in text(at, checker)
    assert checker.post(f"{at}activate/", {"version": "1"}).status_code == 409
    version = checker.get(f"{at}activate/").context["form"]["version"].value()
    assert checker.post(f"{at}activate/", {"version": version}).status_code == 302
    for number in (1, 2):
        typed = {"amount": "400.00", "arrived_on": clock.today().isoformat(), "bank_reference": f"AB {number}", "evidence": "Statement 4"}
        assert maker.post(f"{at}tranches/{number}/book/", typed).status_code == 302
    assert maker.post(f"{at}tranches/2/claim/", {"back": "met", "words": "Their letter"}).status_code == 302
    assert "Decide about its condition" in text(at, checker) and "Decide about its condition" not in text(at, maker)
    assert checker.post(f"{at}tranches/2/decide/", {"decision": "met"}).status_code == 302
    assert builders.balance("fund:award-alder:USD") == 80_000
    assert maker.get(f"{at}tranches/9/book/").status_code == 404


def test_the_report_counts_up_to_its_day(desk: Desk) -> None:
    award = builders.active(desk, lines=[builders.LineTerms("=cmd()", builders.usd(100_000))])
    builders.book(desk, award, 1, on=clock.today() - 5 * DAY)
    builders.spend(award, 12_300)
    today, before = clock.today(), clock.today() - DAY
    now = {row["what"]: row["amount"] for row in rows(f"/awards/alder/report.csv?until={today}") if row["section"] == "account"}
    assert (now["Received by the award's fund"], now["Spent"], now["Free for new work"]) == ("400.00", "123.00", "277.00")
    early = str(clock.today() - 9 * DAY)
    assert "Received" not in text(f"/awards/alder/report/?until={early}").split("Tranche 1</th>")[1].split("</tr>")[0]
    assert f'href="/books/entries/{Entry.objects.get(kind="award_received").pk}/"' in text("/awards/alder/")
    then = {row["what"]: row["amount"] for row in rows(f"/awards/alder/report.csv?until={before}") if row["section"] == "account"}
    assert (then["Spent"], then["Free for new work"]) == ("0.00", "400.00")
    assert {row["line"] for row in rows("/awards/alder/report.csv") if row["section"] == "budget"} == {"'=cmd()", "On no line"}
    assert "$277.00" in text("/awards/alder/report/")
    assert "$277.00" not in text(f"/awards/alder/report/?until={before}")
    assert Client().get("/awards/alder/report.csv?until=soon").status_code == 400
    assert "Enter a date" in text("/awards/alder/report/?until=soon")


def queries(address: str) -> int:
    client = browser(user())
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)


def test_the_pages_take_as_many_queries_for_three_as_for_one(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 1)
    builders.spend(award, 100)
    pages = ("/awards/", "/awards/alder/", "/awards/alder/report/", "/projects/quillon/")
    one = {page: queries(page) for page in pages}
    for number in ("2", "3"):
        more = builders.active(desk, f"alder-{number}", number=number)
        builders.book(desk, more, 1)
        builders.spend(more, 100, f"more-{number}")
        builders.spend(award, 100, f"again-{number}")
    tranches.claim(actor=desk.maker, tranche=builders.tranche(award, 2), words="Their letter")
    assert {page: queries(page) for page in pages} == one
