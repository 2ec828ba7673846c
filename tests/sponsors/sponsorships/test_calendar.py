from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sponsors.sponsorships import calendar

dates = st.dates(dt.date(2020, 1, 1), dt.date(2040, 12, 31))
intervals = st.sampled_from(["month", "year"])


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("anchor", "interval", "expected"),
    [
        ("2026-01-31", "month", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("2027-12-30", "month", ["2028-01-30", "2028-02-29", "2028-03-30"]),
        ("2024-02-29", "year", ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("2026-11-21", "month", ["2026-12-21", "2027-01-21"]),
    ],
)
def test_renewals_keep_to_the_joining_day(anchor: str, interval: str, expected: list[str]) -> None:
    found = [calendar.step(day(anchor), number, interval) for number in range(1, len(expected) + 1)]
    assert found == [day(text) for text in expected]


@given(dates, st.integers(0, 4_000), intervals)
def test_after_is_the_first_renewal_later_than_a_day(anchor: dt.date, later: int, interval: str) -> None:
    on = anchor + dt.timedelta(days=later)
    found = calendar.after(anchor, on, interval)
    every = [calendar.step(anchor, number, interval) for number in range(140)]
    assert found == next(date for date in every if date > on)


@given(dates, intervals)
def test_periods_follow_each_other_without_gap_or_overlap(anchor: dt.date, interval: str) -> None:
    start = anchor
    for number in range(1, 25):
        start = calendar.after(anchor, start, interval)
        assert start == calendar.step(anchor, number, interval)
