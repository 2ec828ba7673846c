"""When something happens in the story, in any month and on any day of it."""

from __future__ import annotations

import datetime as dt

import pytest

from funding.site.demo.story import script
from funding.site.demo.story.when import Times, ago, on, workday, workdays_ago


def at(text: str) -> Times:
    return Times(dt.date.fromisoformat(text))


@pytest.mark.parametrize(
    ("present", "months", "day", "found"),
    [
        ("2026-11-21", 0, 5, "2026-11-05"),
        ("2026-11-21", 7, 1, "2026-04-01"),
        ("2026-01-31", 1, 20, "2025-12-20"),
        ("2026-03-31", 1, 31, "2026-02-28"),
        ("2026-11-21", -2, 10, "2027-01-10"),
    ],
)
def test_a_day_of_a_month(present: str, months: int, day: int, found: str) -> None:
    assert on(months, day)(at(present)) == dt.date.fromisoformat(found)


def test_working_days_are_counted_from_the_beginning_of_a_month_and_back_from_the_present() -> None:
    saturday = at("2026-11-21")
    assert workday(0, 1)(saturday) == dt.date(2026, 11, 2)
    assert workday(0, 6)(saturday) == dt.date(2026, 11, 9)
    assert workdays_ago(1)(saturday) == dt.date(2026, 11, 20)
    assert workdays_ago(5)(saturday) == dt.date(2026, 11, 16)
    assert workdays_ago(1)(at("2026-11-20")) == dt.date(2026, 11, 20)
    assert ago(3)(saturday) == dt.date(2026, 11, 18)


DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=days) for days in range(0, 800, 3)]


@pytest.mark.parametrize("short", [False, True])
def test_in_every_month_what_is_needed_comes_before_what_needs_it(short: bool) -> None:
    """The order of what hangs together, for a present on every third day of two years."""
    story = script.scenes(short=short)

    def first(line: str) -> int:
        return next(index for index, scene in enumerate(story) if line in scene.line)

    chains = [
        ["sets up the Fjord", "Its first tranche arrives", "The second tranche arrives"],
        ["The committee decides on “Close the overflow", "Checked routine for lengths", "Solveig prepares payout run 1"],
        ["Inger publishes a goal", "The committee opens its winter call", "Theo asks for 12 days", "The committee decides on “Fuzz"],
        ["The committee decides on “Fuzz", "Marit publishes a goal: Fuzz"],
        ["The committee decides on “Rewrite", "Wrote down what the three places do"],
        ["The committee opens its winter call", "Inger asks for 24 days", "Priya steps back", "Lena begins a review"],
    ]
    for present in DAYS:
        times = Times(present)
        for chain in chains:
            places = [(story[index].when(times), index) for index in map(first, chain)]
            assert places == sorted(places), (present, chain)
