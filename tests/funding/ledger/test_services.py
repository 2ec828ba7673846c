"""The money stories that the books must tell, with the sums an accountant would check, and what they refuse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from funding import clock
from funding.ledger import checks, errors, links, selectors
from funding.ledger import services as ledger
from funding.ledger.models import Account, BookDay, Entry, ReservationMove, Transfer
from funding.ledger.services import Line
from tests.funding.ledger import books

pytestmark = pytest.mark.django_db


def held(*accounts: Account) -> list[str]:
    found = selectors.balances(accounts)
    return [found[account.pk].amount.figures for account in accounts]


def hold(*codes: str) -> None:
    assert [(result.code, result.problems) for result in checks.run(*codes) if result.problems] == []


# Stories


def test_a_contribution_reaches_the_fund_net_of_both_fees() -> None:
    stripe, through, host, fund = books.cash(), books.clearing(), books.fund("host"), books.fund()
    entry = books.post(
        Line(stripe, through, 100_00, "contribution"),
        Line(through, stripe, 3_20, "processor_fee"),
        Line(through, host, 5_00, "host_fee"),
        Line(through, fund, 91_80, "allocation"),
    )
    assert held(stripe, through, host, fund) == ["96.80", "0.00", "5.00", "91.80"]
    assert list(entry.transfers.values_list("line", "kind", "amount")) == [
        (1, "contribution", 100_00),
        (2, "processor_fee", 3_20),
        (3, "host_fee", 5_00),
        (4, "allocation", 91_80),
    ]
    hold()


def test_a_payout_is_owed_then_paid_then_returned_then_paid_again() -> None:
    fund, owed, stripe = books.fund(), books.payouts(), books.cash()
    gift = books.contribute(fund, 500_00)
    item = books.pay_out(fund, 459_00)
    assert held(fund, owed, stripe) == ["41.00", "459.00", "500.00"]
    paid = books.confirm(item)
    assert held(fund, owed, stripe) == ["41.00", "0.00", "41.00"]

    again = books.post(Line(stripe, owed, 459_00, "payout_returned", source=paid.pk)).transfers.get()
    assert held(fund, owed, stripe) == ["41.00", "459.00", "500.00"]
    books.confirm(again)
    assert held(fund, owed, stripe) == ["41.00", "0.00", "41.00"]
    assert [(link.inflow_id, link.amount) for link in links.sources_of([item.pk])] == [(gift.pk, 459_00)]
    hold()


def test_a_cancelled_debt_re_enters_the_fund_and_says_which_payout_it_comes_from() -> None:
    fund, owed, stripe = books.fund(), books.payouts(), books.cash()
    books.contribute(fund, 100_00)
    item = books.pay_out(fund, 60_00)
    books.confirm(item, 20_00)
    paid = books.confirm(item, 10_00)
    returned = books.post(Line(stripe, owed, 10_00, "payout_returned", source=paid.pk)).transfers.get()
    from_return = books.post(Line(owed, fund, 10_00, "payout_cancelled", settles=returned.pk)).transfers.get()
    rest = books.post(Line(owed, fund, 30_00, "payout_cancelled", settles=item.pk)).transfers.get()

    assert held(fund, owed) == ["80.00", "0.00"]
    assert (rest.source_transfer_id, rest.source_position) == (item.pk, 30_00)
    origin = links.returned_from([rest.pk, from_return.pk, item.pk])
    assert origin == {
        rest.pk: links.Slice(item.pk, 30_00, 60_00),
        from_return.pk: links.Slice(item.pk, 20_00, 30_00),
    }
    hold()


def test_work_is_paid_by_the_oldest_money_first() -> None:
    fund = books.fund()
    first, second, third = (books.contribute(fund, amount) for amount in (100_00, 50_00, 70_00))
    day, week = books.pay_out(fund, 120_00), books.pay_out(fund, 60_00)
    found = links.sources_of([day.pk, week.pk])
    assert [(link.outflow_id, link.inflow_id, link.amount) for link in found] == [
        (day.pk, first.pk, 100_00),
        (day.pk, second.pk, 20_00),
        (week.pk, second.pk, 30_00),
        (week.pk, third.pk, 30_00),
    ]
    assert [(link.outflow_id, link.amount) for link in links.uses_of([second.pk])] == [(day.pk, 20_00), (week.pk, 30_00)]
    assert links.unspent(third) == [(180_00, 220_00)]


def test_a_refund_gives_back_its_own_money_and_later_work_jumps_over_it() -> None:
    fund = books.fund()
    first, second = books.contribute(fund, 100_00), books.contribute(fund, 100_00)
    books.refund(first, 40_00, 100_00)
    payout = books.pay_out(fund, 90_00)
    assert [(link.inflow_id, link.amount) for link in links.sources_of([payout.pk])] == [(first.pk, 40_00), (second.pk, 50_00)]
    assert (payout.spend_from, payout.spend_to, payout.pinned) == (0, 150_00, False)
    assert links.unspent(first) == []
    hold()


def test_a_payout_jumps_what_the_same_entry_gave_back() -> None:
    fund, other = books.fund(), books.fund("other")
    first, second = books.contribute(fund, 100_00), books.contribute(fund, 100_00)
    entry = books.post(
        Line(fund, other, 30_00, "recall", pin=(10_00, 40_00)),
        Line(fund, books.payouts(), 60_00, "payout"),
        Line(fund, other, 20_00, "recall", pin=(150_00, 170_00)),
        Line(fund, books.payouts(), 70_00, "payout"),
    )
    payout, last = entry.transfers.filter(kind="payout")
    found = links.sources_of([payout.pk, last.pk])
    assert [(link.outflow_id, link.inflow_id, link.start, link.end) for link in found] == [
        (payout.pk, first.pk, 0, 10_00),
        (payout.pk, first.pk, 40_00, 90_00),
        (last.pk, first.pk, 90_00, 100_00),
        (last.pk, second.pk, 100_00, 150_00),
        (last.pk, second.pk, 170_00, 180_00),
    ]
    hold()


def test_a_refund_reads_the_same_long_after_it() -> None:
    fund = books.fund()
    first, second = books.contribute(fund, 100_00), books.contribute(fund, 100_00)
    before = books.pay_out(fund, 30_00)
    told = links.sources_of([before.pk])
    refunded = books.refund(first, 30_00, 100_00)
    for _ in range(3):
        books.pay_out(fund, 20_00)
    assert links.sources_of([before.pk]) == told
    assert [(link.inflow_id, link.start, link.end) for link in links.sources_of([refunded.pk])] == [(first.pk, 30_00, 100_00)]
    assert links.unspent(second) == [(160_00, 200_00)]


def test_money_promised_cannot_be_spent_by_others() -> None:
    fund = books.fund()
    books.contribute(fund, 1_000_00)
    promise = books.reserve(fund, 900_00)
    with pytest.raises(errors.Overdrawn) as refusal:
        books.pay_out(fund, 150_00)
    assert (refusal.value.missing, refusal.value.account_code) == (50_00, fund.code)

    books.pay_out(fund, 459_00, promise)
    promise.refresh_from_db()
    assert (promise.open, books.fresh(fund).available.figures) == (441_00, "100.00")
    ledger.increase(reservation=promise, amount=50_00, key="more", at=books.AT)
    promise = ledger.release(reservation=promise, amount=200_00, key="less", at=books.AT)
    assert (promise.open, books.fresh(fund).available.figures) == (291_00, "250.00")
    assert list(ReservationMove.objects.values_list("kind", "amount", "reserved_before")) == [
        ("reserve", 900_00, 0),
        ("draw", 459_00, 900_00),
        ("increase", 50_00, 441_00),
        ("release", 200_00, 491_00),
    ]
    hold()


def test_promises_are_made_once_for_a_key() -> None:
    fund = books.fund()
    books.contribute(fund, 100_00)
    promise = books.reserve(fund, 60_00, key="proposal:1")
    assert books.reserve(fund, 60_00, key="proposal:1") == promise
    for _ in range(2):
        ledger.release(reservation=promise, amount=10_00, key="end", at=books.AT)
    assert books.fresh(fund).available.figures == "50.00"
    with pytest.raises(errors.ReferenceReused):
        books.reserve(fund, 61_00, key="proposal:1")
    with pytest.raises(errors.ReferenceReused):
        ledger.release(reservation=promise, amount=11_00, key="end", at=books.AT)


def test_a_fact_posts_once() -> None:
    fund = books.fund()
    first = books.contribute(fund, 10_00, reference="payment-1")
    assert books.contribute(fund, 10_00, reference="payment-1") == first
    with pytest.raises(errors.ReferenceReused):
        books.contribute(fund, 10_01, reference="payment-1")
    assert held(fund) == ["10.00"]
    assert Entry.objects.count() == 1


def test_a_correction_mirrors_the_entry_and_posts_the_next_revision() -> None:
    wrong, right = books.fund("wrong"), books.fund("right")
    stripe, through = books.cash(), books.clearing()

    def gift(to: Account, revision: int) -> Entry:
        lines = (Line(stripe, through, 50_00, "contribution"), Line(through, to, 50_00, "allocation"))
        return books.post(*lines, reference="payment-7", revision=revision)

    first = gift(wrong, 1)
    with pytest.raises(errors.RevisionRefused):
        gift(right, 2)
    mirror = ledger.reverse(entry=first, at=books.AT, effective_on=books.DAY)
    assert mirror == ledger.reverse(entry=first, at=books.AT, effective_on=books.DAY)
    gift(right, 2)
    assert held(wrong, right, stripe) == ["0.00", "50.00", "50.00"]
    with pytest.raises(errors.RevisionRefused):
        ledger.reverse(entry=mirror, at=books.AT, effective_on=books.DAY)
    hold()


def test_an_entry_whose_money_is_spent_is_not_reversed() -> None:
    fund = books.fund()
    gift = books.contribute(fund, 50_00)
    books.contribute(fund, 50_00)
    books.pay_out(fund, 10_00)
    with pytest.raises(errors.PinRefused):
        ledger.reverse(entry=gift.entry, at=books.AT, effective_on=books.DAY)
    assert held(fund) == ["90.00"]


def test_a_reversed_payout_returns_to_the_fund_from_where_it_went() -> None:
    fund, owed = books.fund(), books.payouts()
    books.contribute(fund, 50_00)
    item = books.pay_out(fund, 20_00)
    back = ledger.reverse(entry=item.entry, at=books.AT, effective_on=books.DAY).transfers.get()
    assert held(fund, owed) == ["50.00", "0.00"]
    assert links.returned_from([back.pk]) == {back.pk: links.Slice(item.pk, 0, 20_00)}
    hold()


def test_what_no_fund_can_bear_stands_in_shortfall_and_is_repaid() -> None:
    fund, red = books.fund(), books.shortfall()
    books.post(Line(red, books.cash(), 15_00, "dispute_fee"))
    books.contribute(fund, 20_00)
    books.post(Line(fund, red, 10_00, "shortfall_repaid"))
    assert held(red, books.cash(), fund) == ["5.00", "5.00", "10.00"]
    with pytest.raises(errors.Overdrawn) as refusal:
        books.post(Line(fund, red, 6_00, "shortfall_repaid"))
    assert refusal.value.missing == 1_00
    hold()


def test_days_of_the_books_follow_one_another_without_a_gap() -> None:
    fund = books.fund()
    BookDay.objects.get()
    start = BookDay.objects.get().day
    assert ledger.advance_book_day(start).day == start
    with clock.at(dt.datetime.combine(start, dt.time(), dt.UTC) + dt.timedelta(days=3)):
        assert ledger.advance_book_day(clock.today()).day == start + dt.timedelta(days=3)
    assert [(day.day - start).days for day in BookDay.objects.all() if day.closed_at] == [0, 1, 2]
    gift = books.contribute(fund, 1_00)
    assert gift.entry.book_day_id == start + dt.timedelta(days=3)
    assert gift.entry.effective_on == books.DAY
    assert ledger.advance_book_day(start).day == start + dt.timedelta(days=3)
    with pytest.raises(errors.LedgerError):
        ledger.advance_book_day(start + dt.timedelta(days=9_000))


# Refusals


def test_an_account_is_opened_once() -> None:
    assert books.fund() == books.fund()
    with pytest.raises(errors.ReferenceReused):
        ledger.open_account(code="fund:quillon", klass="owed", currency="USD")
    with pytest.raises(errors.UnknownAccount):
        ledger.account("fund:nobody")


def _pin(fund: Account, start: int, end: int) -> Line:
    return Line(fund, books.fund("other"), end - start, "recall", pin=(start, end))


def _foreign_promise(fund: Account, gift: Transfer, item: Transfer) -> list[Line]:
    other = books.fund("other")
    books.contribute(other, 50)
    return [Line(fund, books.payouts(), 10, "payout", reservation=books.reserve(other, 20))]


Lines = Callable[[Account, Transfer, Transfer], list[Line]]
REFUSED: dict[str, tuple[type[errors.LedgerError], Lines]] = {
    "no line": (errors.BadLine, lambda fund, gift, item: []),
    "nothing moved": (errors.BadLine, lambda fund, gift, item: [Line(books.cash(), books.clearing(), 0, "x")]),
    "a negative amount": (errors.BadLine, lambda fund, gift, item: [Line(books.cash(), books.clearing(), -1, "x")]),
    "an account to itself": (errors.BadLine, lambda fund, gift, item: [Line(fund, fund, 1, "x")]),
    "two currencies": (errors.WrongCurrency, lambda fund, gift, item: [Line(books.cash("EUR"), fund, 1, "x")]),
    "clearing left over": (errors.Unbalanced, lambda fund, gift, item: [Line(books.cash(), books.clearing(), 1, "x")]),
    "an overdrawn fund": (errors.Overdrawn, lambda fund, gift, item: [Line(fund, books.payouts(), 81, "x")]),
    "a prefix that overdraws": (
        errors.Overdrawn,
        lambda fund, gift, item: [Line(fund, books.payouts(), 81, "x"), Line(books.cash(), fund, 100, "x")],
    ),
    "owed without an item": (errors.BadLine, lambda fund, gift, item: [Line(books.payouts(), books.cash(), 1, "x")]),
    "more than the item": (errors.ItemExceeded, lambda fund, gift, item: [Line(books.payouts(), books.cash(), 21, "x", settles=item.pk)]),
    "an item twice in one entry": (
        errors.ItemExceeded,
        lambda fund, gift, item: [Line(books.payouts(), books.cash(), 11, "x", settles=item.pk)] * 2,
    ),
    "an item that is no item": (errors.BadLine, lambda fund, gift, item: [Line(books.payouts(), books.cash(), 1, "x", settles=gift.pk)]),
    "an item of nobody": (errors.BadLine, lambda fund, gift, item: [Line(books.payouts(), books.cash(), 1, "x", settles=999_999)]),
    "settling from a fund": (errors.BadLine, lambda fund, gift, item: [Line(fund, books.cash(), 1, "x", settles=item.pk)]),
    "a source that is not the item": (
        errors.BadLine,
        lambda fund, gift, item: [Line(books.payouts(), fund, 1, "x", settles=item.pk, source=gift.pk)],
    ),
    "a source that is not there": (errors.BadLine, lambda fund, gift, item: [Line(books.cash(), fund, 1, "x", source=999_999)]),
    "more than the source": (errors.ItemExceeded, lambda fund, gift, item: [Line(books.cash(), fund, 21, "x", source=item.pk)]),
    "beyond the source": (
        errors.ItemExceeded,
        lambda fund, gift, item: [Line(books.cash(), fund, 1, "x", source=item.pk, source_position=20)],
    ),
    "a return that overlaps another": (
        errors.ItemExceeded,
        lambda fund, gift, item: [
            Line(books.cash(), fund, 10, "x", source=item.pk),
            Line(books.cash(), fund, 10, "x", source=item.pk, source_position=9),
        ],
    ),
    "a return into cash": (errors.BadLine, lambda fund, gift, item: [Line(fund, books.cash(), 1, "x", source=item.pk)]),
    "a promise of another fund": (errors.BadLine, _foreign_promise),
    "more than the promise": (
        errors.NotReserved,
        lambda fund, gift, item: [Line(fund, books.payouts(), 31, "x", reservation=books.reserve(fund, 30))],
    ),
    "the promise twice in one entry": (
        errors.NotReserved,
        lambda fund, gift, item: [Line(fund, books.payouts(), 16, "x", reservation=books.reserve(fund, 30, key="twice"))] * 2,
    ),
    "giving back what is spent": (errors.PinRefused, lambda fund, gift, item: [_pin(fund, 19, 30)]),
    "giving back across two gifts": (errors.PinRefused, lambda fund, gift, item: [_pin(fund, 49, 51)]),
    "giving back what is not there": (errors.PinRefused, lambda fund, gift, item: [_pin(fund, 99, 101)]),
    "giving back twice in one entry": (errors.PinRefused, lambda fund, gift, item: [_pin(fund, 30, 40), _pin(fund, 39, 45)]),
    "giving back another sum than the stretch": (
        errors.PinRefused,
        lambda fund, gift, item: [Line(fund, books.cash(), 5, "x", pin=(30, 40))],
    ),
    "giving back from cash": (errors.BadLine, lambda fund, gift, item: [Line(books.cash(), fund, 10, "x", pin=(30, 40))]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_books_refuse_and_write_nothing(case: str) -> None:
    """The fund holds gifts of 50 and 50, of which 20 are owed to a payee."""
    expected, lines = REFUSED[case]
    fund = books.fund()
    gift = books.contribute(fund, 50)
    books.contribute(fund, 50)
    item = books.pay_out(fund, 20)
    wanted = lines(fund, gift, item)
    before = (Entry.objects.count(), Transfer.objects.count(), books.fresh(fund).debits)
    with pytest.raises(errors.LedgerError) as refusal:
        books.post(*wanted)
    assert type(refusal.value) is expected
    assert (Entry.objects.count(), Transfer.objects.count(), books.fresh(fund).debits) == before
    hold("I1", "I2", "I6", "I7")


@pytest.mark.parametrize("amount", [1.0, True, "1"])
def test_only_whole_numbers_of_minor_units_reach_the_books(amount: Any) -> None:
    with pytest.raises(TypeError):
        books.contribute(books.fund(), amount)


def test_an_instant_has_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        ledger.reserve(account=books.fund(), amount=1, holder=("proposal", 1), key="k", at=dt.datetime(2026, 3, 2))


def test_a_refusal_leaves_the_callers_transaction_usable() -> None:
    fund = books.fund()
    with pytest.raises(errors.Overdrawn):
        books.pay_out(fund, 1)
    assert books.contribute(fund, 1).amount == 1
