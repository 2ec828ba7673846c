"""Sealed days: the file as docs/sealed-days.md has it, sealed once and in order, the same again later, and without names."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import re
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.audit.models import Record
from funding.errors import Invalid
from funding.ledger import checks, errors
from funding.ledger import services as ledger
from funding.ledger.models import BookDay, Commitment, SealedBalance, SealedText, Transfer
from funding.ledger.sealing import closing, commitments, form
from funding.ledger.services import Line
from funding.people.models import Party
from tests.funding.ledger import books

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
FIRST = """\
H	1	-	2026-03-02	-	4	4	6	2	1	4
A	cash:stripe:USD	cash	USD
A	clearing:USD	clearing	USD
A	fund:quillon	fund	USD
A	owed:payouts:USD	owed	USD
E	1	2026-03-02T12:00:00.000000Z	2026-03-02	-	test	test	1	-	#
T	1.1	contribution	cash:stripe:USD	clearing:USD	USD	100	-	-	-	-	0	-	-	-	#
T	1.2	allocation	clearing:USD	fund:quillon	USD	100	-	0	-	-	0	-	-	-	-
E	2	2026-03-02T12:00:00.000000Z	2026-03-02	-	test	test	1	-	#
T	2.1	refund	fund:quillon	clearing:USD	USD	30	0	-	70	100	1	-	-	-	-
T	2.2	refund	clearing:USD	cash:stripe:USD	USD	30	-	-	-	-	0	-	-	-	-
E	3	2026-03-02T12:00:00.000000Z	2026-03-02	-	test	test	1	-	#
T	3.1	payout	fund:quillon	owed:payouts:USD	USD	20	30	0	0	20	0	-	-	-	-
E	4	2026-03-02T12:00:00.000000Z	2026-03-02	-	test	test	1	-	#
T	4.1	payout_confirmed	owed:payouts:USD	cash:stripe:USD	USD	5	0	-	-	-	0	3.1	-	-	-
R	1	1	reserve	fund:quillon	50	-	0	2026-03-02T12:00:00.000000Z
R	2	1	draw	fund:quillon	20	3.1	50	2026-03-02T12:00:00.000000Z
D	1	document	P-0001/1	aaaa
Z	cash:stripe:USD	100	35	0	0
Z	clearing:USD	130	130	0	0
Z	fund:quillon	50	100	30	20
Z	owed:payouts:USD	5	20	0	0
"""


def party(name: str = "Vela Labs") -> Party:
    return Party.objects.create(kind="organisation", name=name, email="hello@vela.example", created_at=books.AT)


def story() -> Party:
    """A gift of 100 by Vela, 30 of it given back, 50 promised, 20 drawn and owed, 5 of that paid; one determination."""
    who = party()
    with clock.at(books.AT):
        fund = books.fund()
        entry = books.post(
            Line(books.cash(), books.clearing(), 100, "contribution", party_id=who.pk), Line(books.clearing(), fund, 100, "allocation")
        )
        books.refund(entry.transfers.get(line=2), 70, 100)
        promise = books.reserve(fund, 50)
        books.confirm(books.pay_out(fund, 20, promise), 5)
        ledger.seal_document("document", "P-0001/1", "a" * 64)
    return who


def close(days: int = 1) -> dt.date:
    """Midnight passes so many times. Returns the day that is open now."""
    open_ = BookDay.objects.get(closed_at=None).day
    with clock.at(books.AT + days * DAY):
        return ledger.advance_book_day(open_ + days * DAY).day


def seal() -> list[str]:
    return [day.day.isoformat() for day, _ in closing.seal_days()]


def text(day: dt.date = books.DAY) -> str:
    return SealedText.objects.get(pk=day).text


def plain(written: str) -> str:
    """The file with `#` for commitments, and ids of rows counted from one, since other tests used up the first numbers."""
    written = re.sub(r"\b[0-9a-f]{64}\b", "#", written).replace("P-0001/1\t#", "P-0001/1\taaaa")
    numbers = re.findall(r"^E\t(\d+)", written, flags=re.M)
    for new, old in enumerate(numbers, start=1):
        written = re.sub(rf"^(E\t){old}\b", rf"\g<1>{new}", written, flags=re.M)
        written = re.sub(rf"(\t){old}\.(\d)", rf"\g<1>{new}.\2", written)
    for letter in "RD":
        found = re.findall(rf"^{letter}\t(\d+)", written, flags=re.M)
        for new, old in enumerate(found, start=1):
            written = re.sub(rf"^({letter}\t){old}\t", rf"\g<1>{new}\t", written, flags=re.M)
    return re.sub(r"^(R\t\d+\t)\d+", r"\g<1>1", written, flags=re.M)


def test_the_file_of_a_day_is_as_the_page_says() -> None:
    story()
    close()
    assert seal() == ["2026-03-02"]
    assert plain(text()) == FIRST
    assert "Vela" not in text()


def test_the_seal_is_the_hash_of_the_file_and_names_the_one_before() -> None:
    story()
    close(3)
    assert seal() == ["2026-03-02", "2026-03-03", "2026-03-04"], "days without an entry are sealed as well"
    before = "-"
    for day in BookDay.objects.filter(seal__isnull=False):
        assert text(day.day).splitlines()[0].split("\t")[4] == before
        assert day.seal == hashlib.sha256(text(day.day).encode()).hexdigest()
        before = day.seal or ""
    assert text(books.DAY + DAY) == f"H\t1\t-\t2026-03-03\t{BookDay.objects.get(pk=books.DAY).seal}\t0\t0\t0\t0\t0\t0\n"
    assert seal() == [], "sealing again seals nothing"


def test_the_file_follows_from_the_rows_later_too() -> None:
    story()
    close()
    seal()
    with clock.at(books.AT + DAY):
        books.contribute(books.fund(), 7)
    close()
    seal()
    (one,) = form.days(books.DAY, books.DAY)
    assert one.text(host="-", previous=None) == text()
    both = list(form.days(books.DAY, books.DAY + DAY))
    assert [it.day for it in both] == [books.DAY, books.DAY + DAY]
    second = both[1].text(host="-", previous=BookDay.objects.get(pk=books.DAY).seal)
    assert second == text(books.DAY + DAY)
    assert "Z\tfund:quillon\t50\t107\t30\t20\n" in second, "balances are carried from the day before"


def test_a_day_takes_as_many_queries_with_many_rows_as_with_few() -> None:
    def queries(gifts: int) -> int:
        with clock.at(books.AT):
            for _ in range(gifts):
                books.contribute(books.fund(), 10)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            list(form.days(books.DAY, books.DAY))
        return len(asked)

    assert queries(1) == queries(12) <= 10


def test_only_a_closed_day_next_in_the_chain_is_sealed() -> None:
    story()
    head = f"H\t1\t-\t{books.DAY}\t-\t0\t0\t0\t0\t0\t0\n"
    with pytest.raises(errors.NotToSeal, match="not a closed day"):
        ledger.seal_day(day=books.DAY, host="-", text=head, at=books.AT)
    close(2)
    with pytest.raises(errors.NotToSeal, match="the day before it is not"):
        ledger.seal_day(day=books.DAY + DAY, host="-", text=head.replace("03-02", "03-03"), at=books.AT)
    with pytest.raises(errors.NotToSeal, match="does not begin"):
        ledger.seal_day(day=books.DAY, host="-", text=head.replace("03-02", "03-03"), at=books.AT)
    ledger.seal_day(day=books.DAY, host="-", text=head, at=books.AT)
    with pytest.raises(errors.NotToSeal, match="not a closed day"):
        ledger.seal_day(day=books.DAY, host="-", text=head, at=books.AT)


def test_nobody_adds_to_a_sealed_day_by_the_side_doors() -> None:
    story()
    close()
    seal()
    with pytest.raises(DatabaseError, match="not a closed day"), transaction.atomic():
        commitments.keep(books.DAY)
    with clock.at(books.AT + DAY):
        late = books.post(Line(books.cash(), books.fund(), 3, "late"))
        paper = ledger.seal_document("document", "P-0002/1", "b" * 64)
    assert late.book_day_id == paper.book_day_id == books.DAY + DAY


def test_a_document_is_sealed_once_under_its_name() -> None:
    with clock.at(books.AT):
        first = ledger.seal_document("document", "P-0003/1", "c" * 64)
        assert ledger.seal_document("document", "P-0003/1", "c" * 64).pk == first.pk
        with pytest.raises(errors.ReferenceReused):
            ledger.seal_document("document", "P-0003/1", "d" * 64)


def test_two_rows_of_one_sponsor_have_nothing_in_common() -> None:
    who = party()
    with clock.at(books.AT):
        for _ in range(2):
            books.post(Line(books.cash(), books.fund(), 10, "gift", party_id=who.pk))
    close()
    seal()
    rows = Commitment.objects.filter(transfer__isnull=False)
    assert len({row.text for row in rows}) == 1
    assert len({row.digest for row in rows}) == len({bytes(row.salt or b"") for row in rows}) == 2
    for row in rows:
        made = b"daybook-1:party\n" + bytes(row.salt or b"") + f'{{"about":null,"name":"Vela Labs","party":{who.pk}}}'.encode()
        assert row.digest == hashlib.sha256(made).hexdigest()


def test_text_is_committed_as_canonical_json() -> None:
    assert commitments.canonical({"b": 'a "q"\n\x01é\u2028\\', "a": None, "c": 12}) == (
        '{"a":null,"b":"a \\"q\\"\\n\\u0001é\u2028\\\\","c":12}'
    )


def test_an_erased_row_keeps_the_chain_and_the_sums() -> None:
    who = story()
    close()
    seal()
    row = Transfer.objects.get(party=who)
    name = f"{row.entry_id}.{row.line}"
    assert commitments.erase(actor=None, row=name, reason="Asked for by letter of 3 March") is True
    assert commitments.erase(actor=None, row=name, reason="Again") is False
    kept = Commitment.objects.get(transfer=row)
    assert (kept.salt, kept.text) == (None, None)
    assert f"\t{kept.digest}\n" in text()
    (again,) = form.days(books.DAY, books.DAY)
    assert again.text(host="-", previous=None) == text()
    assert [result.problems for result in checks.run() if not result.holds] == []
    assert Record.objects.filter(act="ledger.erase", subject=name, reason__startswith="Asked for").count() == 1
    assert commitments.erase(actor=None, row=str(row.entry_id), reason="The reference too") is True


@pytest.mark.parametrize("row", ["", "x", "1.0", "0", "1.1.1", "1;2"])
def test_erasing_names_one_row(row: str) -> None:
    with pytest.raises(Invalid):
        commitments.erase(actor=None, row=row, reason="Because")


def test_the_command_erases_rows_and_says_how_many() -> None:
    who = story()
    close()
    seal()
    row = Transfer.objects.get(party=who)
    out = StringIO()
    call_command("erase_sealed", row=[f"{row.entry_id}.{row.line}", "999999"], reason="Asked for", stdout=out)
    assert out.getvalue() == "1 of 2 erased; the others were not there, or were erased before.\n"
    with pytest.raises(CommandError, match="0 erased, and then: x is not a row"):
        call_command("erase_sealed", row=["x"], reason="Asked for")


def test_a_salt_comes_back_for_nobody() -> None:
    story()
    close()
    seal()
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_commitment SET text = NULL, salt = NULL")


def test_the_command_prints_what_it_sealed_and_is_safe_to_repeat() -> None:
    story()
    close(2)
    out = StringIO()
    call_command("seal_days", stdout=out)
    first = BookDay.objects.get(pk=books.DAY)
    assert f"2026-03-02  {first.seal}  4 entries, 6 transfers" in out.getvalue()
    assert "2 days sealed." in out.getvalue()
    out = StringIO()
    call_command("seal_days", stdout=out)
    assert out.getvalue() == "0 days sealed. The last sealed day is 2026-03-03.\n"


# From the last sealed day


def on(number: int, act: Callable[[], object]) -> None:
    """Something happens on that day of the books, which is open."""
    with clock.at(books.AT + number * DAY):
        act()


def random_day(draw: random.Random, inflows: list[Transfer]) -> None:
    """Some gifts, refunds, promises and payouts, of funds that may rest for days."""
    for _ in range(draw.randint(0, 4)):
        fund = books.fund(f"fund-{draw.randint(1, 4)}")
        inflows.append(books.contribute(fund, draw.randint(10, 90)))
        if draw.random() < 0.5:
            books.reserve(fund, draw.randint(1, 5))
        if draw.random() < 0.5:
            books.confirm(books.pay_out(fund, draw.randint(1, 4)), 1)
        if draw.random() < 0.4:
            last = inflows.pop()
            books.refund(last, last.amount - 1, last.amount)


@pytest.mark.parametrize("seed", range(4))
def test_a_day_that_is_sealed_from_the_one_before_is_as_from_the_first_row(seed: int) -> None:
    draw, inflows, queries = random.Random(seed), list[Transfer](), list[str]()
    on(0, lambda: books.contribute(books.fund("fund-1"), 100))
    for number in range(8):
        on(number, lambda: random_day(draw, inflows))
        close()
        with CaptureQueriesContext(connection) as asked:
            assert len(seal()) == 1
        queries += [query["sql"] for query in asked if number]
    assert not [sql for sql in queries if "book_day_id <" in sql], "no history is summed once a day is sealed"
    before = None
    for written in form.days(books.DAY, books.DAY + 7 * DAY):
        anew = written.text(host="-", previous=before)
        assert anew == text(written.day)
        before = BookDay.objects.get(pk=written.day).seal
        assert before == hashlib.sha256(anew.encode()).hexdigest()
    assert [result.problems for result in checks.run("I4") if not result.holds] == []


def seal_by_hand(day: dt.date, previous: str | None = None) -> None:
    """As a version did that kept no balances."""
    commitments.keep(day)
    (written,) = form.days(day, day)
    ledger.seal_day(day=day, host="-", text=written.text(host="-", previous=previous), at=books.AT)


def test_days_that_were_sealed_before_balances_were_kept_are_summed_once_more() -> None:
    story()
    close()
    seal_by_hand(books.DAY)
    on(1, lambda: books.contribute(books.fund("other"), 7))
    close()
    assert seal() == ["2026-03-03"]
    on(2, lambda: books.contribute(books.fund(), 5))
    close()
    assert seal() == ["2026-03-04"]
    assert "Z\tfund:quillon\t50\t105\t30\t20\n" in text(books.DAY + 2 * DAY)
    assert [result.problems for result in checks.run("I4") if not result.holds] == []


def test_nothing_is_sealed_from_balances_that_the_last_file_does_not_have() -> None:
    story()
    close()
    seal_by_hand(books.DAY)
    for pk, sums in form.Balances.of_rows(books.DAY + DAY).sums.items():
        debits, credits, reserved, head = sums
        wrong = int(pk == books.cash().pk)
        SealedBalance.objects.create(account_id=pk, day_id=books.DAY, debits=debits + wrong, credits=credits, reserved=reserved, head=head)
    close()
    with pytest.raises(errors.NotToSeal, match="balance of cash:stripe:USD was not kept as the file of 2026-03-02 has it"):
        seal()
    (result,) = checks.run("I4")
    assert result.problems == ["2026-03-02: the balance of cash:stripe:USD that the next day is sealed from is not what the rows give."]


def test_balances_are_kept_once() -> None:
    story()
    close()
    seal()
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        SealedBalance.objects.update(debits=0)


def test_a_sealed_day_without_its_commitments_is_named() -> None:
    story()
    close()
    (written,) = form.days(books.DAY, books.DAY)
    ledger.seal_day(day=books.DAY, host="-", text=written.text(host="-", previous=None), at=books.AT)
    first = Transfer.objects.order_by("pk").values_list("entry_id", flat=True).first()
    (result,) = checks.run("I4")
    assert result.problems == [f"2026-03-02 is sealed and 5 of its private fields have no commitment, that of {first} first."]
