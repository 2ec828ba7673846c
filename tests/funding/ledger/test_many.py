"""Many facts in one call, the short lanes of posting, and sums at the edge of what a row can hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funding.ledger import checks, errors, selectors, services
from funding.ledger.models import Account, Entry, Transfer
from funding.ledger.services import Fact, Line
from tests.funding.ledger import books

pytestmark = pytest.mark.django_db


def fact(reference: str, *lines: Line) -> Fact:
    return Fact("test", "test", reference, lines, books.AT, books.DAY)


def sound() -> bool:
    return [problem for result in checks.run() for problem in result.problems] == []


def test_many_facts_are_one_call_and_a_later_one_spends_what_an_earlier_one_brought(django_assert_num_queries: Any) -> None:
    fund, owed = books.fund(), books.payouts()
    facts = [
        fact("gift", Line(books.cash(), fund, 100, "gift")),
        fact("pay", Line(fund, owed, 60, "payout"), Line(fund, owed, 40, "payout")),
    ]
    with django_assert_num_queries(4):  # savepoint, call, the entries, release
        first, second = services.post_many(facts)
    assert (first.reference, second.transfers.count(), books.fresh(fund).available.amount) == ("gift", 2, 0)
    assert services.post_many(facts) == [first, second]
    assert sound()


def test_many_facts_are_all_or_none() -> None:
    fund, owed = books.fund(), books.payouts()
    with pytest.raises(errors.Overdrawn) as refused:
        services.post_many([fact("gift", Line(books.cash(), fund, 100, "gift")), fact("pay", Line(fund, owed, 101, "payout"))])
    assert (refused.value.missing, Entry.objects.count()) == (1, 0)


def test_each_fact_by_itself_says_what_became_of_it() -> None:
    fund, owed = books.fund(), books.payouts()
    gift, too_much, rest, again = services.post_each(
        [
            fact("gift", Line(books.cash(), fund, 100, "gift")),
            fact("pay", Line(fund, owed, 101, "payout")),
            fact("rest", Line(fund, owed, 100, "payout")),
            fact("gift", Line(books.cash(), fund, 99, "gift")),
        ]
    )
    assert isinstance(too_much, errors.Overdrawn) and too_much.missing == 1
    assert isinstance(again, errors.ReferenceReused)
    assert isinstance(gift, Entry) and isinstance(rest, Entry)
    assert (Entry.objects.count(), sound()) == (2, True)


def test_a_sum_that_no_row_can_hold_is_named_and_the_facts_beside_it_are_posted() -> None:
    fund = books.fund()
    gift, too_large, unreadable, wordless, rest = services.post_each(
        [
            fact("gift", Line(books.cash(), fund, 100, "gift")),
            fact("huge", Line(books.cash(), fund, 2**63 - 1, "gift")),
            fact("beyond", Line(books.cash(), fund, 2**63, "gift")),
            fact("wordless", Line(books.cash(), fund, 1, "No code")),
            fact("rest", Line(books.cash(), fund, 7, "gift")),
        ]
    )
    assert isinstance(gift, Entry) and isinstance(rest, Entry)
    assert isinstance(too_large, errors.TooLarge) and isinstance(unreadable, errors.TooLarge) and isinstance(wordless, errors.BadLine)
    assert (books.fresh(fund).credits, Entry.objects.count(), sound()) == (107, 2, True)


ROW = ("debit_account_id", "credit_account_id", "amount", "debit_offset", "credit_offset", "spend_from", "spend_to", "pinned")


def rows_of(entry: Entry, names: dict[int, str]) -> list[tuple[Any, ...]]:
    rows = Transfer.objects.filter(entry=entry).order_by("line").values_list(*ROW)
    return [(names[debit], names[credit], *rest) for debit, credit, *rest in rows]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_short_lanes_write_what_the_walk_writes(data: st.DataObject) -> None:
    """The same lines: by themselves (one lane), together (the lane for many) and with a line that only the walk takes."""
    moves = data.draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(1, 40)), min_size=30, max_size=45))
    moves = [(debit, credit, amount) for debit, credit, amount in moves if debit != credit and (debit, credit) != (4, 5)]
    number = Entry.objects.count()
    written = []
    for lane in ("one", "many", "walk"):
        funds = [books.fund(f"{lane}{number}-{which}") for which in range(4)]
        for account in funds:
            books.contribute(account, 2_000)
        places = [*funds, books.cash(), books.account(f"owed:{lane}{number}", "owed")]
        names = {account.pk: str(which) for which, account in enumerate(places)}
        lines = [Line(places[debit], places[credit], amount, "move") for debit, credit, amount in moves if credit != 4]
        if lane == "one":
            written.append([row for line in lines for row in rows_of(books.post(line), names)])
        elif lane == "many":
            written.append(rows_of(books.post(*lines), names) if lines else [])
        else:
            # A draw sends the entry to the walk; it stands last, so that it changes nothing before it.
            extra, owed = books.fund(f"extra{number}"), books.payouts()
            books.contribute(extra, 5)
            drawing = Line(extra, owed, 5, "payout", reservation=books.reserve(extra, 5))
            names |= {extra.pk: "extra", owed.pk: "owed"}
            written.append(rows_of(books.post(*lines, drawing), names)[:-1])
    assert written[0] == written[1] == written[2]
    assert sound()


@pytest.mark.parametrize("count", [1, 40])
def test_the_short_lanes_refuse_what_the_walk_refuses(count: int) -> None:
    fund, other, euro, owed = books.fund(), books.fund("other"), books.fund("euro", "EUR"), books.payouts()
    books.contribute(fund, 1_000)
    good = [Line(fund, other, 1, "move")] * (count - 1)
    missing = Account(pk=999_999_999, code="fund:missing", klass="fund", currency="USD")
    for line, error in (
        (Line(fund, other, 1_001, "move"), errors.Overdrawn),
        (Line(fund, euro, 1, "move"), errors.WrongCurrency),
        (Line(fund, fund, 1, "move"), errors.BadLine),
        (Line(fund, other, 0, "move"), errors.BadLine),
        (Line(fund, other, -5, "move"), errors.BadLine),
        (Line(fund, missing, 1, "move"), errors.UnknownAccount),
        (Line(owed, fund, 1, "move"), errors.BadLine),
        (Line(fund, other, 1, "Not a code"), errors.BadLine),
        (Line(fund, books.shortfall(), 1, "move"), errors.Overdrawn),
        (Line(fund, books.clearing(), 1, "move"), errors.Unbalanced),
    ):
        with pytest.raises(error):
            books.post(*good, line)
    held = books.reserve(fund, 600)
    with pytest.raises(errors.Overdrawn) as refused:
        books.post(*good, Line(fund, other, 401, "move"))
    assert (refused.value.missing, held.open, Entry.objects.count()) == (1 + len(good), 600, 1)


def test_a_pin_ahead_is_jumped_in_every_lane() -> None:
    for count in (1, 20):
        fund, other = books.fund(f"pinned{count}"), books.fund("other")
        books.contribute(fund, 10)
        books.refund(books.contribute(fund, 100), 20, 60)
        spent = books.post(*[Line(fund, other, 2, "move")] * count, Line(fund, other, 30, "move")) if count > 1 else None
        if spent is None:
            row = books.post(Line(fund, other, 40, "move")).transfers.get()
            assert (row.spend_from, row.spend_to) == (0, 80)
        else:
            assert books.fresh(fund).head == 110
    assert sound()


@pytest.mark.parametrize("currency", ["JPY", "USD", "BHD"])
def test_sums_to_ten_to_the_fifteenth_hold_and_more_than_a_row_can_hold_is_an_error(currency: str) -> None:
    fund, owed = books.fund(f"big-{currency}", currency), books.payouts(currency)
    books.contribute(fund, 10**15)
    item = books.pay_out(fund, 10**15)
    books.confirm(item)
    assert selectors.balances([owed])[owed.pk].amount.amount == 0
    for amount in (2**63 - 1, 2**63):
        with pytest.raises(errors.TooLarge):
            books.post(Line(books.cash(currency), fund, amount, "gift"))
    assert (books.fresh(fund).credits, sound()) == (10**15, True)
