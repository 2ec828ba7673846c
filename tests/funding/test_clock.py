"""Business time can be held and moved, and comes back."""

from __future__ import annotations

import datetime as dt

import pytest

from funding import clock

NOON = dt.datetime(2026, 10, 14, 12, tzinfo=dt.UTC)


def test_it_is_the_system_s_time_in_utc() -> None:
    before = dt.datetime.now(dt.UTC)
    assert before <= clock.now() <= dt.datetime.now(dt.UTC)
    assert clock.now().tzinfo is dt.UTC


def test_held_for_a_block_and_released_even_when_the_block_fails() -> None:
    with pytest.raises(RuntimeError), clock.at(NOON):
        assert clock.now() == NOON
        assert clock.today() == dt.date(2026, 10, 14)
        raise RuntimeError
    assert clock.now() != NOON


def test_blocks_nest() -> None:
    with clock.at(NOON):
        with clock.at(NOON + dt.timedelta(days=1)):
            assert clock.today() == dt.date(2026, 10, 15)
        assert clock.today() == dt.date(2026, 10, 14)


def test_today_is_the_utc_date() -> None:
    late = dt.datetime(2026, 10, 14, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    with clock.at(late):
        assert clock.now() == late
        assert clock.now().tzinfo is dt.UTC
        assert clock.today() == dt.date(2026, 10, 15)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"), clock.at(dt.datetime(2026, 10, 14)):
        pass


def test_another_source_and_back() -> None:
    clock.set_source(lambda: NOON)
    try:
        assert clock.now() == NOON
    finally:
        clock.set_source(None)
    assert clock.now() != NOON
