from __future__ import annotations

import pytest

from funding.money import Money
from funding.payments.currencies import from_processor, to_processor
from funding.payments.values import Rejected


@pytest.mark.parametrize(
    ("sum_", "on_the_wire"),
    [
        (Money(10_000, "USD"), 10_000),
        (Money(1_500, "JPY"), 1_500),
        (Money(1_500, "XAF"), 1_500),
        (Money(1_230, "BHD"), 1_230),
        (Money(1_500, "ISK"), 150_000),
        (Money(1_500, "UGX"), 150_000),
        (Money(12_345, "HUF"), 12_345),
        (Money(12_345, "TWD"), 12_345),
        (Money(77, "RSD"), 7_700),
    ],
)
def test_sums_go_out_and_come_back(sum_: Money, on_the_wire: int) -> None:
    assert to_processor(sum_) == on_the_wire
    assert from_processor(on_the_wire, sum_.currency.lower()) == sum_


def test_a_sum_that_the_processor_cannot_write_is_rejected() -> None:
    with pytest.raises(Rejected):
        to_processor(Money(1_005, "BHD"))


def test_a_sum_that_the_currency_cannot_hold_is_rejected() -> None:
    with pytest.raises(Rejected):
        from_processor(150_050, "isk")
