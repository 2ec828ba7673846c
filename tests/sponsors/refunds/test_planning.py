"""The planner by itself: examples an accountant would check by hand, and rules that hold for any numbers."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sponsors.refunds.planning import CARRIED, COVER, GIVEN_BACK, LOST, Carry, Part, Plan, Stretch, divide, plan

FUND, HOST, RESERVE, SHORTFALL, OTHER = 1, 2, 3, 4, 5
NET = 9_180
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def lines(made: Plan) -> list[tuple[str, int, int | None, int]]:
    return [(step.kind, step.debit, step.credit, step.amount) for step in made.steps]


def whole(unspent: int, available: int) -> Plan:
    """The whole refund of $100.00 of which `unspent` of 91.80 is in the fund, at the end of its line."""
    stretch = (Stretch(FUND, NET - unspent, NET, NET - unspent),) if unspent else ()
    parts = [
        Part(FUND, NET, 10, stretch, ((0, NET - unspent),) if unspent < NET else ()),
        Part(HOST, 500, 11, (Stretch(HOST, 0, 500, 0),)),
        Part(HOST, 320),
    ]
    return plan(parts, available={FUND: available, HOST: 5_000, RESERVE: 0}, host=HOST, reserve=RESERVE, shortfall=SHORTFALL)


def test_unspent_money_is_given_back_from_where_it_lies_and_the_host_bears_the_card_fee() -> None:
    made = whole(NET, NET)
    assert lines(made) == [(GIVEN_BACK, FUND, None, NET), (GIVEN_BACK, HOST, None, 500), (LOST, HOST, None, 320)]
    assert made.steps[0].pin == (0, NET)
    assert (made.held, made.from_others, made.from_reserve, made.carried) == (10_000, 0, 0, ())


def test_the_spent_part_is_carried_by_the_fund_then_the_reserve_then_the_shortfall() -> None:
    made = whole(2_000, 5_000)
    assert (CARRIED, FUND, None, 3_000) in lines(made)
    assert (CARRIED, SHORTFALL, None, 4_180) in lines(made)
    assert made.carried == (Carry(10, 0, 7_180),)

    parts = [Part(FUND, NET, 10, (), ((0, NET),))]
    made = plan(parts, available={FUND: 1_000, RESERVE: 500}, host=HOST, reserve=RESERVE, shortfall=SHORTFALL)
    assert lines(made) == [(CARRIED, FUND, None, 1_000), (CARRIED, RESERVE, None, 500), (CARRIED, SHORTFALL, None, 7_680)]
    assert (made.from_others, made.from_reserve, made.from_shortfall) == (NET, 500, 7_680)


def test_a_reserved_fund_is_covered_first_so_that_its_reservation_stays() -> None:
    parts = [Part(FUND, 100, 10, (Stretch(FUND, 0, 100, 0),))]
    made = plan(parts, available={FUND: 30, RESERVE: 50}, host=HOST, reserve=RESERVE, shortfall=SHORTFALL)
    assert lines(made) == [(COVER, RESERVE, FUND, 50), (COVER, SHORTFALL, FUND, 20), (GIVEN_BACK, FUND, None, 100)]


def test_the_reserves_own_slice_is_pinned_before_the_reserve_covers_anything() -> None:
    """Trap 3: a cover from the reserve takes its oldest money first, which may be the slice about to be given back."""
    parts = [
        Part(FUND, 100, 10, (Stretch(FUND, 0, 100, 0),)),
        Part(HOST, 50, 11, (Stretch(RESERVE, 0, 50, 0),)),
    ]
    made = plan(parts, available={FUND: 0, HOST: 0, RESERVE: 80}, host=HOST, reserve=RESERVE, shortfall=SHORTFALL)
    assert lines(made) == [
        (GIVEN_BACK, RESERVE, None, 50),
        (COVER, RESERVE, FUND, 30),
        (COVER, SHORTFALL, FUND, 70),
        (GIVEN_BACK, FUND, None, 100),
    ]


def test_a_part_takes_the_latest_units_first_wherever_they_went() -> None:
    parts = [Part(FUND, 60, 10, (Stretch(FUND, 200, 250, 0), Stretch(OTHER, 7, 57, 50)))]
    made = plan(parts, available={FUND: 50, OTHER: 50}, host=HOST, reserve=RESERVE, shortfall=SHORTFALL)
    assert [(step.debit, step.pin) for step in made.steps] == [(FUND, (240, 250)), (OTHER, (7, 57))]


def test_more_than_is_left_is_never_divided() -> None:
    with pytest.raises(ValueError, match="cannot be divided"):
        divide(101, [50, 50])


@patient
@given(
    shares=st.lists(st.integers(0, 10_000), min_size=1, max_size=4).filter(any),
    cuts=st.lists(st.integers(1, 5_000), min_size=1, max_size=12),
)
def test_the_parts_of_many_refunds_add_up_to_the_payment_to_the_cent(shares: list[int], cuts: list[int]) -> None:
    left = list(shares)
    for cut in [*cuts, 10**9]:
        amount = min(cut, sum(left))
        parts = divide(amount, left)
        exact = [amount * weight / (sum(left) or 1) for weight in left]
        assert sum(parts) == amount
        assert all(0 <= part <= have for part, have in zip(parts, left, strict=True))
        assert all(abs(part - share) < 1 for part, share in zip(parts, exact, strict=True))
        left = [have - part for have, part in zip(left, parts, strict=True)]
    assert left == [0] * len(shares)


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Part], dict[int, int]]:
    """Any parts over five funds: where the unspent money lies, how much is spent, what is reserved."""
    lines: dict[int, int] = defaultdict(int)
    parts = []
    for inflow in range(10, 10 + draw(st.integers(1, 3))):
        unspent, spent, position = [], [], 0
        for _ in range(draw(st.integers(0, 3))):
            account, amount = draw(st.sampled_from([FUND, HOST, RESERVE, OTHER])), draw(st.integers(1, 9))
            unspent.append(Stretch(account, lines[account], lines[account] + amount, position))
            lines[account] += amount + draw(st.integers(0, 3))
            position += amount
            gap = draw(st.integers(0, 5))
            if gap:
                spent.append((position, position + gap))
                position += gap
        if not position:
            spent, position = [(0, 5)], 5
        home = draw(st.sampled_from([FUND, HOST]))
        parts.append(Part(home, draw(st.integers(1, position)), inflow, tuple(unspent), tuple(spent)))
    if draw(st.booleans()):
        parts.append(Part(HOST, draw(st.integers(1, 9))))
    free = {account: draw(st.integers(0, 30)) for account in (FUND, HOST, RESERVE, OTHER)}
    return parts, free


@patient
@given(situations())
def test_any_plan_gathers_its_sum_and_overdraws_nothing_on_the_way(situation: tuple[list[Part], dict[int, int]]) -> None:
    parts, available = situation
    made = plan(parts, available=available, host=HOST, reserve=RESERVE, shortfall=SHORTFALL)

    assert made.held == sum(part.amount for part in parts)
    left = dict(available)
    for step in made.steps:
        assert step.amount > 0
        if step.debit != SHORTFALL:
            left[step.debit] -= step.amount
            assert left[step.debit] >= 0
        if step.credit is not None:
            left[step.credit] += step.amount
    if made.from_shortfall:
        assert left[RESERVE] == 0
    for part in parts:
        if part.inflow is None:
            continue
        pinned = made_of(made, part.inflow, GIVEN_BACK)
        carried = sum(carry.end - carry.start for carry in made.carried if carry.inflow == part.inflow)
        assert pinned == min(part.amount, sum(stretch.amount for stretch in part.unspent))
        assert pinned + carried == part.amount
        assert carried == made_of(made, part.inflow, CARRIED)
    pins = sorted((step.debit, *step.pin) for step in made.steps if step.pin)
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(pins))


@patient
@given(situations())
def test_no_fund_is_spent_in_order_before_its_slices_are_pinned(situation: tuple[list[Part], dict[int, int]]) -> None:
    parts, available = situation
    spent_in_order: set[int] = set()
    for step in plan(parts, available=available, host=HOST, reserve=RESERVE, shortfall=SHORTFALL).steps:
        if step.pin:
            assert step.debit not in spent_in_order
        else:
            spent_in_order.add(step.debit)


def made_of(made: Plan, inflow: int, kind: str) -> int:
    return sum(step.amount for step in made.steps if step.inflow == inflow and step.kind == kind)
