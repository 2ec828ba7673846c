"""A job over many things keeps what goes wrong with one of them, goes on, and forgets it when it works."""

from __future__ import annotations

import pytest

from funding.errors import Unavailable
from funding.web import trouble
from funding.web.models import Trouble

pytestmark = pytest.mark.django_db

JOB = "sponsors.billing.tasks.run_billing"


def run(things: dict[str, Exception | None]) -> tuple[list[str], int]:
    """One run of the job over the things, each of which works or raises. Returns those that were reached, and the count of failures."""
    watch, reached = trouble.Watch(JOB), []
    for about, error in things.items():
        with watch.item(about):
            reached.append(about)
            if error is not None:
                raise error
    return reached, watch.failed


def test_one_failure_stops_no_other() -> None:
    reached, failed = run({"a": None, "b": ValueError("no such card"), "c": None})
    assert (reached, failed) == (["a", "b", "c"], 1)
    row = Trouble.objects.get()
    assert (row.job, row.about, row.error, row.times, row.over_at) == (JOB, "b", "ValueError: no such card", 1, None)


def test_the_same_failure_is_counted_and_not_repeated() -> None:
    for _ in range(3):
        run({"b": ValueError("no such card")})
    assert Trouble.objects.get().times == 3


def test_a_success_ends_it_and_a_later_failure_is_a_new_one() -> None:
    run({"b": ValueError("no"), "c": ValueError("no")})
    run({"b": None, "c": ValueError("no")})
    assert set(Trouble.objects.filter(over_at=None).values_list("about", flat=True)) == {"c"}
    run({"b": ValueError("again")})
    assert Trouble.objects.filter(about="b").count() == 2


def test_a_processor_that_is_away_is_no_trouble_of_the_thing() -> None:
    reached, failed = run({"b": Unavailable("The processor could not be reached."), "c": None})
    assert (reached, failed) == (["b", "c"], 1)
    assert not Trouble.objects.exists()


def test_what_an_error_says_is_kept_within_bounds() -> None:
    run({"b": ValueError("x\x00" * 5_000)})
    assert len(Trouble.objects.get().error) <= 500


def test_a_good_run_asks_once_whether_anything_was_open(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        run({str(number): None for number in range(20)})
