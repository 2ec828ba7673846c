"""Σ lines = payout, for any mix of half days, rates and funds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grants.payouts.planning import Short, allocate

sums = st.lists(st.integers(1, 10**7), min_size=1, max_size=40)


@given(sums, st.lists(st.integers(0, 10**8), min_size=1, max_size=5))
def test_each_amount_is_paid_to_the_unit_and_no_source_gives_more_than_it_has(amounts: list[int], available: list[int]) -> None:
    if sum(amounts) > sum(available):
        with pytest.raises(Short):
            allocate(amounts, available)
        return
    drawn = allocate(amounts, available)
    assert [sum(amount for _, amount in parts) for parts in drawn] == amounts
    for index, held in enumerate(available):
        assert sum(amount for parts in drawn for at, amount in parts if at == index) <= held
    assert all(amount > 0 for parts in drawn for _, amount in parts)


@given(sums, st.data())
def test_sources_are_emptied_in_their_order(amounts: list[int], data: st.DataObject) -> None:
    total = sum(amounts)
    cuts = sorted(data.draw(st.lists(st.integers(0, total), max_size=4)))
    available = [after - before for before, after in zip([0, *cuts], [*cuts, total], strict=True)]
    order = [at for parts in allocate(amounts, available) for at, _ in parts]
    assert order == sorted(order)
    assert {at for at, held in enumerate(available) if held} == set(order)


def test_a_half_day_is_split_where_a_fund_runs_out() -> None:
    assert allocate([22950, 22950], [30000, 15900]) == [[(0, 22950)], [(0, 7050), (1, 15900)]]
