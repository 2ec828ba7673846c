"""The shortfall is repaid out of what the host earns. How the reserve is filled: test_moves.py."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from funding.funds import reserve, services
from funding.ledger.services import Line
from funding.money import Money
from tests.funding import builders
from tests.funding.ledger import books

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 2)


def usd(amount: int) -> Money:
    return Money(amount, "USD")


@pytest.fixture(autouse=True)
def _host(db: Any) -> None:
    builders.host()
    books.contribute(services.host_fund("USD").account, 1_000)


def short_of(amount: int) -> None:
    books.post(Line(reserve.shortfall_account("USD"), books.fund("elsewhere"), amount, "cover"))


def test_income_repays_what_is_open_and_no_more(db: None) -> None:
    assert reserve.repay(up_to=usd(500), reference="PAY-1", effective_on=DAY) is None
    short_of(300)
    assert reserve.repay(up_to=usd(200), reference="PAY-2", effective_on=DAY) is not None
    assert reserve.shortfall("USD") == usd(100)
    reserve.repay(up_to=usd(200), reference="PAY-3", effective_on=DAY)
    assert (reserve.shortfall("USD"), services.host_fund("USD").account.available) == (usd(0), usd(700))
