"""The day in half days: what is typed, what is shown, and what it costs, exactly."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding import days
from funding.errors import Invalid
from funding.money import Money

HALVES = st.integers(1, days.MAX_HALF_DAYS)
RATES = st.integers(1, 10**8).map(lambda half: Money(2 * half, "USD"))


@given(HALVES)
def test_what_is_shown_reads_back(half_days: int) -> None:
    assert days.parse(days.figures(half_days)) == half_days


@given(st.decimals(allow_nan=True, allow_infinity=True) | st.text(max_size=20))
def test_anything_typed_is_half_days_in_range_or_a_sentence(typed: Decimal | str) -> None:
    try:
        assert 0 < days.parse(typed) <= days.MAX_HALF_DAYS
    except Invalid as error:
        assert error.field == "days"


@pytest.mark.parametrize("text", ["0", "-1", "0.3", "0.25", "400.5", "1e9", "NaN", "two", "", "½", "4,5"])
def test_days_that_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        days.parse(text)


@pytest.mark.parametrize(
    ("half_days", "figures", "words"), [(0, "0.0", "0"), (1, "0.5", "½"), (2, "1.0", "1"), (9, "4.5", "4½"), (24, "12.0", "12")]
)
def test_how_days_look(half_days: int, figures: str, words: str) -> None:
    assert (days.figures(half_days), days.words(half_days)) == (figures, words)


@given(HALVES, RATES)
def test_the_price_of_days_is_exact_and_buys_them_back(half_days: int, rate: Money) -> None:
    price = days.price(half_days, rate)
    assert Fraction(price.amount) == Fraction(half_days, 2) * rate.amount
    assert days.affordable(price, rate) == half_days
    assert days.affordable(Money(price.amount - 1, "USD"), rate) == half_days - 1


@given(HALVES, HALVES, RATES)
def test_days_paid_one_by_one_cost_what_they_cost_together(some: int, more: int, rate: Money) -> None:
    assert days.price(some, rate) + days.price(more, rate) == days.price(some + more, rate)


def test_nothing_is_bought_with_a_debt() -> None:
    assert days.affordable(Money(-45900, "USD"), Money(45900, "USD")) == 0


@pytest.mark.parametrize("amount", [0, -2, 45901])
def test_rates_that_are_refused(amount: int) -> None:
    with pytest.raises(Invalid) as refused:
        days.check_rate(Money(amount, "USD"))
    assert refused.value.field == "rate"


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 12, 31)))
def test_a_month_holds_its_days_and_meets_the_next(day: dt.date) -> None:
    first, after = days.month_bounds(day)
    assert first <= day < after
    assert first.day == after.day == 1
    assert days.month_bounds(after)[0] == after
