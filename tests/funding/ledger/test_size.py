"""What grows with the number of lines and what does not: one call for ten thousand, one query for many links."""

from __future__ import annotations

from typing import Any

import pytest

from funding.ledger import checks, errors, links, selectors
from funding.ledger.services import Line
from tests.funding.ledger import books

pytestmark = pytest.mark.django_db


def test_ten_thousand_lines_are_one_call(django_assert_num_queries: Any) -> None:
    fund, other, owed = books.fund(), books.fund("other"), books.payouts()
    for _ in range(5):
        books.contribute(fund, 2_000)
    gift = books.contribute(fund, 2_000)
    books.refund(gift, 500, 1_500)
    promise = books.reserve(fund, 4_000)
    lines = [Line(fund, owed, 1, "payout", reservation=promise)] * 4_000 + [Line(fund, other, 1, "move")] * 6_000
    with django_assert_num_queries(3):  # savepoint, call, release
        entry = books.post(*lines, reference="payroll")
    accounts = (fund, other, owed)
    found = selectors.balances(accounts)
    assert (entry.transfers.count(), [found[account.pk].amount.figures for account in accounts]) == (10_000, ["10.00", "60.00", "40.00"])
    with pytest.raises(errors.BadLine):
        books.post(*lines, Line(fund, owed, 1, "payout"))
    assert [problem for result in checks.run() for problem in result.problems] == []


def test_links_cost_the_same_queries_for_one_row_and_many(django_assert_num_queries: Any) -> None:
    fund = books.fund()
    gifts = [books.contribute(fund, 10).pk for _ in range(6)]
    items = [books.pay_out(fund, 7).pk for _ in range(6)]
    for number in (1, 6):
        with django_assert_num_queries(1):
            links.sources_of(items[:number])
        with django_assert_num_queries(1):
            links.uses_of(gifts[:number])
