"""The four lines always add up, for every sum, fee and share."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.errors import Conflict
from funding.money import Money
from sponsors.tiers import fees

amounts = st.integers(min_value=1, max_value=99_999_999)
basis_points = st.integers(min_value=0, max_value=5_000)
currencies = st.sampled_from(["USD", "JPY", "BHD"])


@given(amounts, amounts, basis_points, currencies)
def test_fees_and_shares_add_up_to_the_gross(gross: int, fee: int, points: int, currency: str) -> None:
    paid, kept = Money(gross, currency), Money(min(fee, gross), currency)
    parts = fees.shares(paid, kept, points)
    assert parts.card_fee + parts.host_fee + parts.net == paid
    assert min(parts.card_fee.amount, parts.host_fee.amount, parts.net.amount) >= 0
    assert parts.host_fee.amount <= gross * points // 10_000
    first, *between, last = (line.amount for line in parts.lines)
    assert first + between[0] + between[1] == last


@given(amounts, basis_points)
def test_an_estimate_adds_up_however_small_the_sum(gross: int, points: int) -> None:
    parts = fees.estimate(Money(gross, "USD"), points)
    assert parts.card_fee + parts.host_fee + parts.net == parts.gross
    assert parts.about


@pytest.mark.parametrize(
    ("gross", "card", "host", "net"), [(1_500, 74, 75, 1_351), (10_000, 320, 500, 9_180), (50_000, 1_480, 2_500, 46_020), (31, 31, 0, 0)]
)
def test_the_sums_of_the_tier_cards(gross: int, card: int, host: int, net: int) -> None:
    parts = fees.estimate(Money(gross, "USD"), 500)
    assert [parts.card_fee.amount, parts.host_fee.amount, parts.net.amount] == [card, host, net]
    assert [line.label for line in parts.lines] == ["You pay", "Card fee, about", "Host, 5%", "Buys time, about"]


@pytest.mark.parametrize("fee", [Money(-1, "USD"), Money(10_001, "USD"), Money(320, "EUR")])
def test_a_fee_that_does_not_fit_is_refused(fee: Money) -> None:
    with pytest.raises(Conflict):
        fees.shares(Money(10_000, "USD"), fee, 500)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Fraction(1, 5), "One fifth of a day"),
        (Fraction(1), "One full day"),
        (Fraction(3), "3 days"),
        (Fraction(1351, 45900), "About 1/34 of a day"),
        (Fraction(46020, 45900), "About one day"),
        (Fraction(35, 100), "About one third of a day"),
        (Fraction(83, 100), "About 0.8 of a day"),
        (Fraction(1203, 100), "About 12 days"),
        (Fraction(12, 5), "About 2.4 days"),
        (Fraction(1, 1000), "Less than 1/100 of a day"),
    ],
)
def test_what_a_sum_buys_is_said_in_days(part: Fraction, words: str) -> None:
    assert fees.day_words(part) == words


@pytest.mark.parametrize(("points", "words"), [(500, "5%"), (525, "5.25%"), (0, "0%"), (1_000, "10%")])
def test_percent_words(points: int, words: str) -> None:
    assert fees.percent_words(points) == words
