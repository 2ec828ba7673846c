"""While the host is short, its own money goes nowhere else, and whatever reaches it repays that first: one rule, whoever takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from funding import clock
from funding.errors import Refused
from funding.funds import moves, reserve, services
from funding.funds.entries import bank, between, converting, deciding, matching, opening
from funding.funds.models import Fund, FundMove, Voucher
from funding.ledger import checks
from funding.ledger.services import Line
from funding.money import Money
from funding.people.models import User
from tests.funding import builders
from tests.funding.ledger import books

pytestmark = pytest.mark.django_db


def usd(amount: int) -> Money:
    return Money(amount, "USD")


class Office:
    def __init__(self) -> None:
        builders.host()
        self.tove, self.tim = (builders.holder("treasurer", name=name) for name in ("Tove Maker", "Tim Checker"))
        self.host, self.spare = services.host_fund("USD"), reserve.reserve_fund("USD")
        self.common = self.fund("common", Fund.Kind.GENERAL, 1_000)
        self.quillon = self.fund("quillon", Fund.Kind.RESTRICTED, 1_000)

    def fund(self, slug: str, kind: str, money: int = 0, currency: str = "USD") -> Fund:
        made = services.open_fund(slug=slug, name=slug.title(), kind=kind, purpose=f"For {slug}", currency=currency)
        if money:
            books.contribute(made.account, money)
        return made

    def short_of(self, amount: int) -> None:
        books.post(Line(reserve.shortfall_account("USD"), books.fund("elsewhere"), amount, "cover"))

    def receipt(self, amount: int) -> Voucher:
        return bank.book_receipt(actor=self.tove, amount=usd(amount), on=clock.today(), bank_reference="B-1", reason="A wire.")

    def move(self, giver: Fund, taker: Fund, amount: int) -> FundMove:
        return moves.ask(actor=self.tove, giver=giver, taker=taker, amount=usd(amount), reason="For the call.")

    def approve(self, move: FundMove) -> FundMove:
        done = moves.approve(actor=self.tim, move=move)
        return FundMove.objects.select_related("giver__account", "taker__account").get(pk=done.pk)

    def agree(self, voucher: Voucher, by: User | None = None) -> Voucher:
        return deciding.approve(actor=by or self.tim, voucher=voucher)


@pytest.fixture
def office(db: None) -> Any:
    yield Office()
    assert [problem for result in checks.run() for problem in result.problems] == []


def has(fund: Fund) -> int:
    return int(books.fresh(fund.account).available.amount)


def to_the_reserve(office: Office) -> Voucher:
    return opening.ask(actor=office.tove, amount=usd(400), on=clock.today(), place="bank", fund=office.spare, reason="The old reserve.")


def a_share(office: Office) -> Voucher:
    return bank.ask_match(
        actor=office.tove, receipt=office.receipt(8_000), fund=office.quillon, payer="Aldermoor", host_fee=usd(400), reason="Their mail."
    )


def a_release(office: Office) -> Voucher:
    return between.ask_release(actor=office.tove, fund=office.quillon, taker=office.spare, amount=usd(400), reason="Their letter.")


def euros(office: Office) -> Voucher:
    old = office.fund("old", Fund.Kind.GENERAL, 370, "EUR")
    return converting.ask(
        actor=office.tove, fund=old, taker=office.spare, amount=Money(370, "EUR"), into=usd(400), on=clock.today(), bank_reference="FX",
        reason="Spot.",
    )  # fmt: skip


def misbooked(office: Office) -> Voucher:
    gift = books.contribute(office.common.account, 400)
    return between.ask_right_fund(actor=office.tove, line=gift, fund=office.host, reason="It was for the host.")


@pytest.mark.parametrize("ask", [to_the_reserve, a_share, a_release, euros, misbooked])
def test_what_a_voucher_brings_the_host_repays_the_shortfall_first(ask: Callable[[Office], Voucher], office: Office) -> None:
    voucher = ask(office)
    office.short_of(300)
    done = office.agree(voucher)
    assert reserve.shortfall("USD") == usd(0)
    assert has(office.host) + has(office.spare) == 100
    assert done.entry is not None
    assert list(done.entry.transfers.filter(kind="repayment").values_list("amount", flat=True)) == [300]


def test_a_bridge_that_is_repaid_and_a_recall_repay_it_too(office: Office) -> None:
    books.contribute(office.host.account, 400)
    award = office.fund("award-alder", Fund.Kind.RESTRICTED)
    office.agree(between.ask_bridge(actor=office.tove, fund=award, amount=usd(200), reason="Costs first."))
    moved = office.approve(office.move(office.host, office.common, 200))
    office.short_of(300)
    office.agree(between.ask_bridge_repaid(actor=office.tove, fund=award, amount=usd(200), reason="The claim was paid."))
    assert (reserve.shortfall("USD"), has(office.host)) == (usd(100), 0)
    office.approve(moves.ask_recall(actor=office.tove, move=moved, amount=usd(200), reason="Not needed."))
    assert (reserve.shortfall("USD"), has(office.host)) == (usd(0), 100)


def test_the_hosts_own_money_is_not_called_back_out_of_it_while_it_is_short(office: Office) -> None:
    moved = office.approve(office.move(office.common, office.host, 300))
    asked = moves.ask_recall(actor=office.tove, move=moved, amount=usd(200), reason="Not needed.")
    office.short_of(500)
    with pytest.raises(Refused) as late:
        moves.approve(actor=office.tim, move=asked)
    with pytest.raises(Refused) as early:
        moves.ask_recall(actor=office.tove, move=moved, amount=usd(1), reason="Not needed.")
    assert (late.value.rule, early.value.rule, has(office.host)) == ("shortfall", "shortfall", 300)
    page = builders.browser(office.tim).get(f"/desk/funds/moves/{asked.pk}/approve/").content.decode()
    assert "Nobody can approve it now. The host is short of" in page


def test_the_reserve_makes_up_for_nothing_while_the_host_is_short(office: Office) -> None:
    books.contribute(office.spare.account, 400)
    gift = books.contribute(office.fund("spring", Fund.Kind.RESTRICTED).account, 100)
    books.pay_out(books.fresh(gift.credit_account), 40)
    asked = between.ask_right_fund(actor=office.tove, line=gift, fund=office.quillon, reason="They meant Quillon.")
    office.short_of(300)
    with pytest.raises(Refused) as refused:
        office.agree(asked)
    assert (refused.value.rule, has(office.spare)) == ("shortfall", 400)


def test_another_currencys_reserve_is_no_way_out(office: Office) -> None:
    books.contribute(office.host.account, 400)
    office.short_of(300)
    with pytest.raises(Refused) as refused:
        converting.ask(
            actor=office.tove, fund=office.host, taker=reserve.reserve_fund("EUR"), amount=usd(400), into=Money(370, "EUR"),
            on=clock.today(), bank_reference="FX", reason="Spot.",
        )  # fmt: skip
    assert refused.value.rule == "shortfall"


def test_a_promise_out_of_the_hosts_own_money_waits_until_it_is_repaid(office: Office) -> None:
    books.contribute(office.host.account, 400)
    promise = office.agree(
        matching.ask(actor=office.tove, fund=office.host, taker=office.quillon, cap=usd(400), reason="The host doubles.")
    )
    gift = books.contribute(office.quillon.account, 100)
    office.short_of(300)
    assert matching.keep(actor=office.tove, promise=promise) == 0
    books.post(Line(office.common.account, reserve.shortfall_account("USD"), 300, "repayment"))
    assert matching.keep(actor=office.tove, promise=promise) == 1
    assert promise.matches.get().line == gift


def test_the_match_of_a_gift_to_the_host_repays_it_first(office: Office) -> None:
    promise = office.agree(matching.ask(actor=office.tove, fund=office.common, taker=office.host, cap=usd(400), reason="Doubled."))
    gift = books.contribute(office.host.account, 100)
    office.short_of(60)
    assert matching.keep(actor=office.tove, promise=promise) == 1
    assert (reserve.shortfall("USD"), has(office.host)) == (usd(0), 140)
    books.refund(gift, 60, 90)
    assert matching.keep(actor=office.tove, promise=promise) == 1
    assert (matching.left(promise), has(office.host)) == (usd(330), 80)
