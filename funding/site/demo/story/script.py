"""What happens on which day. Day 0 is a Monday six weeks before the present week; `on(2, TUE)` is Tuesday of the third week.

Everything that later days need has happened by the end of the sixth week; scenes of the seventh play as far as today allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from funding.site.demo.story import deciding, founding, giving, hosted, raising, working
from funding.site.demo.story.deciding import Offer
from funding.site.demo.story.founding import ProjectPlan, TierPlan
from funding.site.demo.story.giving import PERSON, Joining
from funding.site.demo.story.raising import GoalPlan, Promise

MON, TUE, WED, THU, FRI = range(5)


def on(week: int, weekday: int) -> int:
    return 7 * week + weekday


@dataclass(frozen=True, slots=True)
class Scene:
    """One line of progress and what is done behind it."""

    day: int
    line: str
    act: Callable[[], None]


QUILLON = ProjectPlan(
    slug="quillon",
    name="Quillon",
    summary="The streaming parser underneath 41,000 packages.",
    headline="Marit Solheim can work for your company full time.",
    story=(
        "Marit Solheim and Theo Brandt maintain Quillon, a streaming parser for structured files. No single company needs to hire "
        "a maintainer for it. A hundred of them can share one: each seat buys one fifth of a working day a month.\n\n"
        "### What the days go to\n\n- Reports from users, answered or closed within a week\n- Releases with notes\n"
        "- Fuzzing, because Quillon reads files from strangers\n\nEvery half day is written up here and approved by somebody else."
    ),
    homepage="https://quillon.example",
    maintainer="theo",
)
HARROW = ProjectPlan(
    slug="harrow",
    name="Harrow",
    summary="A toolchain that builds the same firmware twice.",
    headline="Harrow can build the same bytes twice.",
    story="Two people who build the same Harrow release should get the same bytes. Today they do not.",
    homepage="https://harrow.example",
    maintainer="inger",
    target_days=10,
)
BRIEF = (
    "Offer days of work on **Quillon**: what will exist afterwards, how many days it takes, and how anybody can check it.\n\n"
    "The committee reads each proposal when it arrives. Ask for at most ten days."
)
INDIVIDUAL = TierPlan(
    "Individual", 15, "person", "For people who use it.", "Your name in the book, or no name\nA monthly note on what it paid for"
)
SEAT = TierPlan(
    "Company seat",
    100,
    "company",
    "A full-time maintainer, shared with the other seats.",
    "One fifth of a working day a month\nA receipt for each payment\nA report to forward to finance",
)
WHOLE_DAY = TierPlan(
    "Whole day", 500, "anyone", "One full day of work a month.", "Everything in a company seat\nYour day named in the work log"
)

SPONSORS = (
    Joining(on(0, TUE), "Bracken & Lowe Ltd", "june@bracken-lowe.example", "Company seat", who="june", country="GB"),
    Joining(on(0, TUE), "Idris Bellamy", "idris@mail.example", "Individual", kind=PERSON, who="idris", country="GB"),
    Joining(on(0, WED), "Harwick Systems", "billing@harwick.example", "Whole day", country="US"),
    Joining(on(0, WED), "Aldermoor Labs", "office@aldermoor.example", "Company seat", country="US"),
    Joining(on(0, THU), "Corvid Freight", "finance@corvid.example", "Company seat", country="DK"),
    Joining(on(0, FRI), "Saltmarsh Energy", "accounts@saltmarsh.example", "Whole day", country="NO", card=hosted.PAYS_ONCE),
    Joining(on(1, MON), "Northgate Bank", "open-source@northgate.example", "Whole day", country="SE"),
    Joining(on(1, MON), "Tamsin Reyes", "tamsin@mail.example", "Individual", kind=PERSON, naming="unnamed", country="US"),
    Joining(on(1, TUE), "Pemberton GmbH", "einkauf@pemberton.example", "Company seat", country="DE"),
    Joining(on(1, TUE), "Dune & Daughters", "hello@dune.example", "Company seat", country="FR"),
    Joining(on(1, WED), "Quiet Harbour AS", "post@quiet-harbour.example", "Company seat", naming="secret"),
    Joining(on(1, THU), "Oskar Nyberg", "oskar@mail.example", "Individual", kind=PERSON, country="SE"),
    Joining(on(1, FRI), "Larkspur Tools", "pay@larkspur.example", "Company seat", project="harrow", country="NL"),
)

FUZZING = GoalPlan(
    "fuzz-every-entry-point",
    "quillon",
    "theo",
    "Fuzz every parser entry point",
    "Twelve days for six new harnesses, a nightly run, and fixing what turns up.",
    "Quillon reads files from strangers. Six of its nine entry points have never been fuzzed.\n\n### What will exist\n\n"
    "- Six new harnesses in the repository\n- A run each night, with its findings in the open\n- Fixes for what turns up",
    half_days=24,
    minimum=5_800,
    runs_for=45,
)
PROMISES = (
    Promise(on(3, TUE), "Northgate Bank", "open-source@northgate.example", 1_500, country="SE"),
    Promise(on(3, TUE), "Idris Bellamy", "idris@mail.example", 60, kind=PERSON, who="idris"),
    Promise(on(3, WED), "Harwick Systems", "billing@harwick.example", 1_000, country="US"),
    Promise(on(3, THU), "Tamsin Reyes", "tamsin@mail.example", 40, kind=PERSON, naming="unnamed"),
    Promise(on(4, MON), "Bracken & Lowe Ltd", "june@bracken-lowe.example", 500, country="GB", who="june"),
    Promise(on(4, WED), "Wilhelmina Ekström", "mina@mail.example", 100, kind=PERSON),
)

OVERFLOW = Offer(
    "marit",
    "Close the overflow class in the chunk readers",
    "Two chunk readers trust a length that comes from the file. We fixed one report in September; the same mistake is in the other "
    "readers. I would rewrite them on one checked helper, with a test file for each.",
    "A release in which no reader trusts a length from the file, with its test files.",
    half_days=8,
)
WEBSITE = Offer(
    "theo",
    "A new website for Quillon",
    "The website is five years old. I would write a new one, with a logo and a page for each version.",
    "A new website at the same address.",
    half_days=12,
)
NAMESPACES = Offer(
    "inger",
    "Carry namespaces through the streaming interface",
    "Harrow reads its manifests with Quillon and loses the namespace of each element on the way. I would carry it through the "
    "streaming interface without a copy, and measure that nothing gets slower.",
    "Namespaces in the streaming interface, with a benchmark before and after.",
    half_days=6,
)
FUND, DECLINE = "fund", "decline"


def scenes() -> list[Scene]:
    """The whole story in order."""
    return [*_opening(), *_sponsors(), *_decisions(), *_work(), *_goal(), *_present()]


def _opening() -> list[Scene]:
    tiers = [("quillon", "theo", plan) for plan in (INDIVIDUAL, SEAT, WHOLE_DAY)] + [
        ("harrow", "inger", plan) for plan in (INDIVIDUAL, SEAT)
    ]
    return [
        Scene(0, "Ingrid Halvorsen sets up the Fjord Open Source Fund", founding.open_host),
        Scene(0, "She names two treasurers and an auditor", partial(founding.give_roles, "host")),
        Scene(0, "Quillon opens", partial(founding.add_project, QUILLON)),
        Scene(0, "Harrow opens", partial(founding.add_project, HARROW)),
        *(
            Scene(
                0, f"{slug.title()} publishes {plan.name}, ${plan.amount} a month", partial(founding.publish_tier, slug, who, place, plan)
            )
            for place, (slug, who, plan) in enumerate(tiers)
        ),
        Scene(0, "Five people form the committee", founding.seat_committee),
        *(Scene(0, f"{name} agrees a day rate", partial(founding.agree_rate, name.lower())) for name in ("Marit", "Theo", "Inger")),
        Scene(0, "The committee calls for proposals", partial(founding.open_call, BRIEF)),
    ]


def _sponsors() -> list[Scene]:
    return [Scene(plan.day, f"{plan.name} joins: {plan.tier}", partial(giving.join, plan)) for plan in SPONSORS]


def _goal() -> list[Scene]:
    """A goal that is open in the present, and short of its minimum: a visitor's pledge can decide it."""
    return [
        Scene(on(3, MON), "Theo publishes a goal: twelve days of fuzzing", partial(raising.publish, FUZZING)),
        *(Scene(it.day, f"{it.name} pledges ${it.amount}", partial(raising.pledge, FUZZING, it)) for it in PROMISES),
    ]


def _decisions() -> list[Scene]:
    everyone = ("hanne", "lena", "adaeze", "jonas", "priya")
    return [
        Scene(on(1, TUE), "Marit asks for 4 days", partial(deciding.submit, OVERFLOW)),
        Scene(on(1, WED), "Theo asks for 6 days", partial(deciding.submit, WEBSITE)),
        Scene(on(1, THU), "The committee declares; Priya is recused from Marit's proposal", partial(deciding.declare, OVERFLOW, *everyone)),
        Scene(on(1, THU), "The committee declares on Theo's", partial(deciding.declare, WEBSITE, *everyone)),
        Scene(
            on(1, FRI),
            "Lena reviews Marit's",
            partial(
                deciding.review,
                OVERFLOW,
                "lena",
                FUND,
                "The mistake is real and the plan names every reader. Worth the days.",
                points=(4, 4, 5, 4, 3),
            ),
        ),
        Scene(
            on(1, FRI),
            "Jonas reviews Marit's",
            partial(
                deciding.review,
                OVERFLOW,
                "jonas",
                FUND,
                "Small, checkable, and due.",
                "Ask for the test files in the first release.",
                points=(5, 4, 4, 4, 3),
            ),
        ),
        Scene(
            on(1, FRI),
            "Adaeze reviews Theo's",
            partial(
                deciding.review,
                WEBSITE,
                "adaeze",
                DECLINE,
                "The present site works; days for the parser matter more now.",
                points=(1, 3, 4, 1, 3),
            ),
        ),
        Scene(
            on(1, FRI),
            "Priya reviews Theo's",
            partial(
                deciding.review,
                WEBSITE,
                "priya",
                DECLINE,
                "A page for each version is useful. A logo is not what sponsors pay for.",
                points=(2, 3, 4, 2, 3),
            ),
        ),
        Scene(
            on(2, MON),
            "The committee funds Marit's 4 days",
            partial(
                deciding.decide,
                OVERFLOW,
                {"hanne": "for", "lena": "for", "jonas": "for", "adaeze": "abstain"},
                "The same mistake sits in several readers that open files from strangers. The plan names each of them and can be checked.",
            ),
        ),
        Scene(
            on(2, TUE),
            "The committee declines Theo's",
            partial(
                deciding.decide,
                WEBSITE,
                {"hanne": "against", "lena": "for", "jonas": "against", "adaeze": "against", "priya": "against"},
                "The present website serves its readers. The committee would look again at a page for each version.",
            ),
        ),
    ]


def _work() -> list[Scene]:
    changes = "https://quillon.example/changes"
    return [
        Scene(on(2, TUE), "Marit sets up her account", partial(working.set_up_account, "marit", "NO")),
        Scene(
            on(2, WED),
            "Marit works a day",
            partial(working.log, "marit", "day", "Checked helper for lengths, with tests", f"{changes}/2198"),
        ),
        Scene(
            on(2, FRI),
            "Marit works a morning",
            partial(working.log, "marit", "morning", "Chunk reader rewritten on the helper", f"{changes}/2203"),
        ),
        Scene(on(2, FRI), "Theo approves", partial(working.approve, "theo", "marit")),
        Scene(
            on(3, TUE), "Marit works a day", partial(working.log, "marit", "day", "Table and index readers rewritten", f"{changes}/2209")
        ),
        Scene(on(3, FRI), "Theo approves", partial(working.approve, "theo", "marit")),
        Scene(on(4, WED), "Solveig prepares a payout run", partial(working.prepare_run, "solveig")),
        Scene(on(4, THU), "Mateus releases it", partial(working.release_run, "mateus")),
        Scene(
            on(4, FRI),
            "Marit works a morning",
            partial(working.log, "marit", "morning", "Released 4.8.2 and wrote the notes", f"{changes}/2214"),
        ),
    ]


def _present() -> list[Scene]:
    """What is left for the visitor: days to approve and to pay, and a proposal that the committee is reading."""
    return [
        Scene(on(5, MON), "Theo approves", partial(working.approve, "theo", "marit")),
        Scene(on(5, TUE), "Inger asks for 3 days", partial(deciding.submit, NAMESPACES)),
        Scene(on(5, WED), "Three members declare on Inger's", partial(deciding.declare, NAMESPACES, "hanne", "adaeze", "jonas")),
        Scene(
            on(5, THU),
            "Jonas reviews Inger's",
            partial(
                deciding.review,
                NAMESPACES,
                "jonas",
                FUND,
                "It removes a workaround that every reader of manifests carries.",
                points=(4, 4, 5, 5, 4),
            ),
        ),
        Scene(
            on(5, FRI),
            "Marit works a morning",
            partial(working.log, "marit", "morning", "Fuzzed the new readers overnight, two findings fixed"),
        ),
    ]
