"""Money adds up: to the last minor unit, in one currency, and never through a float."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.errors import Invalid
from funding.money import MAX_MINOR_UNITS, CurrencyMismatch, Money, exponent, known_currencies, total

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "BHD", "NOK"])
AMOUNTS = st.integers(-MAX_MINOR_UNITS, MAX_MINOR_UNITS)
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@given(AMOUNTS, WEIGHTS)
def test_a_split_loses_nothing(amount: int, weights: list[int]) -> None:
    parts = Money(amount, "USD").split(weights)
    assert total(parts, "USD") == Money(amount, "USD")


@given(AMOUNTS, WEIGHTS)
def test_no_part_of_a_split_is_a_unit_or_more_from_its_exact_share(amount: int, weights: list[int]) -> None:
    for part, weight in zip(Money(amount, "USD").split(weights), weights, strict=True):
        assert abs(part.amount * sum(weights) - amount * weight) < sum(weights)


@given(AMOUNTS, WEIGHTS)
def test_a_split_is_the_same_each_time_and_a_zero_weight_gets_nothing(amount: int, weights: list[int]) -> None:
    first = Money(amount, "USD").split(weights)
    assert first == Money(amount, "USD").split(weights)
    assert all(part.amount == 0 for part, weight in zip(first, weights, strict=True) if weight == 0)


def test_the_largest_remainder_takes_the_odd_cent_and_the_earlier_part_wins_a_tie() -> None:
    assert [part.amount for part in Money(100, "USD").split([1, 1, 1])] == [34, 33, 33]
    assert [part.amount for part in Money(100, "USD").split([1, 5])] == [17, 83]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_a_split_needs_shares(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(1, "USD").split(weights)


@given(AMOUNTS, CURRENCIES)
def test_what_is_printed_reads_back(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert Money.parse(money.figures.replace("−", "-"), currency) == money


@given(st.decimals(allow_nan=True, allow_infinity=True) | st.text(max_size=30), CURRENCIES)
def test_anything_typed_is_a_sum_or_a_sentence(typed: Decimal | str, currency: str) -> None:
    try:
        assert isinstance(Money.parse(typed, currency).amount, int)
    except Invalid as error:
        assert error.field == "amount"
        assert error.message.endswith(".")


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("1,250.50", "USD", 125050),
        (" 459 ", "USD", 45900),
        ("1\u00a0250", "USD", 125000),
        ("500", "JPY", 500),
        ("1.234", "BHD", 1234),
        ("-3.20", "USD", -320),
    ],
)
def test_sums_as_people_write_them(text: str, currency: str, amount: int) -> None:
    assert Money.parse(text, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("0.001", "USD"),
        ("0.5", "JPY"),
        ("1e30", "USD"),
        ("NaN", "USD"),
        ("Infinity", "USD"),
        ("ten", "USD"),
        ("", "USD"),
        ("1\x00", "USD"),
        ("12,50", "USD"),
        ("1,2500", "USD"),
        (",5", "USD"),
        ("1,250,5", "USD"),
    ],
)
def test_sums_that_are_refused(text: str, currency: str) -> None:
    with pytest.raises(Invalid):
        Money.parse(text, currency)


@pytest.mark.parametrize("amount", [1.0, Decimal(1), "1", True, None])
def test_only_whole_minor_units_are_money(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "USD")  # type: ignore[arg-type]


def test_a_code_that_nobody_uses_is_refused() -> None:
    for code in ("XXX", "usd", "", "DEM"):
        with pytest.raises(Invalid):
            Money(1, code)


@pytest.mark.parametrize(("currency", "places"), [("JPY", 0), ("USD", 2), ("BHD", 3)])
def test_each_currency_has_its_own_decimals(currency: str, places: int) -> None:
    assert exponent(currency) == places


def test_currencies_do_not_mix() -> None:
    dollar, euro = Money(1, "USD"), Money(1, "EUR")
    for mixed in (
        lambda: dollar + euro,
        lambda: dollar - euro,
        lambda: dollar < euro,
        lambda: dollar >= euro,
        lambda: total([dollar, euro], "USD"),
    ):
        with pytest.raises(CurrencyMismatch):
            mixed()
    assert dollar != euro


@pytest.mark.parametrize("times", [0.5, Decimal("0.5"), "2", True])
def test_money_is_multiplied_by_whole_numbers_only(times: object) -> None:
    with pytest.raises(TypeError):
        Money(1, "USD") * times  # type: ignore[operator]


@given(st.integers(0, MAX_MINOR_UNITS), st.integers(0, 10_000))
def test_a_share_is_rounded_down_and_the_rest_keeps_the_residue(amount: int, basis_points: int) -> None:
    money = Money(amount, "USD")
    share = money.percent(basis_points)
    assert 0 <= share.amount * 10_000 <= amount * basis_points < (share.amount + 1) * 10_000
    assert share + (money - share) == money


def test_no_two_currencies_look_alike() -> None:
    """So that sums of several may stand on one page without their codes."""
    marks = {str(Money(0, code)).strip("0.\u00a0") for code in known_currencies()}
    assert len(marks) == len(known_currencies())


def test_how_sums_look() -> None:
    assert str(Money(125050, "USD")) == "$1,250.50"
    assert str(Money(-320, "USD")) == "−$3.20"
    assert str(Money(1200, "CHF")) == "CHF\u00a012.00"
    assert [Money(amount, "USD").short for amount in (10_000, 1_250, -10_000)] == ["$100", "$12.50", "−$100"]
    assert [Money(1_500, "JPY").short, Money(2_000, "BHD").short] == ["¥1,500", "BHD\u00a02"]
    assert Money(500, "JPY").figures == "500"
    assert Money(0, "BHD").figures == "0.000"
