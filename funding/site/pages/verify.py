"""/books/verify/: what the last run of `verify_books` found, in plain words, and how somebody else finds out by themselves."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding import clock
from funding.components.parts import Column, Pill, Table
from funding.people import roles
from funding.people.roles import Role, Viewer
from funding.site.pages.downloads import name_of, offered
from funding.site.reports import verifying
from funding.site.reports.models import Verification

DESK = {Role.ADMIN, Role.TREASURER, Role.AUDITOR}
OPEN = {"I1", "I2", "I3", "I4", "I5", "I6", "I7"}
"""Whose problems everybody reads: they name rows, codes and sums. The others name work and payments, and are for the host's desk."""

WORDS = {
    "I1": gettext_lazy("All the cash belongs to a fund or to somebody whom it is owed to, and no entry leaves anything half way."),
    "I2": gettext_lazy("What each account says it holds is the sum of what was moved, one movement after the other, without a gap."),
    "I3": gettext_lazy("No fund ever had less than nothing, not even between two movements, and no debt was paid twice."),
    "I4": gettext_lazy("The database still refuses to change or remove what was written, to this site as well."),
    "I5": gettext_lazy("Each fact is in the books once, and reads today as it was posted. A correction stands beside it."),
    "I6": gettext_lazy("Every sum that left a fund is explained to the cent by sums that came in before it."),
    "I7": gettext_lazy("What is set aside for agreed work is what was promised, less what was paid and given back."),
    "I8": gettext_lazy("Money with a purpose was promised and paid for that purpose, in its time and within its budget."),
    "I9": gettext_lazy("Each payment is the sum of its approved half days, and no half day was paid twice."),
    "I10": gettext_lazy("Nobody approved, released or voted on what they had prepared, or what benefits them or those they are tied to."),
}
"""What was checked, for somebody who keeps no books."""

OLD = dt.timedelta(hours=48)
"""After so long without a run the page says so."""


@dataclass(frozen=True, slots=True)
class Broken:
    """One invariant that did not hold: its problems as this reader may read them, and how many more there are."""

    code: str
    words: str
    count: int
    problems: list[str]

    @property
    def more(self) -> int:
        return self.count - len(self.problems)


def context(viewer: Viewer) -> dict[str, object]:
    run, later = verifying.last(), verifying.broken_since()
    desk = roles.has_any(viewer, DESK)
    return {
        "run": run,
        "later": later,
        "broken": [_broken(result, desk) for each in [*later, *([run] if run else [])] for result in each.results if result["count"]],
        "desk": desk,
        "table": _table(run) if run else None,
        "old": run is not None and clock.now() - run.began_at > OLD,
        "offered": offered(),
        "files": {form: name_of(form) for form in ("csv", "beancount", "json")},
    }


def _broken(result: dict[str, object], desk: bool) -> Broken:
    code, shown = str(result["code"]), result["problems"]
    problems = [str(problem) for problem in shown] if isinstance(shown, list) and (desk or code in OPEN) else []
    return Broken(code, str(WORDS.get(code, result["title"])), int(str(result["count"])), problems)


def _table(run: Verification) -> Table:
    return Table(
        caption=_("What was checked, and what was looked at"),
        columns=[Column(_("Rule")), Column(_("What was checked")), Column(_("Looked at"), minor=True), Column(_("Result"))],
        rows=[
            [
                result["code"],
                str(WORDS.get(result["code"], result["title"])),
                result["looked_at"],
                Pill(_("Does not hold"), "stop") if result["count"] else Pill(_("Holds"), "paid"),
            ]
            for result in run.results
        ],
    )
