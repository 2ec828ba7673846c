"""/books/verify/ says what the last run found, to whom it may; and the files beside it are the public books and nobody's name."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client

from funding import clock
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import BookDay, Entry, Transfer
from funding.people.roles import Role
from funding.site.pages import downloads
from funding.site.reports import export, verifying
from funding.site.reports.models import Verification
from funding.site.reports.tasks import verify_books
from funding.web import attention
from tests.funding import builders as people
from tests.funding.ledger import books
from tests.funding.site.reports import beans
from tests.sponsors import builders

pytestmark = pytest.mark.django_db


def page(client: Client | None = None) -> str:
    answer = (client or Client()).get("/books/verify/")
    assert answer.status_code == 200
    return answer.text


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule of the ledger and a rule about people that find something."""

    def sums(tally: checks.Tally) -> Iterator[str]:
        """Sums are sums."""
        yield "cash:stripe:USD is off by 5."

    def people_(tally: checks.Tally) -> Iterator[str]:
        """People are free."""
        yield from (f"Vote {number} is by somebody whom it benefits." for number in range(60))

    monkeypatch.setattr(checks, "_checks", {"I1": [sums], "I10": [people_]})


def test_before_the_first_run_it_says_so() -> None:
    assert "Not run yet" in page()
    assert "The books hold" not in page()


def test_it_says_what_was_checked_and_when_and_links_to_the_files() -> None:
    books.contribute(books.fund(), 100)
    call_command("verify_books", stdout=io.StringIO())
    run = Verification.objects.get()
    text = page()
    assert (run.whole, run.holds, run.last_entry) == (True, True, Entry.objects.latest("number").number)
    assert [result["code"] for result in run.results] == [f"I{number}" for number in range(1, 11)]
    assert "The books hold: 10 rules of 10." in text and "entries: 1, cash: $1.00" in text
    for address in ("/books/export.csv", "/books/export.beancount", f"/books/entries/{run.last_entry}/"):
        assert f'href="{address}"' in text
    assert 'href="/books/verify/"' in Client().get("/books/").text


def test_what_broke_stands_in_red_and_names_the_row(broken: None) -> None:
    with pytest.raises(CommandError, match="I1, I10"):
        call_command("verify_books", stdout=io.StringIO())
    text = page()
    assert "The books do not hold" in text and 'class="rule-note neg"' in text
    assert "cash:stripe:USD is off by 5." in text
    assert "60 rows break this rule." in text
    assert "Vote 1 is" not in text, "what names work and votes is for the host's desk"
    auditor = page(people.browser(people.holder(Role.AUDITOR)))
    assert "Vote 1 is by somebody whom it benefits." in auditor and "and 10 more" in auditor


def test_a_run_over_a_part_is_no_whole_run_but_what_it_found_is_shown(broken: None, monkeypatch: pytest.MonkeyPatch) -> None:
    verifying.verify("I10")
    assert (verifying.last(), "60 rows break this rule." in page()) == (None, True)
    assert [item.why for item in verifying.find(5).items] == ["Vote 0 is by somebody whom it benefits."]
    monkeypatch.setattr(checks, "_checks", {})
    verifying.verify()
    assert "rows break this rule" not in page(), "a later run over everything found nothing"


def test_what_does_not_hold_waits_for_a_person(broken: None) -> None:
    verifying.verify()
    found = next(source for source in attention.sources() if source.name == "books").find(10)
    assert (found.count, [item.what for item in found.items]) == (2, ["The books: I1", "The books: I10"])


def test_the_job_runs_once_a_day() -> None:
    assert verify_books() == "the books hold"
    assert verify_books() == "not due"
    with clock.at(clock.now() + dt.timedelta(days=1)):
        assert verify_books() == "the books hold"
    assert Verification.objects.count() == 2


def test_an_old_run_is_called_old() -> None:
    verifying.verify()
    assert "This run is old." not in page()
    with clock.at(clock.now() + dt.timedelta(days=3)):
        assert "This run is old." in page()


def test_a_run_is_shown_with_the_seal_that_it_saw() -> None:
    books.contribute(books.fund(), 100)
    first = BookDay.objects.get()

    def over(day: dt.date) -> str:
        ledger.advance_book_day(day + dt.timedelta(days=1))
        call_command("seal_days", stdout=io.StringIO())
        return str(BookDay.objects.get(day=day).seal)

    seen = over(first.day)
    verifying.verify()
    later = over(first.day + dt.timedelta(days=1))
    text = page()
    assert f'/books/days/{first.day}/"><code>{seen}</code>' in text and later not in text


def test_what_a_run_found_is_written_once() -> None:
    kept, _results = verifying.verify()
    for change in (lambda: Verification.objects.filter(pk=kept.pk).update(holds=True), kept.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_page_is_not_sent_again_while_nothing_changed(broken: None, monkeypatch: pytest.MonkeyPatch) -> None:
    verifying.verify()
    client = Client()
    tag = client.get("/books/verify/")["ETag"]
    assert client.get("/books/verify/", headers={"if-none-match": tag}).status_code == 304
    monkeypatch.setattr(checks, "_checks", {})
    verifying.verify()
    assert client.get("/books/verify/", headers={"if-none-match": tag}).status_code == 200


NAMINGS = ("public", "unnamed", "secret")


def got(form: str) -> bytes:
    answer = Client().get(f"/books/export.{form}")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="{downloads.name_of(form)}"'
    content: bytes = answer.getvalue()
    for close in answer._resource_closers:  # type: ignore[attr-defined]
        close()
    return content


@pytest.fixture
def sponsors_of_each_naming() -> list[str]:
    tier = builders.tier()
    for naming in NAMINGS:
        builders.booked(builders.sign_up(tier, naming=naming, name=f"Name {naming.title()}", email=f"{naming}@example.org"))
    return [f"Name {naming.title()}" for naming in NAMINGS]


@pytest.mark.parametrize("form", ["csv", "beancount", "json"])
def test_a_sponsor_who_chose_not_to_be_named_is_in_no_public_file(form: str, sponsors_of_each_naming: list[str]) -> None:
    open_, unnamed, secret = sponsors_of_each_naming
    ledger.advance_book_day(clock.today() + dt.timedelta(days=1))
    call_command("seal_days", stdout=io.StringIO())
    text = got(form).decode()
    assert open_ in text
    assert unnamed not in text and secret not in text and "@example.org" not in text
    full = io.StringIO()
    export.write(form, full=True, to=full)
    assert all(name in full.getvalue() for name in sponsors_of_each_naming)


@pytest.mark.parametrize("small", [downloads.SMALL, 0])
def test_the_downloads_are_what_the_command_writes(
    sponsors_of_each_naming: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(downloads, "SMALL", small)
    file = tmp_path / "books.beancount"
    file.write_bytes(got("beancount"))
    assert beans.check(file) == ""
    assert beans.added_up(file) == beans.ours()
    assert len(list(csv.DictReader(io.StringIO(got("csv").decode())))) == Transfer.objects.count()


def test_a_stranger_recomputes_the_json_with_the_program_beside_it(sponsors_of_each_naming: list[str], tmp_path: Path) -> None:
    ledger.advance_book_day(clock.today() + dt.timedelta(days=1))
    call_command("seal_days", stdout=io.StringIO())
    verifying.verify()
    text = page()
    assert 'href="/books/export.json"' in text and 'href="/books/check_books.py"' in text
    assert f"python3 check_books.py {downloads.name_of('json')}</code>" in text
    assert f"python3 check_books.py {downloads.name_of('json')} --receipt PAY-0031-proof.json</code>" in text
    assert str(BookDay.objects.get(day=clock.today()).seal) in text
    program, books_ = tmp_path / "check_books.py", tmp_path / "books.json"
    script = Client().get("/books/check_books.py")
    assert script["Content-Disposition"] == 'attachment; filename="check_books.py"'
    program.write_bytes(script.content)
    books_.write_bytes(got("json"))
    assert subprocess.run([sys.executable, "-I", program, books_], capture_output=True, check=False).returncode == 0
    found = json.loads(books_.read_text())
    found["days"][0]["text"] = found["days"][0]["text"].replace("10000", "10001", 1)
    books_.write_text(json.dumps(found))
    assert subprocess.run([sys.executable, "-I", program, books_], capture_output=True, check=False).returncode == 1


def test_the_json_says_in_counts_what_was_written(sponsors_of_each_naming: list[str]) -> None:
    out, err = io.StringIO(), io.StringIO()
    call_command("export_books", "--format", "json", stdout=out, stderr=err)
    assert json.loads(out.getvalue())["format"] == "daybook-books-1"
    assert f"The public books: {Entry.objects.count()} entries, {Transfer.objects.count()} transfers" in err.getvalue()


def test_a_download_is_counted_and_long_books_are_left_to_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST", -1)
    client = Client()
    assert client.get("/books/export.csv").status_code == 503
    assert "too long to be exported by a page" in page()
    assert "/books/export.csv" not in client.get("/books/").text
    for _ in range(30):
        last = client.get("/books/export.csv")
    assert last.status_code == 429
