"""Two calls and six proposals: three funded, one of them with somebody stepping back, one declined, one approved that waits
for money, and one that the committee is reading."""

from __future__ import annotations

from functools import partial

from funding.site.demo.story import deciding
from funding.site.demo.story.award import LINE
from funding.site.demo.story.deciding import CHANGES, DECLINE, FUND, CallPlan, Offer, Opinion
from funding.site.demo.story.founding import EMPLOYER
from funding.site.demo.story.scene import Scene
from funding.site.demo.story.when import MONTHS, When, ago, on

MAINTENANCE = CallPlan(
    "maintenance",
    "Days of maintenance",
    "Offer days of work on **Quillon**: what will exist afterwards, how many days it takes, and how anybody can check it.\n\n"
    "The committee reads each proposal when it arrives. Ask for at most forty days.",
    ("award-steady-ground", "quillon"),
    40,
)
WINTER = CallPlan(
    "winter-grants",
    "Winter grants",
    "Work on any project here that many people depend on and nobody pays for yet: security, builds that can be repeated, and the "
    "things that only their absence makes visible.\n\nAsk for at most thirty days.",
    ("goal-rebuild-farm", "harrow", "host-usd"),
    30,
    runs_for=90,
)

OVERFLOW = Offer(
    "maintenance",
    "marit",
    "quillon",
    "Close the overflow class in the chunk readers",
    "Two chunk readers trust a length that comes from the file. We fixed one report in March; the same mistake is in the other "
    "readers. I would rewrite them on one checked routine, with a test file for each.",
    "A release in which no reader trusts a length from the file, with its test files.",
    6,
)
WEBSITE = Offer(
    "maintenance",
    "theo",
    "quillon",
    "A new website for Quillon",
    "The website is five years old. I would write a new one, with a logo and a page for each version.",
    "A new website at the same address.",
    6,
)
TRIAGE = Offer(
    "maintenance",
    "theo",
    "quillon",
    "Triage, reviews and releases until winter",
    "Reports wait for three weeks on average. Four days a month bring that down to one, and leave time for a release every six weeks.",
    "Every report answered within a week; a release every six weeks; both can be read from the tracker.",
    16,
    EMPLOYER,
)
NAMESPACES = Offer(
    "maintenance",
    "marit",
    "quillon",
    "Rewrite the namespace layer",
    "Namespaces are resolved in three places that disagree. I would resolve them once, in the reader, in five parts that can each be "
    "released. The old behaviour stays behind a switch for a year.",
    "One place that resolves namespaces, five releases, and a guide for those who used the old behaviour.",
    38,
)
FUZZING = Offer(
    "winter-grants",
    "theo",
    "quillon",
    "Fuzz every parser entry point",
    "Quillon reads files from strangers. Six of its nine entry points have never been fuzzed. Twelve days cover six new harnesses, a "
    "nightly run, and fixing what turns up.",
    "Nine harnesses in the repository, a run each night with its findings in the open, and fixes for what turns up.",
    12,
    EMPLOYER,
)
BUILDS = Offer(
    "winter-grants",
    "inger",
    "harrow",
    "Deterministic builds for the Harrow toolchain",
    "Two people building the same Harrow release today get different bytes. We want anyone to be able to rebuild a release and get "
    "exactly the file we published.\n\nHarrow compiles firmware for about 900 device families. Builds differ because of link order, "
    "embedded paths and timestamps. We would remove those sources one at a time, add a rebuild farm that checks every release against "
    "two independent machines, and publish the result next to each download.\n\n- Stable link order and maps: 10 days\n"
    "- Rebuild farm and checks: 9 days\n- Guide and hand-over: 5 days\n\n### What could go wrong\n\nThe vendor linker may not accept "
    "ordered input. If it does not by day six, we stop, publish what we learned, and return the remaining days to the pool.",
    "Anyone can rebuild a Harrow release and get the published file; the farm says so beside each download.",
    24,
)

OVERFLOW_READ = (
    Opinion("lena", FUND, (4, 4, 5, 4, 3), "The mistake is real and the plan names every reader. Worth the days."),
    Opinion("jonas", FUND, (5, 4, 4, 4, 3), "Small, checkable, and due.", "Ask for the test files in the first release."),
)
WEBSITE_READ = (
    Opinion("adaeze", DECLINE, (1, 3, 4, 1, 3), "The present site works; days for the parser matter more now."),
    Opinion("priya", DECLINE, (2, 3, 4, 2, 3), "A page for each version is useful. A logo is not what sponsors pay for."),
)
TRIAGE_READ = (
    Opinion("lena", FUND, (4, 4, 4, 3, 4), "Three weeks of waiting is what users notice first. It can be checked every month."),
    Opinion("samuel", FUND, (4, 5, 4, 4, 3), "Plain, useful and modest."),
)
NAMESPACES_READ = (
    Opinion("adaeze", FUND, (5, 3, 5, 4, 4), "Long overdue. That each part can be released by itself is what makes it safe."),
    Opinion("jonas", CHANGES, (4, 3, 5, 3, 4), "Right work. The switch for the old behaviour should say from the start when it goes."),
    Opinion("samuel", FUND, (5, 4, 4, 3, 4), "Every user of namespaces has written a workaround for this."),
)
FUZZING_READ = (
    Opinion("adaeze", FUND, (5, 5, 4, 4, 4), "It reads files from strangers, so this is not optional."),
    Opinion("priya", FUND, (5, 4, 4, 5, 4), "Twelve days for nine entry points is modest."),
)
ADAEZE = Opinion(
    "adaeze", FUND, (5, 4, 4, 3, 4), "Firmware that nobody can rebuild is trusted blindly today. The measurements are convincing."
)
JONAS = Opinion(
    "jonas", CHANGES, (4, 4, 4, 2, 4), "Strong case. Five days for the guide looks long; three would do if the farm explains itself."
)
LENA = Opinion(
    "lena",
    CHANGES,
    (5, 4, 4, 3, None),
    "The case is clear and the measurements are convincing. Five days for the guide looks long; three would do if the farm documents "
    "itself.",
    "Ask at the meeting whether the vendor has answered about the linker.",
    sealed=False,
)
MEMBERS = ("hanne", "lena", "adaeze", "jonas", "samuel", "priya")
ALL_FOR = dict.fromkeys(("hanne", "lena", "adaeze", "jonas"), "for")


def scenes() -> list[Scene]:
    return [
        Scene(on(MONTHS, 1), "The committee calls for days of maintenance", partial(deciding.open_call, MAINTENANCE)),
        *_decided(
            OVERFLOW,
            (on(6, 2), on(6, 4), on(6, 12), on(6, 16)),
            OVERFLOW_READ,
            ALL_FOR | {"adaeze": "abstain"},
            "The same mistake sits in several readers that open files from strangers. The plan names each of them and can be checked.",
        ),
        *_decided(
            WEBSITE,
            (on(6, 3), on(6, 5), on(6, 15), on(6, 18)),
            WEBSITE_READ,
            {"hanne": "against", "lena": "for", "jonas": "against", "adaeze": "against", "priya": "against"},
            "The present website serves its readers. The committee would look again at a page for each version.",
        ),
        *_decided(
            TRIAGE,
            (on(5, 6), on(5, 8), on(5, 17), on(5, 22)),
            TRIAGE_READ,
            ALL_FOR,
            "Answering reports within a week is what keeps users and finds the next maintainers. The tracker shows whether it happens.",
            line=LINE,
        ),
        *_decided(
            NAMESPACES,
            (on(3, 27), on(2, 1), on(2, 9), on(2, 20)),
            NAMESPACES_READ,
            ALL_FOR | {"samuel": "for"},
            "Namespaces that disagree cost every user time. The work comes in parts, and the committee reads a report after the third.",
            line=LINE,
        ),
        Scene(ago(62), "The committee opens its winter call", partial(deciding.open_call, WINTER)),
        *_decided(
            FUZZING,
            (ago(56), ago(54), ago(44), ago(33)),
            FUZZING_READ,
            ALL_FOR | {"priya": "for"},
            "It should be done and the funds of this call cannot pay for it now. It begins as soon as the money is found.",
            wait=True,
        ),
        Scene(ago(15), "Inger asks for 24 days for Harrow", partial(deciding.submit, BUILDS)),
        Scene(
            ago(9),
            "The committee declares; Priya steps back",
            partial(deciding.declare, BUILDS, MEMBERS[:-1], {"priya": "I advise Inger Dahl's team one day a week."}),
        ),
        Scene(ago(4), "Adaeze seals a review", partial(deciding.review, BUILDS, ADAEZE)),
        Scene(ago(1), "Jonas seals a review", partial(deciding.review, BUILDS, JONAS)),
        Scene(ago(0), "Lena begins a review", partial(deciding.review, BUILDS, LENA)),
    ]


def _decided(
    offer: Offer,
    days: tuple[When, When, When, When],
    opinions: tuple[Opinion, ...],
    votes: dict[str, str],
    reasons: str,
    line: str = "",
    wait: bool = False,
) -> list[Scene]:
    submitted, declared, read, decided = days
    who = offer.applicant.title()
    return [
        Scene(submitted, f"{who} asks for {offer.days} days", partial(deciding.submit, offer)),
        Scene(declared, f"The committee declares on {who}'s proposal", partial(deciding.declare, offer, MEMBERS, {})),
        *(Scene(read, f"{it.member.title()} seals a review", partial(deciding.review, offer, it)) for it in opinions),
        Scene(decided, f"The committee decides on “{offer.title}”", partial(deciding.decide, offer, votes, reasons, line, wait)),
    ]
