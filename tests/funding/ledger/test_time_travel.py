"""What accounts held in the past, against the sums of what had been recorded by then; and periods that are over."""

from __future__ import annotations

import datetime as dt
import io
import random

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Sum

from funding.audit.models import Record
from funding.ledger import calling, checks, errors, selectors, services
from funding.ledger.models import Account, BookDay, Transfer
from funding.ledger.services import Line
from tests.funding.ledger import books

pytestmark = pytest.mark.django_db


def minute(number: int) -> dt.datetime:
    return books.AT + dt.timedelta(minutes=number)


def summed(account: Account, at: dt.datetime) -> tuple[int, int]:
    """Debits and credits the slow way."""
    rows = Transfer.objects.filter(entry__recorded_at__lte=at)
    return tuple(rows.filter(**{side: account}).aggregate(sum=Sum("amount"))["sum"] or 0 for side in ("debit_account", "credit_account"))  # type: ignore[return-value]


def test_every_past_minute_is_what_had_been_recorded_by_then() -> None:
    dice = random.Random(20260302)
    fund, other, owed, cash = books.fund(), books.fund("other"), books.payouts(), books.cash()
    promise = None
    for number in range(1, 60):
        lines = [Line(cash, fund, dice.randint(1, 90), "gift"), Line(cash, other, 5, "gift")]
        if number % 3 == 0:
            lines.append(Line(fund, owed, dice.randint(1, 20), "payout"))
        services.post(kind="test", source="test", reference=f"m{number}", lines=lines, at=minute(number), effective_on=books.DAY)
        if number == 20:
            promise = services.reserve(account=fund, amount=30, holder=("proposal", 1), key="p", at=minute(number))
    assert promise is not None
    services.release(reservation=promise, amount=12, key="less", at=minute(60))
    accounts = [fund, other, owed, cash]
    for number in range(-1, 62):
        at = minute(number) + dt.timedelta(seconds=30)
        found = selectors.balances_at(accounts, at)
        assert [(found[a.pk].debits, found[a.pk].credits) for a in accounts] == [summed(a, at) for a in accounts], number
        assert found[fund.pk].reserved == (0 if number < 20 else 30 if number < 60 else 18)
    assert selectors.balances_at(accounts, minute(999)) == selectors.balances(accounts)


def test_a_statement_opens_and_closes_with_what_was_there() -> None:
    fund = books.fund()
    for number, amount in enumerate((100, 20, 3), start=1):
        services.post(
            kind="test", source="test", reference=f"g{number}", lines=[Line(books.cash(), fund, amount, "gift")],
            at=minute(number), effective_on=books.DAY,
        )  # fmt: skip
    told = selectors.statement(fund, since=minute(1), until=minute(2))
    assert [str(money.amount) for money in (told.opening.amount, told.came, told.left, told.closing.amount)] == ["100", "20", "0", "120"]


def test_after_a_period_is_closed_facts_are_dated_after_it_and_repeats_still_match() -> None:
    fund = books.fund()
    books.contribute(fund, 100, reference="early")
    services.advance_book_day(books.DAY + dt.timedelta(days=10))
    last = books.DAY + dt.timedelta(days=5)
    assert services.close_period(actor=None, through=last) == last
    assert services.close_period(actor=None, through=books.DAY) == last  # never back
    late = books.post(Line(books.cash(), fund, 7, "gift"), reference="late")
    assert (late.effective_on, late.stated_on) == (last + dt.timedelta(days=1), books.DAY)
    assert books.post(Line(books.cash(), fund, 7, "gift"), reference="late") == late
    with pytest.raises(errors.ReferenceReused):
        books.post(Line(books.cash(), fund, 8, "gift"), reference="late")
    today = services.post(
        kind="test", source="test", reference="today", lines=[Line(books.cash(), fund, 1, "gift")], at=books.AT,
        effective_on=last + dt.timedelta(days=2),
    )  # fmt: skip
    assert (today.effective_on, today.stated_on) == (last + dt.timedelta(days=2), None)
    services.advance_book_day(books.DAY + dt.timedelta(days=11))
    assert BookDay.objects.get(closed_at=None).closed_through == last
    assert [problem for result in checks.run() for problem in result.problems] == []


def test_a_correction_of_a_closed_period_is_dated_in_the_open_one() -> None:
    fund = books.fund()
    wrong = books.contribute(fund, 100, reference="gift").entry
    services.advance_book_day(books.DAY + dt.timedelta(days=3))
    services.close_period(actor=None, through=books.DAY + dt.timedelta(days=1))
    back = services.reverse(entry=wrong, at=books.AT, effective_on=books.DAY)
    again = books.post(Line(books.cash(), fund, 90, "gift"), reference="gift", revision=2)
    assert {back.effective_on, again.effective_on} == {books.DAY + dt.timedelta(days=2)}


def test_the_command_closes_a_period_and_the_audit_log_has_it() -> None:
    books.contribute(books.fund(), 1)
    services.advance_book_day(books.DAY + dt.timedelta(days=3))
    for _ in range(2):
        out = io.StringIO()
        call_command("close_period", through=books.DAY, stdout=out)
        assert out.getvalue() == f"The books are closed up to {books.DAY}. What is posted from now on is dated after it.\n"
    assert Record.objects.filter(act="ledger.close_period").count() == 2
    with pytest.raises(CommandError, match="not over"):
        call_command("close_period", through=dt.date(2030, 1, 1))


def test_a_period_without_an_end_opens_none_again() -> None:
    books.contribute(books.fund(), 1)
    services.advance_book_day(books.DAY + dt.timedelta(days=3))
    services.close_period(actor=None, through=books.DAY)
    with pytest.raises(errors.PeriodOpen), connection.cursor() as cursor, calling.refusals():
        cursor.execute("SELECT ledger_close_period(NULL, now())")
    assert BookDay.objects.get(closed_at=None).closed_through == books.DAY


def test_a_period_that_is_not_over_cannot_be_closed() -> None:
    books.contribute(books.fund(), 1)
    with pytest.raises(errors.PeriodOpen):
        services.close_period(actor=None, through=BookDay.objects.get(closed_at=None).day)
