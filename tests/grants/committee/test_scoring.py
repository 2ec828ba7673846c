"""Weighted means and spreads agree with a reference that spells every point out, for every rubric that hypothesis finds."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.committee import scoring

MARKS = st.lists(st.tuples(st.integers(1, 100), st.none() | st.integers(0, scoring.MOST)), max_size=8)
SCORES = st.lists(st.fractions(0, scoring.MOST, max_denominator=500), min_size=1, max_size=7)


def test_the_weighted_score_of_the_design() -> None:
    found = scoring.weighted([(30, 4), (25, 3), (20, 2), (15, 4), (10, None)])
    assert found == scoring.Weighted(Fraction(59, 18), 90)
    assert scoring.figures(found.score) == "3.28"


def test_nothing_scored_has_no_score() -> None:
    assert scoring.weighted([]) is None
    assert scoring.weighted([(60, None), (40, None)]) is None
    assert scoring.spread([]) is None


@settings(deadline=None)
@given(MARKS)
def test_what_is_left_out_changes_nothing(marks: list[tuple[int, int | None]]) -> None:
    """The reference writes each score down as often as its weight says, and takes the plain mean of the list."""
    spelled = [points for weight, points in marks for _ in range(weight) if points is not None]
    found = scoring.weighted(marks)
    if not spelled:
        assert found is None
        return
    assert found is not None
    assert (found.score, found.weight) == (Fraction(sum(spelled), len(spelled)), len(spelled))
    assert 0 <= found.score <= scoring.MOST
    assert scoring.weighted([mark for mark in marks if mark[1] is not None]) == found


@settings(deadline=None)
@given(SCORES)
def test_the_spread_agrees_with_pairs(scores: list[Fraction]) -> None:
    """The reference has the variance from the differences of all pairs, which needs no mean."""
    found = scoring.spread(scores)
    assert found is not None
    pairs = sum((a - b) ** 2 for a in scores for b in scores)
    assert found.variance == Fraction(pairs, 2 * len(scores) ** 2)
    assert (found.count, found.least, found.most) == (len(scores), sorted(scores)[0], sorted(scores)[-1])
    assert found.least <= found.mean <= found.most
    with localcontext() as context:
        context.prec = 60
        root = (Decimal(found.variance.numerator) / Decimal(found.variance.denominator)).sqrt()
        assert found.deviation() == str(root.quantize(Decimal("0.01"), ROUND_HALF_UP))


@settings(deadline=None)
@given(st.fractions(0, scoring.MOST, max_denominator=1000), st.integers(0, 4))
def test_figures_round_once_and_halves_up(score: Fraction, places: int) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(score.numerator) / Decimal(score.denominator)
        assert scoring.figures(score, places) == str(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


@pytest.mark.parametrize(("score", "text"), [(Fraction(1, 200), "0.01"), (Fraction(5), "5.00"), (Fraction(2999, 1000), "3.00")])
def test_figures_at_the_edges(score: Fraction, text: str) -> None:
    assert scoring.figures(score) == text
