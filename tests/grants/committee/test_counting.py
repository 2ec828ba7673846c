"""The sheet of a panel against a reference that reads docs/committee.md aloud, member by member, over all panels of up to seven.

The reference knows nothing of `counting` and `rules`: each member is a few letters, and each sentence of the page is one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grants.committee import counting
from grants.committee.models import Panel, Review, Seat
from grants.committee.rules import Rules

KINDS = [
    "left for",
    "invited",
    "invited for",
    "recused for reviewed",
    "tied against reviewed",
    "clear",
    "clear reviewed",
    "clear for",
    "clear for reviewed",
    "clear against",
    "clear abstain reviewed",
]
"""What one seat can be. `tied` is a seat that a rule excludes by now although it says clear; `left` is nobody's any more."""
WORDS = {"for", "against", "abstain"}
RULES = [
    Rules(50, 50, 2, "defer"),
    Rules(0, 50, 0, "decline"),
    Rules(66, 66, 1, "defer"),
    Rules(33, 75, 3, "decline"),
    Rules(99, 99, 20, "defer"),
]


FEWER = ["recused for", "clear", "clear for reviewed", "clear against reviewed", "clear abstain reviewed", "invited"]


def panels(most: int, kinds: list[str]) -> Iterator[tuple[str, ...]]:
    """Every panel of up to `most` seats. The order of seats never matters (the last test sees to that), so each comes once."""
    for size in range(most + 1):
        yield from combinations_with_replacement(kinds, size)


@dataclass(frozen=True)
class Verdict:
    eligible: int
    missing: bool
    outcome: str


def reference(panel: tuple[str, ...], rules: Rules) -> Verdict:
    members = [set(kind.split()) for kind in panel]
    seated = [member for member in members if "left" not in member]  # “Seated are those who sit on the committee today.”
    eligible = [member for member in seated if not member & {"recused", "tied"}]  # “Eligible = seated − recused.”
    declared = [member for member in eligible if "clear" in member]  # nothing counts of somebody who has not declared
    voted = [member for member in declared if member & WORDS]  # “Abstentions count.”
    reviews = [member for member in declared if "reviewed" in member]  # “from eligible members”
    quorate = bool(eligible) and Fraction(len(voted), len(eligible)) > Fraction(rules.quorum_percent, 100)
    read = len(reviews) >= min(rules.minimum_reviews, len(eligible))
    yes, no = (sum(word in member for member in declared) for word in ("for", "against"))
    if yes == no:
        outcome = "deferred" if rules.tie == "defer" else "declined"
    else:
        outcome = "funded" if Fraction(yes, yes + no) > Fraction(rules.majority_percent, 100) else "declined"
    return Verdict(len(eligible), not (quorate and read), outcome)


def sheet(panel: tuple[str, ...], rules: Rules) -> counting.Sheet:
    """The same panel as rows that were never saved."""
    states = {"left": "clear", "tied": "clear"}
    row = Panel(
        quorum_percent=rules.quorum_percent,
        majority_percent=rules.majority_percent,
        minimum_reviews=rules.minimum_reviews,
        tie=rules.tie,
    )
    kinds = dict(enumerate((kind.split() for kind in panel), start=1))
    seats = [Seat(pk=pk, user_id=100 + pk, state=states.get(kind[0], kind[0])) for pk, kind in kinds.items()]
    facts = counting.Facts(
        sits={100 + pk for pk, kind in kinds.items() if kind[0] != "left"},
        chairs=set(),
        deputies=set(),
        excluded={100 + pk for pk, kind in kinds.items() if kind[0] == "tied"},
        reviews={pk: Review(pk=pk) for pk, kind in kinds.items() if "reviewed" in kind},
        choices={pk: (set(kind) & WORDS).pop() for pk, kind in kinds.items() if set(kind) & WORDS},
    )
    return counting.count(row, 1, seats, facts)


def verdict(found: counting.Sheet) -> Verdict:
    return Verdict(found.tally.eligible, bool(found.tally.missing), found.tally.outcome)


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_every_panel_of_up_to_seven_counts_as_the_page_says(rules: Rules) -> None:
    assert [panel for panel in panels(7, FEWER) if verdict(sheet(panel, rules)) != reference(panel, rules)] == []


def test_every_kind_of_seat_on_panels_of_up_to_four() -> None:
    assert [panel for panel in panels(4, KINDS) if verdict(sheet(panel, RULES[0])) != reference(panel, RULES[0])] == []


@given(
    st.lists(st.sampled_from(KINDS), max_size=7),
    st.builds(Rules, st.integers(0, 99), st.integers(50, 99), st.integers(0, 20), st.sampled_from(["defer", "decline"])),
)
def test_any_rules_and_any_order_of_the_seats(kinds: list[str], rules: Rules) -> None:
    assert verdict(sheet(tuple(kinds), rules)) == reference(tuple(kinds), rules)


def test_who_decides_is_the_chair_then_the_deputy_then_anybody_clear() -> None:
    """Every panel of a chair, a deputy and a member, each of whom has left, was recused, has not declared, or is clear."""

    def deciders(states: tuple[str, ...]) -> set[int]:
        seats = [Seat(pk=pk, user_id=pk, state="clear" if state == "left" else state) for pk, state in enumerate(states)]
        here = {pk for pk, state in enumerate(states) if state != "left"}
        facts = counting.Facts(sits=here, chairs={0} & here, deputies={1} & here, excluded=(), reviews={}, choices={})
        return {member.seat.user_id for member in counting.count(Panel(), 1, seats, facts).deciders}

    def expected(states: tuple[str, ...]) -> set[int]:
        chair, deputy, _ = states
        if chair in ("clear", "invited"):
            return {0} if chair == "clear" else set()
        if deputy in ("clear", "invited"):
            return {1} if deputy == "clear" else set()
        return {2} if states[2] == "clear" else set()

    every = [(a, b, c) for a in STATES for b in STATES for c in STATES]
    assert [states for states in every if deciders(states) != expected(states)] == []


STATES = ("left", "recused", "invited", "clear")
