"""The arithmetic of scores, as pure functions: weighted means and their spread. No models, no wording of pages, no floats.

A criterion that does not apply, or is not scored yet, has None for points and is left out: the other weights then make up
the whole. Every sum is a Fraction; figures are rounded once, when they are printed, halves up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

MOST = 5
"""The best of the scale; the worst is 0."""


@dataclass(frozen=True, slots=True)
class Weighted:
    """The mean of what was scored, 0 to 5, and on how much of the whole weight it stands (in the unit of the weights)."""

    score: Fraction
    weight: int


def weighted(marks: Iterable[tuple[int, int | None]]) -> Weighted | None:
    """The mean of (weight, points), weights renormalised over those that have points. None when none has."""
    counted = [(weight, points) for weight, points in marks if points is not None]
    together = sum(weight for weight, _ in counted)
    if not together:
        return None
    return Weighted(Fraction(sum(weight * points for weight, points in counted), together), together)


@dataclass(frozen=True, slots=True)
class Spread:
    """How far several scores lie apart. `variance` is that of the whole (divided by n): the panel is no sample of anything."""

    count: int
    least: Fraction
    most: Fraction
    mean: Fraction
    variance: Fraction

    def deviation(self, places: int = 2) -> str:
        """The standard deviation to `places` decimals, rounded exactly, without a float in between."""
        doubled = isqrt(int(4 * 100**places * self.variance))
        return _point((doubled + 1) // 2, places)


def spread(scores: Iterable[Fraction | int]) -> Spread | None:
    """Least, most, mean and variance of the scores; None of none."""
    values = [Fraction(score) for score in scores]
    if not values:
        return None
    mean = sum(values, Fraction(0)) / len(values)
    variance = sum(((value - mean) ** 2 for value in values), Fraction(0)) / len(values)
    return Spread(len(values), min(values), max(values), mean, variance)


def figures(score: Fraction, places: int = 2) -> str:
    """A score that is not negative as a person reads it: `3.28`."""
    return _point(int(2 * 10**places * score + 1) // 2, places)


def _point(scaled: int, places: int) -> str:
    if not places:
        return str(scaled)
    whole, part = divmod(scaled, 10**places)
    return f"{whole}.{part:0{places}d}"


__all__ = ["MOST", "Spread", "Weighted", "figures", "spread", "weighted"]
