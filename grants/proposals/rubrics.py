"""What a rubric is, and two to begin with: the full one, and a light one for short and discovery work.

Value types only. A call's own criteria are rows (models.Criterion), written by services/rubric.py while the call is a draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from funding.errors import Invalid

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

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
        raise Invalid(_("A call has at most {most} criteria.").format(most=MOST_CRITERIA))
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


def _steps(lines: str) -> Anchors:
    return tuple(lines.split("\n"))


IMPACT = _steps(
    gettext_noop(
        "Nobody would notice.\n"
        "A few people, a little.\n"
        "Some users, for a while.\n"
        "Many users, or a few a lot.\n"
        "Wide reach, with signs that others depend on it.\n"
        "Wide reach, shown by evidence, and hard to get otherwise."
    )
)
FEASIBLE = _steps(
    gettext_noop(
        "No plan.\n"
        "A wish; the first step is unclear.\n"
        "A plan with large gaps.\n"
        "A sound plan; one risk is open.\n"
        "A sound plan that names its risks.\n"
        "Sound, with the risks tried out already."
    )
)
PEOPLE = _steps(
    gettext_noop(
        "Nothing to go by.\n"
        "New to this kind of work.\n"
        "Some related work.\n"
        "Did similar work before.\n"
        "Delivered what was promised, late at most once.\n"
        "Delivered this kind of work here, repeatedly."
    )
)
COST = _steps(
    gettext_noop(
        "Out of proportion.\n"
        "Far more days than it needs.\n"
        "Some parts look long.\n"
        "About right.\n"
        "Right, with the days explained.\n"
        "Modest for what it brings."
    )
)
OPEN = _steps(
    gettext_noop(
        "Closed.\n"
        "Open in name; nobody could take it over.\n"
        "Open; the knowledge stays with one person.\n"
        "Open and documented.\n"
        "Others are prepared to keep it up.\n"
        "Others keep it up, and that is agreed."
    )
)

FULL = (
    Terms(gettext_noop("Impact"), gettext_noop("Who is better off, and how many of them"), 30, IMPACT),
    Terms(gettext_noop("Feasibility"), gettext_noop("Plan, risks, and what happens if it takes longer"), 25, FEASIBLE),
    Terms(gettext_noop("People"), gettext_noop("Whether these people can do it, by what they did before"), 15, PEOPLE, may_skip=True),
    Terms(gettext_noop("Cost"), gettext_noop("Days asked for against what comes out"), 20, COST),
    Terms(gettext_noop("Openness"), gettext_noop("Licence, upkeep and hand-over"), 10, OPEN, may_skip=True),
)
LIGHT = (
    Terms(gettext_noop("Use"), gettext_noop("Who is better off, and how many of them"), 50, IMPACT),
    Terms(gettext_noop("Plan"), gettext_noop("Whether these days can show what they promise"), 50, FEASIBLE),
)
PRESETS: dict[str, tuple[StrOrPromise, Sequence[Terms]]] = {
    "full": (gettext_lazy("Five criteria"), FULL),
    "light": (gettext_lazy("Two criteria, for short and discovery work"), LIGHT),
}


def translated(terms: Sequence[Terms]) -> list[Terms]:
    """A preset in the language of whoever writes the call. What they save of it is theirs."""
    made = []
    for item in terms:
        anchors = "\n".join(item.anchors)
        made.append(replace(item, name=_(item.name), asks=_(item.asks), anchors=_steps(_(anchors))))
    return made
