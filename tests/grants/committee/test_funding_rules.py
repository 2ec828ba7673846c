"""What bars money from approved work, and that days and sums of one funding are of one moment."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest

from funding.errors import Refused
from funding.funds import needs, reserve
from funding.funds import services as funds
from funding.funds.models import Fund, Need
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.money import Money
from funding.people.roles import Role
from grants.committee import services
from grants.committee.models import Funding
from tests.funding import builders as people_made
from tests.funding.ledger import books
from tests.grants import builders
from tests.grants.committee.test_funding import HALF, approved, raised
from tests.grants.committee.test_funding_at_once import together

pytestmark = pytest.mark.django_db


def short_of(amount: int) -> None:
    books.post(books.Line(reserve.shortfall_account("USD"), books.fund("elsewhere"), amount, "cover"))


@pytest.mark.django_db(transaction=True)
def test_what_the_row_says_of_the_fund_is_what_its_days_were_counted_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another decision that comes between the reading and the reservation waits for it, and then finds what is left."""
    approved()
    fund, need = raised(20 * HALF), Need.objects.get()
    needs.offer(need=need, fund=fund)
    read, real, readings = Event(), needs.available, []

    def slow(of: Need) -> Money:
        found = real(of)
        readings.append(found)
        if len(readings) == 2:  # the first one only looks whether it is worth while
            read.set()
            Event().wait(0.7)
        return found

    def quicker() -> Any:
        read.wait(10)
        return ledger.reserve(account=fund.account, amount=10 * HALF, holder=("other", 1), key="other", at=books.AT)

    monkeypatch.setattr(needs, "available", slow)
    answers = together(lambda: services.fund(need_id=need.pk), quicker)
    made = Funding.objects.get()
    assert (made.half_days, made.available, made.residue.amount) == (20, 20 * HALF, 0)
    assert "overdrawn" in answers
    assert [problem for result in checks.run("I7") for problem in result.problems] == []


def test_the_hosts_own_money_pays_for_no_work_while_the_host_is_short() -> None:
    sitting = approved()
    host = funds.host_fund("USD")
    builders.put_money(host, 900_000)
    short_of(300)
    with pytest.raises(Refused) as refused:
        needs.top_up(actor=people_made.holder(Role.TREASURER), need=Need.objects.get(), fund=host, seen=20)
    assert refused.value.rule == "shortfall"
    assert not needs.may_pay(host, Need.objects.get())
    reserve.repay(up_to=Money(300, "USD"), reference="back", effective_on=books.DAY)
    assert needs.may_pay(host, Need.objects.get())
    assert sitting.proposal.ref


def test_a_decision_reserves_nothing_of_the_hosts_own_money_while_the_host_is_short() -> None:
    sitting = builders.ready(money=0)
    host = funds.host_fund("USD")
    builders.put_money(host, 900_000)
    sitting.call.call_funds.create(fund=host, order=1)
    short_of(300)
    with pytest.raises(Refused, match="The host is short of") as refused:
        sitting.determine()
    assert refused.value.rule == "shortfall"
    reserve.repay(up_to=Money(300, "USD"), reference="back", effective_on=books.DAY)
    assert sitting.determine().outcome == "funded"


def test_nothing_waits_beside_money_that_one_line_could_pay() -> None:
    """To name no line is no way to publish “waiting for money” where there is enough."""
    sitting = builders.ready(money=0)
    award = funds.open_fund(slug="award-one", name="One", kind=Fund.Kind.RESTRICTED, purpose="Work", currency="USD")
    builders.put_money(award, 900_000)
    award.lines.create(name="Developers", amount=900_000, position=1)
    sitting.call.call_funds.create(fund=award, order=1)
    with pytest.raises(Refused) as refused:
        sitting.determine(wait=True)
    assert refused.value.rule == "line"
    assert not Need.objects.exists()
    ledger.reserve(account=award.account, amount=900_000, holder=("other", 1), key="other", at=books.AT)
    assert sitting.determine(wait=True).outcome == "approved"
