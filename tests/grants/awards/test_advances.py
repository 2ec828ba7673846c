"""What the host pays ahead for an award is neither received from its grantor nor spent when it is repaid."""

from __future__ import annotations

from typing import Any

import pytest

from funding.funds import services as funds
from funding.funds.entries import between, deciding
from funding.ledger import checks
from funding.money import total
from funding.people.models import User
from grants.awards import selectors, tables
from grants.awards.models import Award
from tests.funding.builders import browser
from tests.funding.ledger import books
from tests.grants.awards import builders
from tests.grants.awards.builders import Desk, usd

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: Any) -> Desk:
    made = builders.desk()
    books.contribute(funds.host_fund("USD").account, 100_000)
    return made


def ahead(desk: Desk, award: Award, units: int) -> None:
    asked = between.ask_bridge(actor=desk.maker, fund=builders.fund(award), amount=usd(units), reason="Costs first.")
    deciding.approve(actor=desk.checker, voucher=asked)


def repaid(desk: Desk, award: Award, units: int) -> None:
    asked = between.ask_bridge_repaid(actor=desk.maker, fund=builders.fund(award), amount=usd(units), reason="The claim was paid.")
    deciding.approve(actor=desk.checker, voucher=asked)


def sums(award: Award) -> tuple[int, ...]:
    it = selectors.figures(award)
    return tuple(money.amount for money in (it.received, it.advanced, it.spent, it.left))


def test_an_advance_is_counted_once_from_the_first_day_to_the_last(desk: Desk) -> None:
    award = builders.active(desk)
    ahead(desk, award, 30_000)
    assert sums(award) == (0, 30_000, 0, 30_000)
    builders.spend(award, 30_000)
    assert sums(award) == (0, 30_000, 30_000, 0)
    builders.book(desk, award, 1)
    assert sums(award) == (40_000, 30_000, 30_000, 40_000)
    repaid(desk, award, 20_000)
    assert sums(award) == (40_000, 10_000, 30_000, 20_000)
    repaid(desk, award, 10_000)
    assert sums(award) == (40_000, 0, 30_000, 10_000)
    assert [problem for result in checks.run() for problem in result.problems] == []


def test_the_report_agrees_with_itself_and_names_the_advance(desk: Desk) -> None:
    award = builders.active(desk)
    ahead(desk, award, 30_000)
    builders.spend(award, 12_300)
    builders.book(desk, award, 1)
    repaid(desk, award, 20_000)
    found = selectors.figures(award)
    spent = selectors.spending(award, User.objects.first())
    assert total((it.amount for it in spent), "USD") == found.spent == usd(12_300)
    rows = dict(tables.statement(found))
    assert rows["Paid ahead by the host, not repaid yet"] == usd(10_000)
    assert "paid ahead by the host" in browser(desk.maker).get(f"/awards/{award.slug}/").content.decode()


def test_what_goes_back_to_the_grantor_begins_with_its_own_money(desk: Desk) -> None:
    award = builders.active(desk)
    builders.book(desk, award, 1)
    ahead(desk, award, 30_000)
    page = browser(desk.maker).get(f"/desk/awards/{award.slug}/give-back/").content.decode()
    assert 'value="400.00"' in page
