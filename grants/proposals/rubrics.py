"""What a rubric is, and two to begin with: the full one, and a light one for short and discovery work.

Value types only. A call's own criteria are rows (models.Criterion), written by services/rubric.py while the call is a draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funding.errors import Invalid

STEPS = 6
"""The scale: 0 to 5."""
MOST_CRITERIA = 8
WHOLE = 100
Anchors = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """One criterion: what it asks, its share of 100, what each step means, and whether a review may leave it out with a reason."""

    name: str
    asks: str
    weight: int
    anchors: Anchors
    may_skip: bool = False


def check(criteria: Sequence[Terms]) -> None:
    """Raise Invalid, naming the field of the page (`weight_2`), unless the criteria fit together. None at all is a rubric too."""
    if len(criteria) > MOST_CRITERIA:
        raise Invalid(f"A call has at most {MOST_CRITERIA} criteria.")
    seen: set[str] = set()
    for index, item in enumerate(criteria):
        if not item.name.strip():
            raise Invalid("Give the criterion a name.", field=f"name_{index}")
        if item.name.strip().casefold() in seen:
            raise Invalid("Another criterion has this name already.", field=f"name_{index}")
        if not item.asks.strip():
            raise Invalid("Say what this criterion asks.", field=f"asks_{index}")
        if not 1 <= item.weight <= WHOLE:
            raise Invalid("Enter a weight from 1 to 100.", field=f"weight_{index}")
        if len(item.anchors) != STEPS or not all(anchor.strip() for anchor in item.anchors):
            raise Invalid(f"Say on {STEPS} lines what 0, 1, 2, 3, 4 and 5 mean.", field=f"anchors_{index}")
        seen.add(item.name.strip().casefold())
    together = sum(item.weight for item in criteria)
    if criteria and together != WHOLE:
        raise Invalid(f"The weights sum to {together}; they have to sum to {WHOLE}.", field="weight_0")


IMPACT = ("Nobody would notice.", "A few people, a little.", "Some users, for a while.", "Many users, or a few a lot.",
          "Wide reach, with signs that others depend on it.", "Wide reach, shown by evidence, and hard to get otherwise.")  # fmt: skip
FEASIBLE = ("No plan.", "A wish; the first step is unclear.", "A plan with large gaps.", "A sound plan; one risk is open.",
            "A sound plan that names its risks.", "Sound, with the risks tried out already.")  # fmt: skip
PEOPLE = ("Nothing to go by.", "New to this kind of work.", "Some related work.", "Did similar work before.",
          "Delivered what was promised, late at most once.", "Delivered this kind of work here, repeatedly.")  # fmt: skip
COST = ("Out of proportion.", "Far more days than it needs.", "Some parts look long.", "About right.",
        "Right, with the days explained.", "Modest for what it brings.")  # fmt: skip
OPEN = ("Closed.", "Open in name; nobody could take it over.", "Open; the knowledge stays with one person.",
        "Open and documented.", "Others are prepared to keep it up.", "Others keep it up, and that is agreed.")  # fmt: skip

FULL = (
    Terms("Impact", "Who is better off, and how many of them", 30, IMPACT),
    Terms("Feasibility", "Plan, risks, and what happens if it takes longer", 25, FEASIBLE),
    Terms("People", "Whether these people can do it, by what they did before", 15, PEOPLE, may_skip=True),
    Terms("Cost", "Days asked for against what comes out", 20, COST),
    Terms("Openness", "Licence, upkeep and hand-over", 10, OPEN, may_skip=True),
)
LIGHT = (
    Terms("Use", "Who is better off, and how many of them", 50, IMPACT),
    Terms("Plan", "Whether these days can show what they promise", 50, FEASIBLE),
)
PRESETS: dict[str, tuple[str, Sequence[Terms]]] = {
    "full": ("Five criteria", FULL),
    "light": ("Two criteria, for short and discovery work", LIGHT),
}
