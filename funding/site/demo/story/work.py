"""The days that were worked, who approved them, and the five runs that paid, each at the end of a month."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from funding.site.demo.story import calls, working
from funding.site.demo.story.founding import EMPLOYER
from funding.site.demo.story.scene import Scene
from funding.site.demo.story.when import When, on, workday, workdays_ago

CHANGES = "https://quillon.example/changes"
TITLES = {"overflow": calls.OVERFLOW.title, "triage": calls.TRIAGE.title, "names": calls.NAMESPACES.title}

DAYS = """
6 14 day marit overflow Checked routine for lengths, with tests (#2031)
6 16 day marit overflow First chunk reader rewritten on the routine (#2034)
5 02 day marit overflow Table reader rewritten (#2040)
5 06 day marit overflow Index reader rewritten, one more of the same mistake found (#2047)
5 11 day marit overflow Test files for every reader
5 17 day theo triage Eleven reports answered, four closed
4 03 day marit overflow Released 4.8 with the checked readers
4 05 day theo triage Reviewed nine pull requests, merged five
4 12 day theo triage Triage: 22 issues answered or closed
4 17 day theo triage Released 4.8.1 and wrote the notes
3 04 day theo triage Reviewed seven pull requests, merged six
3 10 day theo triage Triage: 18 issues answered or closed
3 16 am theo triage Answered the packagers of two distributions
2 03 day theo triage Triage: 27 issues answered or closed
2 09 day theo triage Released 4.8.2 and wrote the notes
2 14 day theo triage Reviewed twelve pull requests, merged eight
2 16 day marit names Wrote down what the three places do today (#2161)
2 17 am marit names Agreed the new rule with the packagers (#2165)
2 18 day marit names Tests for every case in which they disagree (#2166)
1 01 day marit names Namespace rewrite, first part (#2170)
1 02 day theo triage Triage: 24 issues answered or closed
1 03 day marit names Namespace rewrite, first part (#2170)
1 04 am marit names Benchmarks of the first part
1 05 day theo triage Reviewed ten pull requests, merged seven
1 07 day marit names Namespace rewrite, second part (#2188)
1 08 day marit names Namespace rewrite, second part (#2188)
1 09 day theo triage Answered 14 reports about the first part
1 10 day marit names Second part: the cases of the office formats
1 11 day marit names Second part: review and fixes (#2193)
1 13 day marit names Fixed the chunk reader overflow that a user met (#2198)
1 14 day theo triage Triage: 19 issues answered or closed
1 15 day marit names Released the second part for trial, and answered
1 16 day marit names Guide for those who used the old behaviour, first half
0 01 day marit names Namespace rewrite, third part begun (#2205)
0 02 day theo triage Triage: 25 issues answered or closed
0 03 day marit names Third part: entities and defaults (#2205)
0 04 am marit names Answered the packagers about the third part
0 05 day marit names Third part: streaming without a copy (#2209)
0 06 am theo triage Reviewed five pull requests, merged three
0 08 day marit names Third part: measured on 200 large files
"""
"""Months ago, which working day of the month, the part of it, who, for which engagement, and what was done."""

LATELY = (
    (5, "am", "marit", "names", "Security report, details held until fixed"),
    (4, "day", "marit", "names", "Triage of what the third part turned up: 31 reports"),
    (3, "pm", "theo", "triage", "Released 4.8.3 and wrote the notes"),
    (2, "day", "marit", "names", "Namespace rewrite, third part (#2214)"),
    (1, "am", "marit", "names", "Reviewed six pull requests, merged four"),
)
"""The last five working days, counted back from the present. Their days wait to be approved."""


def scenes() -> list[Scene]:
    return [
        Scene(on(6, 17), "Marit sets up her account", partial(working.set_up_account, "marit", "NO")),
        Scene(on(5, 23), "Nils sets up the account of his company", partial(working.set_up_account, "nils", "NO", EMPLOYER)),
        *_days(),
        *(_worked(workdays_ago(back), *rest) for back, *rest in LATELY),
        *(scene for number, months in enumerate((5, 4, 3, 2, 1), start=1) for scene in _run(number, months)),
        Scene(workdays_ago(6), "Theo approves", partial(working.approve, "theo", "marit")),
        Scene(workdays_ago(6), "Marit approves", partial(working.approve, "marit", "theo")),
    ]


def _days() -> Iterator[Scene]:
    for line in DAYS.strip().splitlines():
        months, number, part, who, work, note = line.split(" ", 5)
        yield _worked(workday(int(months), int(number)), part, who, work, note)


def _worked(when: When, part: str, who: str, work: str, note: str) -> Scene:
    change = note.partition("(#")[2].rstrip(")")
    act = partial(working.log, who, TITLES[work], part, note, f"{CHANGES}/{change}" if change else "")
    return Scene(when, f"{who.title()} works: {note}", act, leaves=False)


def _run(number: int, months: int) -> list[Scene]:
    return [
        Scene(on(months, 25), "Theo approves", partial(working.approve, "theo", "marit")),
        Scene(on(months, 25), "Marit approves", partial(working.approve, "marit", "theo")),
        Scene(on(months, 26), f"Solveig prepares payout run {number}", partial(working.prepare_run, number)),
        Scene(on(months, 27), "Mateus releases it", working.release_run),
    ]
