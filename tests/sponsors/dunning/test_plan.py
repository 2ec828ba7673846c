"""The arithmetic of the steps, beside examples that a treasurer could check on a calendar."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.errors import Invalid
from sponsors.dunning.plan import DELIVERED, LAST, REMINDER, Plan, Step, codes, from_json, read_steps, step_lines

FIRST = dt.date(2026, 2, 28)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    days = draw(st.lists(st.integers(1, 60), min_size=1, max_size=8, unique=True).map(sorted))
    steps = [Step(day, draw(st.booleans()), draw(st.sampled_from(["", REMINDER]))) for day in days[:-1]]
    lapse = draw(st.integers(days[-1] + 1, 120))
    return Plan((*steps, Step(days[-1], draw(st.booleans()), LAST)), draw(st.integers(0, lapse)), lapse)


def test_the_delivered_steps_fall_on_their_days() -> None:
    DELIVERED.check()
    assert [DELIVERED.day_of(taken) for taken in range(4)] == [3, 7, 14, 21]
    assert DELIVERED.next_on(taken=0, last_on=FIRST) == dt.date(2026, 3, 3)
    assert DELIVERED.lapse_on(taken=0, next_on=dt.date(2026, 3, 3)) == dt.date(2026, 3, 21)
    assert DELIVERED.retry_on(taken=3, next_on=dt.date(2026, 3, 21)) is None


@given(plans(), st.lists(st.integers(0, 30), min_size=9, max_size=9))
def test_steps_keep_their_distances_however_late_each_is(plan: Plan, late: list[int]) -> None:
    plan.check()
    done, gaps = FIRST, []
    for taken in range(len(plan.steps) + 1):
        due = plan.next_on(taken=taken, last_on=done)
        assert plan.lapse_on(taken=taken, next_on=due) - due == dt.timedelta(days=plan.lapse_after - plan.day_of(taken))
        gaps.append((due - done).days)
        done = due + dt.timedelta(days=late[taken])
    assert all(gap >= 1 for gap in gaps), "no card is tried twice on a day, however much was missed"
    assert sum(gaps) == plan.lapse_after


@given(plans())
def test_a_table_survives_being_stored_and_being_written_as_text(plan: Plan) -> None:
    assert from_json(plan.as_json()) == plan
    assert read_steps(step_lines(plan.steps)) == plan.steps


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"steps": ()}, "steps"),
        ({"steps": (Step(0, True, LAST),)}, "steps"),
        ({"steps": (Step(7, True), Step(3, True, LAST))}, "steps"),
        ({"steps": (Step(7, True, REMINDER),)}, "steps"),
        ({"steps": (Step(3, True, LAST), Step(7, True, LAST))}, "steps"),
        ({"steps": (Step(3, True, "shout"), Step(7, True, LAST))}, "steps"),
        ({"steps": (*(Step(day, True) for day in range(1, 9)), Step(14, True, LAST))}, "steps"),
        ({"lapse_after": 14}, "lapse_after"),
        ({"lapse_after": 121}, "lapse_after"),
        ({"grace_days": 22}, "grace_days"),
    ],
)
def test_a_table_that_would_surprise_a_sponsor_is_refused_by_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        replace(DELIVERED, **change).check()  # type: ignore[arg-type]
    assert refused.value.field == field


@pytest.mark.parametrize("line", ["soon try", "7 try try", "7 reminder last", "7 shout", "-1 try", "1000 try", "７ try"])
def test_a_line_that_is_no_step_is_quoted(line: str) -> None:
    with pytest.raises(Invalid, match="is not a step"):
        read_steps(line)


def test_some_refusals_are_final_and_most_are_not() -> None:
    for code in (
        "stolen_card",
        "lost_card",
        "pickup_card",
        "fraudulent",
        "revocation_of_authorization",
        "authentication_required",
        "no_card",
    ):
        assert not DELIVERED.may_retry(code), code
    for code in ("do_not_honor", "insufficient_funds", "generic_decline", "expired_card", ""):
        assert DELIVERED.may_retry(code), code
    assert not replace(DELIVERED, never_retried=frozenset()).may_retry("no_card")
    assert codes("lost_card, Stolen_Card\n\n") == {"lost_card", "stolen_card"}
    with pytest.raises(Invalid):
        codes("<b>")
