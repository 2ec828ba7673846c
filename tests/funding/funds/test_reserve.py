"""The reserve takes two people, and the shortfall is repaid before anything else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from funding.audit.models import Record
from funding.errors import Invalid, Refused
from funding.funds import reserve, services
from funding.funds.models import Fund, ReserveMove
from funding.ledger import checks
from funding.ledger.services import Line
from funding.money import Money
from funding.people.roles import Role
from funding.states import IllegalTransition
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


def asked(amount: int = 400) -> ReserveMove:
    return reserve.ask(actor=builders.holder(Role.TREASURER), amount=usd(amount), reason="A dispute is likely.")


def test_a_second_treasurer_moves_money_into_the_reserve(db: None) -> None:
    move = reserve.approve(actor=builders.holder(Role.TREASURER), move=asked())
    assert (move.state, move.entry and move.entry.kind) == ("done", "reserve_move")
    fund = reserve.reserve_fund("USD")
    assert (fund.kind, fund.account.available) == (Fund.Kind.RESERVE, usd(400))
    assert services.host_fund("USD").account.available == usd(600)


def test_whoever_asked_cannot_approve_and_the_attempt_is_on_record(db: None) -> None:
    move = asked()
    with pytest.raises(Refused, match="You prepared this"):
        reserve.approve(actor=move.asked_by, move=move)
    assert Record.objects.get(act="reserve.approve").rule == "prepared"
    with pytest.raises(Refused):
        reserve.approve(actor=builders.holder(Role.AUDITOR), move=move)
    assert reserve.reserve_fund("USD").account.available == usd(0)


def test_only_a_treasurer_asks_and_not_for_more_than_there_is(db: None) -> None:
    with pytest.raises(Refused):
        reserve.ask(actor=builders.holder(Role.ADMIN), amount=usd(1), reason="x")
    for amount, reason in ((usd(0), "x"), (usd(1_001), "x"), (usd(1), " ")):
        with pytest.raises(Invalid):
            reserve.ask(actor=builders.holder(Role.TREASURER), amount=amount, reason=reason)


def test_a_move_is_made_once(db: None) -> None:
    move = asked()
    reserve.approve(actor=builders.holder(Role.TREASURER), move=move)
    with pytest.raises(IllegalTransition):
        reserve.approve(actor=builders.holder(Role.TREASURER), move=move)
    with pytest.raises(IllegalTransition):
        reserve.withdraw(actor=builders.holder(Role.TREASURER), move=move, reason="Too late")


def test_what_is_set_aside_repays_the_shortfall_first(db: None) -> None:
    short_of(300)
    reserve.approve(actor=builders.holder(Role.TREASURER), move=asked(400))
    assert (reserve.shortfall("USD"), reserve.reserve_fund("USD").account.available) == (usd(0), usd(100))
    assert [problem for result in checks.run() for problem in result.problems] == []


def test_income_repays_what_is_open_and_no_more(db: None) -> None:
    assert reserve.repay(up_to=usd(500), reference="PAY-1", effective_on=DAY) is None
    short_of(300)
    assert reserve.repay(up_to=usd(200), reference="PAY-2", effective_on=DAY) is not None
    assert reserve.shortfall("USD") == usd(100)
    reserve.repay(up_to=usd(200), reference="PAY-3", effective_on=DAY)
    assert (reserve.shortfall("USD"), services.host_fund("USD").account.available) == (usd(0), usd(700))
