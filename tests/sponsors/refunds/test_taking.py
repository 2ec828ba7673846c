"""Refunds and disputes in the books, by hand: each trap that broke an earlier rule, and each entry as an accountant reads it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction

from funding.funds import provenance, reserve, whereabouts
from funding.funds import services as funds
from funding.funds.models import Carried
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry, Transfer
from funding.ledger.services import Line
from funding.money import Money
from sponsors.refunds import taking
from sponsors.refunds.models import Taking
from sponsors.refunds.taking import Fact
from tests.funding import builders as people
from tests.funding.ledger import books
from tests.sponsors.builders import entry_lines

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 2)


@pytest.fixture(autouse=True)
def _host(db: Any) -> None:
    people.host()
    books.fund("quillon")


def contribute(net: int = 9_180, host_fee: int = 500, fee: int = 320, to: str = "quillon") -> Entry:
    c = books.clearing()
    wanted = [
        Line(books.cash(), c, net + host_fee + fee, "contribution"),
        Line(c, books.cash(), fee, "processor_fee"),
        Line(c, funds.host_fund("USD").account, host_fee, "host_fee"),
        Line(c, books.fund(to), net, "allocation"),
    ]
    return books.post(*[line for line in wanted if line.amount], kind="contribution")


def allocation(entry: Entry) -> Transfer:
    return entry.transfers.select_related("credit_account", "debit_account").get(kind="allocation")


def holding(name: str = "refunds") -> Account:
    return books.account(f"owed:{name}:USD", "owed")


def disputed_cash() -> Account:
    return books.account("cash:disputed:USD", "cash")


def fact(kind: str, reference: str = "R-1") -> Fact:
    return Fact(kind, "test-refund", f"{reference}:{kind}", DAY, ("refund", 1))


def take(entry: Entry, amount: int, reference: str = "R-1") -> Taking:
    return taking.take(contribution=entry, amount=amount, holding=holding(), fact=fact("refund_owed", reference))[0]


def dispute(entry: Entry, amount: int, fee: int = 1_500, reference: str = "D-1") -> Taking:
    extra = [Line(disputed_cash(), books.cash(), amount, "disputed")]
    done = fact("dispute_opened", reference)
    return taking.take(
        contribution=entry, amount=amount, holding=holding("disputes"), fact=done, extra=extra, fee=fee, fee_to=books.cash()
    )[0]


def won(made: Taking, reference: str = "D-1") -> Entry:
    back = [Line(books.cash(), disputed_cash(), made.amount, "reinstated")]
    return taking.give_back(taking=made, fact=fact("dispute_won", reference), extra=back)


def set_aside(amount: int) -> None:
    """Money for the reserve, from contributions whose host share nobody spent."""
    contribute(1, amount, 0, to="elsewhere")
    books.post(Line(funds.host_fund("USD").account, reserve.reserve_fund("USD").account, amount, "to_reserve"))


def lines(entry: Entry) -> list[tuple[str, str, str, int]]:
    return entry_lines(entry)


def balance(code: str) -> int:
    account = books.account(code, "fund" if code.startswith("fund") else "owed" if code.startswith("owed") else "shortfall")
    return (account.credits - account.debits) * (-1 if account.klass == "shortfall" else 1)


def sound() -> None:
    assert [problem for result in checks.run() for problem in result.problems] == []


def test_a_whole_refund_of_unspent_money(db: None) -> None:
    entry = contribute()
    contribute(to="elsewhere")
    made = take(entry, 10_000)

    assert lines(made.entry) == [
        ("given_back", "fund:quillon", "owed:refunds:USD", 9_180),
        ("given_back", "fund:host-usd:USD", "owed:refunds:USD", 500),
        ("lost_fee", "fund:host-usd:USD", "owed:refunds:USD", 320),
    ]
    paid = taking.pay(taking=made, cash=books.cash(), fact=fact("refund_paid"))
    assert {(debit, credit) for _, debit, credit, _ in lines(paid)} == {("owed:refunds:USD", "cash:stripe:USD")}
    assert (balance("owed:refunds:USD"), balance("fund:quillon"), taking.left(entry)) == (0, 0, 0)
    sound()


def test_parts_of_a_refund_add_up_to_the_payment(db: None) -> None:
    entry = contribute()
    contribute(to="elsewhere")
    for number, amount in enumerate((3_333, 3_333, 3_334)):
        take(entry, amount, f"R-{number}")
    assert taking.left(entry) == 0
    assert [share.left for share in taking.shares(entry)] == [0, 0, 0]
    sound()


def test_a_refund_never_touches_what_other_sponsors_gave(db: None) -> None:
    first, second = contribute(), contribute()
    take(first, 10_000)
    spent = books.pay_out(books.fund("quillon"), 5_000)
    assert [(share.transfer.entry_id, share.amount) for share in provenance.origins([spent.pk])[spent.pk]] == [(second.pk, 5_000)]


def test_money_that_was_moved_to_another_fund_is_given_back_from_there(db: None) -> None:
    entry = contribute(100, 0, 0)
    move = books.post(Line(books.fund("quillon"), books.fund("moss"), 60, "move")).transfers.get()
    made = take(entry, 80)
    assert lines(made.entry) == [
        ("given_back", "fund:quillon", "owed:refunds:USD", 40),
        ("given_back", "fund:moss", "owed:refunds:USD", 40),
    ]
    assert whereabouts.of(allocation(entry)).left == 20
    assert move.amount == 60
    sound()


def test_trap_1_a_cancelled_payout_of_carried_money_is_nobodys(db: None) -> None:
    """Refunded and carried, then the old payout is cancelled: it must not become the refunded sponsor's money again."""
    entry = contribute(100, 0, 0)
    item = books.pay_out(books.fund("quillon"), 60)
    contribute(500, 0, 0)
    take(entry, 100)
    books.post(Line(books.payouts(), books.fund("quillon"), 60, "debt_cancelled", settles=item.pk))

    assert whereabouts.of(allocation(entry)).unspent == []
    books.pay_out(books.fund("quillon"), 440)
    later = books.pay_out(books.fund("quillon"), 60)
    assert [(share.recovered, share.amount) for share in provenance.origins([later.pk])[later.pk]] == [(True, 60)]
    assert [share.transfer.entry_id for share in provenance.origins([item.pk])[item.pk]] == [entry.pk]
    sound()


def test_trap_1_without_a_carry_cancelled_money_is_the_sponsors_again_and_can_be_refunded(db: None) -> None:
    entry = contribute(100, 0, 0)
    item = books.pay_out(books.fund("quillon"), 60)
    books.post(Line(books.payouts(), books.fund("quillon"), 60, "debt_cancelled", settles=item.pk))
    made = take(entry, 100)
    assert {kind for kind, *_ in lines(made.entry)} == {"given_back"}
    sound()


def test_trap_1_a_second_refund_finds_no_more_than_its_part(db: None) -> None:
    """40 unspent and 10 carried go back; 60 return to the fund: the second refund may pin 50 of them and no more."""
    entry = contribute(100, 0, 0)
    item = books.pay_out(books.fund("quillon"), 60)
    contribute(500, 0, 0)
    take(entry, 50)
    books.post(Line(books.payouts(), books.fund("quillon"), 60, "debt_cancelled", settles=item.pk))
    assert whereabouts.of(allocation(entry)).left == 50
    second = take(entry, 50, "R-2")
    assert {kind for kind, *_ in lines(second.entry)} == {"given_back"}
    assert whereabouts.of(allocation(entry)).left == 0
    sound()


def test_trap_2_a_dispute_won_does_not_claim_what_came_back_meanwhile(db: None) -> None:
    """Carried, the payout cancelled, the dispute won: the carriers get theirs back once, and what came back stays nobody's."""
    entry = contribute(100, 0, 0)
    item = books.pay_out(books.fund("quillon"), 60)
    other = contribute(500, 0, 0)
    made = dispute(entry, 100, fee=0)
    books.post(Line(books.payouts(), books.fund("quillon"), 60, "debt_cancelled", settles=item.pk))
    won(made)

    assert balance("fund:quillon") == 600
    assert whereabouts.of(allocation(entry)).left == 40
    assert whereabouts.of(allocation(other)).left == 500
    sound()


def test_trap_3_the_reserves_own_slice_goes_back_before_the_reserve_covers(db: None) -> None:
    """The sponsor's host share was moved to the reserve, and their fund is reserved: cover must not consume that share."""
    entry = contribute(100, 50, 0)
    host = funds.host_fund("USD").account
    books.post(Line(host, reserve.reserve_fund("USD").account, 50, "to_reserve"))
    contribute(1, 200, 0, to="elsewhere")
    books.post(Line(host, reserve.reserve_fund("USD").account, 200, "to_reserve"))
    books.reserve(books.fund("quillon"), 100)
    made = take(entry, 150)
    assert lines(made.entry) == [
        ("given_back", "fund:reserve-usd:USD", "owed:refunds:USD", 50),
        ("cover", "fund:reserve-usd:USD", "fund:quillon", 100),
        ("given_back", "fund:quillon", "owed:refunds:USD", 100),
    ]
    share = entry.transfers.select_related("credit_account", "debit_account").get(kind="host_fee")
    assert whereabouts.of(share).given_back == [(0, 50)]
    sound()


def test_trap_4_a_refusal_leaves_nothing_behind(db: None) -> None:
    entry = contribute(100, 0, 0)
    before = (Entry.objects.count(), Transfer.objects.count(), Taking.objects.count())
    with pytest.raises(RuntimeError), transaction.atomic():
        take(entry, 100)
        raise RuntimeError("the caller refuses it")
    assert (Entry.objects.count(), Transfer.objects.count(), Taking.objects.count()) == before
    assert taking.left(entry) == 100
    sound()


def test_a_dispute_takes_what_is_reserved_and_the_reservation_stays(db: None) -> None:
    entry = contribute(100, 0, 0)
    held = books.reserve(books.fund("quillon"), 100)
    made = dispute(entry, 100, fee=15)
    assert lines(made.entry) == [
        ("cover", "shortfall:USD", "fund:quillon", 100),
        ("given_back", "fund:quillon", "owed:disputes:USD", 100),
        ("lost_fee", "shortfall:USD", "cash:stripe:USD", 15),
        ("disputed", "cash:disputed:USD", "cash:stripe:USD", 100),
    ]
    assert (books.fresh(books.fund("quillon")).reserved, reserve.shortfall("USD")) == (100, Money(115, "USD"))
    drawn = books.pay_out(books.fund("quillon"), 100, reservation=held)
    assert [share.transfer.kind for share in provenance.origins([drawn.pk])[drawn.pk]] == ["cover"]
    sound()


def test_a_dispute_won_puts_everything_back_where_it_came_from(db: None) -> None:
    set_aside(70)
    entry = contribute(100, 0, 0)
    books.reserve(books.fund("quillon"), 90)
    made = dispute(entry, 100, fee=0)
    assert (balance("fund:reserve-usd:USD"), reserve.shortfall("USD").amount) == (0, 20)
    won(made)
    assert (balance("fund:reserve-usd:USD"), reserve.shortfall("USD").amount, balance("owed:disputes:USD")) == (70, 0, 0)
    assert whereabouts.of(allocation(entry)).left == 100
    sound()


def test_a_cover_that_was_spent_is_paid_back_with_the_funds_oldest_money(db: None) -> None:
    set_aside(100)
    entry = contribute(100, 0, 0)
    held = books.reserve(books.fund("quillon"), 100)
    made = dispute(entry, 100, fee=0)
    books.pay_out(books.fund("quillon"), 100, reservation=held)
    won(made)
    assert (balance("fund:reserve-usd:USD"), balance("fund:quillon")) == (100, 0)
    sound()


def test_what_the_host_repaid_meanwhile_goes_to_its_general_fund(db: None) -> None:
    entry = contribute(100, 0, 0)
    books.pay_out(books.fund("quillon"), 100)
    made = dispute(entry, 100, fee=0)
    assert reserve.shortfall("USD").amount == 100
    contribute(1, 80, 0, to="elsewhere")
    reserve.repay(up_to=Money(80, "USD"), reference="PAY-2", effective_on=DAY)
    assert reserve.shortfall("USD").amount == 20
    won(made)
    assert (reserve.shortfall("USD").amount, balance("fund:host-usd:USD")) == (0, 80)
    sound()


def test_a_dispute_lost_settles_from_the_disputed_cash(db: None) -> None:
    entry = contribute()
    contribute(to="elsewhere")
    made = dispute(entry, 10_000, fee=0)
    taking.pay(taking=made, cash=disputed_cash(), fact=fact("dispute_lost"))
    assert balance("owed:disputes:USD") == 0
    assert taking.left(entry) == 0
    sound()


def test_a_refund_that_fails_after_it_left_is_mirrored_back(db: None) -> None:
    entry = contribute()
    contribute(to="elsewhere")
    made = take(entry, 10_000)
    taking.pay(taking=made, cash=books.cash(), fact=fact("refund_paid"))
    taking.bring_back(taking=made, cash=books.cash(), fact=fact("refund_returned"))
    taking.give_back(taking=made, fact=fact("refund_given_back"))
    assert (taking.left(entry), whereabouts.of(allocation(entry)).left) == (10_000, 9_180)
    again = take(entry, 10_000, "R-2")
    assert {kind for kind, *_ in lines(again.entry)} == {"given_back", "lost_fee"}
    sound()


def test_a_bank_that_takes_more_than_is_left_takes_it_from_the_host(db: None) -> None:
    entry = contribute(100, 0, 0)
    contribute(1, 500, 0, to="elsewhere")
    take(entry, 60)
    made = dispute(entry, 100, fee=0)
    assert made.excess == 60
    assert ("lost_fee", "fund:host-usd:USD", "owed:disputes:USD", 60) in lines(made.entry)
    sound()


def test_the_books_are_held_still_until_the_transaction_ends(db: None) -> None:
    assert connection.in_atomic_block
    assert ledger.hold(currency="USD") >= 1


def test_a_second_payment_of_one_invoice_goes_back_from_what_is_owed_and_again_after_it_failed(db: None) -> None:
    contribute()
    c, owed = books.clearing(), books.account("owed:unidentified:USD", "owed")
    surplus = books.post(
        Line(books.cash(), c, 10_000, "surplus"),
        Line(c, books.cash(), 320, "processor_fee"),
        Line(c, owed, 9_680, "owed_back"),
        kind="surplus",
    )
    first = take(surplus, 4_000)
    assert lines(first.entry) == [
        ("given_back", "owed:unidentified:USD", "owed:refunds:USD", 3_872),
        ("lost_fee", "fund:host-usd:USD", "owed:refunds:USD", 128),
    ]
    taking.give_back(taking=first, fact=fact("refund_restored"))
    assert (balance("owed:unidentified:USD"), taking.left(surplus)) == (9_680, 10_000)
    sound()
    second = take(surplus, 10_000, "R-2")
    taking.pay(taking=second, cash=books.cash(), fact=fact("refund_paid", "R-2"))
    assert (balance("owed:unidentified:USD"), balance("owed:refunds:USD"), taking.left(surplus)) == (0, 0, 0)
    sound()


# What verify_books finds


def test_verify_books_finds_a_taking_that_is_not_its_entry(db: None) -> None:
    made = take(contribute(), 10_000)
    Taking.objects.filter(pk=made.pk).update(amount=9_999)
    assert any("Taking" in problem for result in checks.run("I3") for problem in result.problems)


def test_verify_books_finds_more_taken_than_was_brought(db: None) -> None:
    entry = contribute()
    first = take(entry, 10_000)
    second = take(contribute(), 10_000, "R-2")
    Taking.objects.filter(pk=second.pk).update(contribution=entry)
    assert first.contribution_id == entry.pk
    assert any("which brought" in problem for result in checks.run("I3") for problem in result.problems)


def test_verify_books_finds_an_item_that_nobody_knows(db: None) -> None:
    books.post(Line(books.cash(), holding(), 100, "stray"))
    assert any("has $1.00 open" in problem for result in checks.run("I3") for problem in result.problems)


def test_verify_books_finds_a_carry_that_was_not_kept(db: None) -> None:
    entry = contribute(100, 0, 0)
    books.pay_out(books.fund("quillon"), 60)
    contribute(500, 0, 0)
    made = take(entry, 100)
    Carried.objects.filter(by__entry=made.entry).update(end=59)
    assert any("carried 60" in problem for result in checks.run("I6") for problem in result.problems)
