"""What a rubric is, and two to begin with: the full one, and a light one for short and discovery work.

Value types only. A call's own criteria are rows (models.Criterion), written by services/rubric.py while the call is a draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
        raise Invalid(_("A call has at most {most_criteria} criteria.").format(most_criteria=MOST_CRITERIA))
    seen: set[str] = set()
    for index, item in enumerate(criteria):
        if not item.name.strip():
            raise Invalid(_("Give the criterion a name."), field=f"name_{index}")
        if item.name.strip().casefold() in seen:
            raise Invalid(_("Another criterion has this name already."), field=f"name_{index}")
        if not item.asks.strip():
            raise Invalid(_("Say what this criterion asks."), field=f"asks_{index}")
        if not 1 <= item.weight <= WHOLE:
            raise Invalid(_("Enter a weight from 1 to 100."), field=f"weight_{index}")
        if len(item.anchors) != STEPS or not all(anchor.strip() for anchor in item.anchors):
            raise Invalid(_("Say on {steps} lines what 0, 1, 2, 3, 4 and 5 mean.").format(steps=STEPS), field=f"anchors_{index}")
        seen.add(item.name.strip().casefold())
    together = sum(item.weight for item in criteria)
    if criteria and together != WHOLE:
        raise Invalid(
            _("The weights sum to {together}; they have to sum to {whole}.").format(together=together, whole=WHOLE), field="weight_0"
        )


IMPACT = (gettext_lazy("Nobody would notice."), gettext_lazy("A few people, a little."), gettext_lazy("Some users, for a while."), gettext_lazy("Many users, or a few a lot."),
          gettext_lazy("Wide reach, with signs that others depend on it."), gettext_lazy("Wide reach, shown by evidence, and hard to get otherwise."))  # fmt: skip
FEASIBLE = (gettext_lazy("No plan."), gettext_lazy("A wish; the first step is unclear."), gettext_lazy("A plan with large gaps."), gettext_lazy("A sound plan; one risk is open."),
            gettext_lazy("A sound plan that names its risks."), gettext_lazy("Sound, with the risks tried out already."))  # fmt: skip
PEOPLE = (gettext_lazy("Nothing to go by."), gettext_lazy("New to this kind of work."), gettext_lazy("Some related work."), gettext_lazy("Did similar work before."),
          gettext_lazy("Delivered what was promised, late at most once."), gettext_lazy("Delivered this kind of work here, repeatedly."))  # fmt: skip
COST = (gettext_lazy("Out of proportion."), gettext_lazy("Far more days than it needs."), gettext_lazy("Some parts look long."), gettext_lazy("About right."),
        gettext_lazy("Right, with the days explained."), gettext_lazy("Modest for what it brings."))  # fmt: skip
OPEN = (gettext_lazy("Closed."), gettext_lazy("Open in name; nobody could take it over."), gettext_lazy("Open; the knowledge stays with one person."),
        gettext_lazy("Open and documented."), gettext_lazy("Others are prepared to keep it up."), gettext_lazy("Others keep it up, and that is agreed."))  # fmt: skip

FULL = (
    Terms(gettext_lazy("Impact"), gettext_lazy("Who is better off, and how many of them"), 30, IMPACT),
    Terms(gettext_lazy("Feasibility"), gettext_lazy("Plan, risks, and what happens if it takes longer"), 25, FEASIBLE),
    Terms(gettext_lazy("People"), gettext_lazy("Whether these people can do it, by what they did before"), 15, PEOPLE, may_skip=True),
    Terms(gettext_lazy("Cost"), gettext_lazy("Days asked for against what comes out"), 20, COST),
    Terms(gettext_lazy("Openness"), gettext_lazy("Licence, upkeep and hand-over"), 10, OPEN, may_skip=True),
)
LIGHT = (
    Terms(gettext_lazy("Use"), gettext_lazy("Who is better off, and how many of them"), 50, IMPACT),
    Terms(gettext_lazy("Plan"), gettext_lazy("Whether these days can show what they promise"), 50, FEASIBLE),
)
PRESETS: dict[str, tuple[str, Sequence[Terms]]] = {
    "full": (gettext_lazy("Five criteria"), FULL),
    "light": (gettext_lazy("Two criteria, for short and discovery work"), LIGHT),
}
