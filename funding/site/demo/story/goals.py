"""Three goals: one that was reached, one that was not, and one that is open in the present and raised for approved work."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from funding.site.demo.story import calls, giving, hosted, raising
from funding.site.demo.story.giving import COMPANY, PERSON
from funding.site.demo.story.raising import GoalPlan, Promise
from funding.site.demo.story.scene import Scene
from funding.site.demo.story.sponsors import INDIVIDUALS, SEATS, rows
from funding.site.demo.story.when import When, ago, on

FARM = GoalPlan(
    "rebuild-farm",
    "harrow",
    "inger",
    "A rebuild farm for Harrow",
    "Two machines that rebuild every release and say whether the bytes agree.",
    "A build that only we can repeat has to be believed. Two machines that are not ours, and that rebuild every release, need not be.\n\n"
    "### What will exist\n\n- Two machines in two countries\n- A page that says of each release whether both got its bytes",
    days=24,
    minimum=9_000,
    runs_for=45,
)
FERRIES = GoalPlan(
    "ferry-feeds",
    "tern",
    "kofi",
    "Read the ferries of the Baltic",
    "Eight days for the timetables of eleven ferry lines.",
    "Eleven lines publish their timetables in eleven ways. Eight days would read them all, with tests that say when one changes.",
    days=8,
    minimum=4_000,
    runs_for=30,
)
FUZZING = GoalPlan(
    "fuzz-every-entry-point",
    "quillon",
    "marit",
    calls.FUZZING.title,
    "Twelve days for six new harnesses, a nightly run, and fixing what turns up.",
    "Quillon reads files from strangers. Six of its nine entry points have never been fuzzed.\n\n### The plan\n\n"
    "- Six new harnesses in the repository\n- A run each night, with its findings in the open\n- Fixes for what turns up\n\n"
    "### What could go wrong\n\nWhat turns up may take longer than the days that are left. Then the worst is fixed first, and the rest "
    "is written down in the open.",
    days=12,
    minimum=5_980,
    runs_for=45,
    waits_for=calls.FUZZING,
)

FARM_PLEDGES = (
    (on(5, 6), "Northgate Bank", COMPANY, 2_500),
    (on(5, 6), "Halden Robotics", COMPANY, 2_000),
    (on(5, 6), "Hiroshi Tanabe", PERSON, 50),
    (on(5, 12), "Grimsel Firmware", COMPANY, 3_000),
    (on(5, 12), "Signe Dam", PERSON, 50),
    (on(5, 18), "Vantor Logistik", COMPANY, 1_500),
    (on(5, 18), "Juniper Grid", COMPANY, 1_500),
    (on(5, 18), "Leif Aronsen", PERSON, 25),
    (on(5, 25), "Tallinn Embedded", COMPANY, 1_000),
    (on(5, 25), "Lindgren Maritime", COMPANY, 1_000),
)
REFUSED = "Signe Dam"
"""Whose card is refused when the goal is collected, for a week, until the pledge is dropped."""
FERRY_PLEDGES = (
    (on(3, 9), "Zephyr Ferries", COMPANY, 500),
    (on(3, 9), "Hanneke Visser", PERSON, 40),
    (on(3, 15), "Tobias Rask", PERSON, 25),
    (on(3, 22), "Havgaard Shipping", COMPANY, 250),
)
FUZZING_SUMS = (1_000, 500, 500, *(250,) * 4, *(100,) * 8, *(25,) * 4, *(20,) * 18)
"""What the first sponsors of Quillon pledge, one after the other. After the fees it buys 8½ days."""

Pledges = Sequence[tuple[When, Promise]]


def few() -> list[Scene]:
    """All three goals, the open one with its first pledges only."""
    return scenes(pledges=4)


def scenes(*, pledges: int = len(FUZZING_SUMS)) -> list[Scene]:
    return [
        *_told(FARM, on(5, 4), [_promise(*row) for row in FARM_PLEDGES]),
        *_told(FERRIES, on(3, 6), [_promise(*row) for row in FERRY_PLEDGES]),
        *_told(FUZZING, ago(26), _of_sponsors()[:pledges]),
    ]


def _promise(when: When, name: str, kind: str, amount: int) -> tuple[When, Promise]:
    card = hosted.PAYS_ONCE if name == REFUSED else hosted.VISA
    return when, Promise(name, giving.address_of(name, kind), amount, kind, card=card)


def _of_sponsors() -> Pledges:
    sponsors = [*list(rows(SEATS, "Company seat"))[1:16], *list(rows(INDIVIDUALS, "Individual"))[:22]]
    days = [ago(25 - place * 24 // len(FUZZING_SUMS)) for place in range(len(FUZZING_SUMS))]
    return [
        (when, Promise(it.name, it.email, amount, it.kind, it.country, it.naming))
        for when, it, amount in zip(days, sponsors, FUZZING_SUMS, strict=True)
    ]


def _told(goal: GoalPlan, published: When, pledges: Pledges) -> list[Scene]:
    return [
        Scene(published, f"{goal.who.title()} publishes a goal: {goal.title}", partial(raising.publish, goal)),
        *(Scene(when, f"{it.name} pledges ${it.amount:,}", partial(raising.pledge, goal, it), leaves=False) for when, it in pledges),
    ]
