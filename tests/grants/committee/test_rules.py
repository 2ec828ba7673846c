"""The arithmetic, against a reference that counts heads one by one over every panel of up to seven."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations_with_replacement

import pytest

from grants.committee.rules import Rules, Tally, base_lines, vote_lines

# What one seat can be: recused, silent, for, against, abstained.
SEATS = "rsfao"


def panels(most: int = 7) -> Iterator[str]:
    """Every panel of up to `most` seats, as letters. The order of seats never matters, so each multiset comes once."""
    for size in range(most + 1):
        for seats in combinations_with_replacement(SEATS, size):
            yield "".join(seats)


def tally(panel: str, rules: Rules, reviews: int = 99) -> Tally:
    eligible = len(panel) - panel.count("r")
    return Tally(rules, len(panel), panel.count("r"), min(reviews, eligible), panel.count("f"), panel.count("a"), panel.count("o"))


def reference_has_quorum(panel: str, percent: int) -> bool:
    """More than that share of those who did not step back has said something."""
    eligible = [seat for seat in panel if seat != "r"]
    spoke = [seat for seat in eligible if seat != "s"]
    return bool(eligible) and Fraction(len(spoke), len(eligible)) > Fraction(percent, 100)


def reference_outcome(panel: str, percent: int, tie: str) -> str:
    yes, no = [seat for seat in panel if seat == "f"], [seat for seat in panel if seat == "a"]
    if len(yes) == len(no):
        return {"defer": "deferred", "decline": "declined"}[tie]
    return "funded" if Fraction(len(yes), len(yes) + len(no)) > Fraction(percent, 100) else "declined"


@pytest.mark.parametrize("tie", ["defer", "decline"])
@pytest.mark.parametrize(("quorum", "majority"), [(50, 50), (0, 50), (66, 66), (33, 75), (99, 99), (60, 50)])
def test_every_panel_of_up_to_seven_counts_as_the_reference_does(quorum: int, majority: int, tie: str) -> None:
    rules = Rules(quorum, majority, 0, tie)
    counted = 0
    for panel in panels():
        found = tally(panel, rules)
        assert found.ready == reference_has_quorum(panel, quorum), panel
        assert found.outcome == reference_outcome(panel, majority, tie), panel
        counted += 1
    assert counted == 792


def test_a_recused_seat_never_changes_the_outcome_and_never_raises_the_quorum() -> None:
    for panel in panels(6):
        without, with_one = tally(panel, Rules(minimum_reviews=0)), tally(panel + "r", Rules(minimum_reviews=0))
        assert (without.quorum, without.outcome, without.ready) == (with_one.quorum, with_one.outcome, with_one.ready)


def test_the_quorum_can_always_be_reached() -> None:
    for panel in panels():
        found = tally(panel, Rules(99, 50, 0))
        assert found.eligible == 0 or 1 <= found.quorum <= found.eligible


def test_the_page_shows_five_seated_one_recused() -> None:
    found = Tally(Rules(), seated=5, recused=1, reviews=3, votes_for=3, votes_against=1, abstained=0)
    assert base_lines(found) == [
        "5 seated − 1 recused = 4 eligible.",
        "Quorum: more than 50% of 4, which is 3; 4 voted.",
        "Reviews: at least 2; 3 in.",
    ]
    assert vote_lines(found) == [
        "3 for, 1 against, 0 abstained (abstentions count for the quorum only).",
        "3 of 4 is more than 50%: carried.",
    ]


def test_an_exact_share_is_not_more_than_it() -> None:
    two_thirds = Tally(Rules(50, 75), 5, 1, 2, votes_for=3, votes_against=1, abstained=0)
    assert two_thirds.outcome == "declined"
    assert vote_lines(two_thirds)[-1] == "3 of 4 is not more than 75%: not carried."


def test_a_tie_says_which_rule_it_meets() -> None:
    tied = Tally(Rules(tie="decline"), 4, 0, 2, 2, 2, 0)
    assert (tied.outcome, vote_lines(tied)[-1]) == ("declined", "2 for and 2 against is a tie. A tie declines the proposal.")


def test_what_is_missing_is_said_in_numbers() -> None:
    early = Tally(Rules(), 5, 1, reviews=1, votes_for=1, votes_against=0, abstained=0)
    assert early.missing == ["1 more review is needed: 1 of at least 2 in.", "2 more votes are needed for the quorum: 1 of 3 cast."]


def test_a_panel_where_everybody_stepped_back_waits_for_new_members() -> None:
    empty = Tally(Rules(), 3, 3, 0, 0, 0, 0)
    assert not empty.ready
    assert empty.missing == ["Nobody on this panel is eligible. An administrator has to add members to the committee."]


def test_fewer_people_than_the_minimum_of_reviews_do_not_block_for_ever() -> None:
    assert Tally(Rules(minimum_reviews=2), 3, 2, reviews=1, votes_for=1, votes_against=0, abstained=0).ready
