"""A transition table allows what it lists and nothing else."""

from __future__ import annotations

import itertools

import pytest

from funding.errors import Conflict
from funding.states import IllegalTransition, lifecycle

INVOICE = lifecycle("invoice", open="paid void", paid="", void="", past_due="paid")
ALLOWED = {("open", "paid"), ("open", "void"), ("past_due", "paid")}


@pytest.mark.parametrize(("current", "target"), list(itertools.product(["open", "paid", "void", "past_due"], repeat=2)))
def test_only_what_is_listed_may_follow(current: str, target: str) -> None:
    assert INVOICE.allows(current, target) == ((current, target) in ALLOWED)
    if (current, target) in ALLOWED:
        INVOICE.check(current, target)
    else:
        with pytest.raises(IllegalTransition):
            INVOICE.check(current, target)


def test_the_refusal_is_a_conflict_in_words() -> None:
    with pytest.raises(Conflict) as refused:
        INVOICE.check("past_due", "void")
    assert refused.value.message.startswith("It has moved on since you looked")
    assert refused.value.__notes__ == ["This invoice is past_due, so it cannot become void."]


def test_an_unknown_state_is_a_mistake_in_the_code() -> None:
    with pytest.raises(KeyError):
        INVOICE.check("lost", "paid")
