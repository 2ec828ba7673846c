"""The export: Beancount accepts it and finds our balances; CSV adds up; nobody who chose not to be named is in the public one."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry, Transfer
from funding.ledger.services import Line
from funding.site.reports import export
from funding.site.reports.export import beancount, rows
from tests.funding.ledger import books
from tests.funding.site.reports import beans, generated

pytestmark = pytest.mark.django_db


def written(form: str, *, full: bool = False) -> str:
    to = io.StringIO()
    export.write(form, full=full, to=to)
    return to.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "books.beancount"


def a_story(currency: str) -> None:
    """Gifts, one given back in part, a promise that is drawn, payouts owed and paid in part, a shortfall and its repayment, a mistake."""
    fund, other = books.fund(f"quillon:{currency}", currency), books.fund(f"host_fund:{currency}", currency)
    gift = books.contribute(fund, 100_001)
    books.contribute(other, 7)
    books.refund(gift, 90_000, 100_001)
    promise = books.reserve(fund, 60_000)
    item = books.pay_out(fund, 40_003, promise)
    books.confirm(item, 40_002)
    books.post(Line(books.shortfall(currency), other, 999, "cover"))
    books.post(Line(other, books.shortfall(currency), 500, "repayment"))
    ledger.reverse(entry=books.contribute(other, 9).entry, at=books.AT, effective_on=books.DAY)


def test_bean_check_accepts_every_kind_of_money_and_finds_our_balances(file: Path) -> None:
    for currency in ("USD", "JPY", "BHD"):
        a_story(currency)
    call_command("export_books", "--format", "beancount", "--output", str(file))
    assert beans.check(file) == ""
    found = beans.added_up(file)
    assert found == beans.ours()
    assert str(found["cash:stripe:JPY"]) == "¥50,005"
    assert "Assets:Cash:Stripe:JPY  100001 JPY" in file.read_text()
    assert "Assets:Cash:Stripe:BHD  100.001 BHD" in file.read_text()
    assert "Equity:Fund:HostX5ffund:USD  -0.07 USD" in file.read_text()


@pytest.mark.parametrize("digit", ["1", "4"])
def test_bean_check_finds_one_cent_that_is_missing(file: Path, digit: str) -> None:
    a_story("USD")
    text = written("beancount")
    place = text.index(f"000.0{1} USD\n    line: 1")
    assert text[place + 5] == "1"
    file.write_text(text[: place + 5] + ("2" if digit == "1" else digit) + text[place + 6 :])
    assert "does not balance" in beans.check(file)


def test_bean_check_finds_an_account_that_says_a_cent_more_than_its_transfers(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_story("USD")
    held = rows.accounts

    def off_by_one(full: bool) -> list[rows.Held]:
        first, *others = held(full)
        return [first._replace(debits=first.debits + 1), *others]

    monkeypatch.setattr(rows, "accounts", off_by_one)
    file.write_text(written("beancount"))
    assert "Balance failed" in beans.check(file)


def test_the_generated_books_are_as_long_as_they_are_meant_to_be_and_balance(file: Path) -> None:
    made = generated.books(5_000, batch=700)
    call_command("export_books", "--format", "beancount", "--output", str(file))
    assert beans.check(file) == ""
    assert beans.added_up(file) == beans.ours()
    assert made == Transfer.objects.count() >= 5_000


@pytest.mark.slow
def test_a_book_of_a_hundred_thousand_transfers_balances_in_beancount(file: Path) -> None:
    made = generated.books(100_000, batch=10_000)
    call_command("export_books", "--format", "beancount", "--output", str(file))
    assert beans.check(file) == ""
    assert beans.added_up(file) == beans.ours()
    assert made == Transfer.objects.count() >= 100_000


CODES = [
    *("fund:a:USD", "fund:A:USD", "fund:usd", "fund:USD", "fund:Usd", "fund:x5f", "fund:_", "fund:X5f", "fund:0x5f", "fund:0_"),
    *("fund:a-b", "fund:a_b", "fund:-a", "fund:a.b", "fund:a", "fund:a:", "fund::a", "fund", "fund:ab:c", "fund:a:bc", "fund:"),
    *("fund:q1", "fund:Q1", "fund:Q", "fund:q", "fund:XX", "fund:xx", "fund:XXX", "fund:xxx", "fund:0X00", "fund:0x00"),
]


def test_no_two_codes_have_one_name_and_beancount_reads_every_name(file: Path) -> None:
    names = {beancount.account_name("fund", code) for code in CODES}
    assert len(names) == len(set(CODES))
    file.write_text("".join(f"2026-01-01 open {name} USD\n" for name in sorted(names)))
    assert beans.check(file) == ""


def test_the_table_has_a_row_for_each_transfer_and_adds_up_to_the_balances() -> None:
    a_story("USD")
    a_story("BHD")
    table = list(csv.DictReader(io.StringIO(written("csv"))))
    assert len(table) == Transfer.objects.count()
    assert len({row["entry"] for row in table}) == Entry.objects.count()
    sums: dict[str, int] = defaultdict(int)
    for row in table:
        sums[row["debit"]] += int(row["minor_units"])
        sums[row["credit"]] -= int(row["minor_units"])
    assert dict(sums) == {code: money.amount for code, money in beans.ours().items()}
    assert {row["amount"] for row in table if row["minor_units"] == "100001"} == {"1000.01", "100.001"}


def test_a_spreadsheet_reads_no_cell_as_a_formula() -> None:
    books.post(Line(books.cash(), books.account("=HYPERLINK(1)", "fund"), 5, "contribution"), reference="@SUM(1+1)")
    text = written("csv", full=True)
    assert "'=HYPERLINK(1)" in text and "'@SUM(1+1)" in text
    assert ",=HYPERLINK" not in text and ",@SUM" not in text


def test_what_somebody_typed_stays_one_string_for_beancount(file: Path) -> None:
    assert beancount.text('a "b" \\ c\n2026-01-01 open Assets:X') == '"a \\"b\\" \\\\ c 2026-01-01 open Assets:X"'


def test_an_account_that_nothing_has_moved_is_for_auditors_only() -> None:
    a_story("USD")
    books.fund("a-secret-draft")
    assert "a-secret-draft" not in written("beancount").lower()
    assert "A-secret-draft" in written("beancount", full=True)


def test_empty_books_are_a_file_too(file: Path) -> None:
    call_command("export_books", "--format", "beancount", "--output", str(file))
    assert beans.check(file) == ""
    assert list(csv.reader(io.StringIO(written("csv")))) == [written("csv").strip().split(",")]


def test_the_command_says_what_it_wrote_and_leaves_nothing_half(tmp_path: Path) -> None:
    a_story("USD")
    out, err = io.StringIO(), io.StringIO()
    call_command("export_books", "--format", "csv", stdout=out, stderr=err)
    assert out.getvalue() == written("csv")
    entries, transfers = Entry.objects.count(), Transfer.objects.count()
    accounts = Account.objects.count()
    assert f"The public books: {entries} entries, {transfers} transfers, {accounts} accounts, moved $" in err.getvalue()
    with pytest.raises(CommandError, match="Nothing was exported"):
        call_command("export_books", "--format", "csv", "--output", str(tmp_path / "missing" / "books.csv"))
    assert list(tmp_path.iterdir()) == []
