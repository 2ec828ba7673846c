"""What a project's page shows: this month's meter, the prices, one payment's way, the work and who paid."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding import clock
from funding.components import formats
from funding.components.parts import Station
from funding.funds import needs
from funding.funds.models import Need, Project
from funding.people import roles
from funding.people.roles import Viewer
from funding.site.pages import prices, trail, work_log
from funding.site.reports import kept, month
from funding.site.reports.month import Paid, Worked
from funding.site.reports.summary import Summary
from funding.web import ahead
from funding.web.ahead import Question
from grants.awards import selectors as awards
from grants.committee import selectors as committee
from grants.timesheets.models import WorkEntry
from sponsors.goals import selectors as goals
from sponsors.invoices import selectors as invoices
from sponsors.invoices.selectors import MonthlySponsor
from sponsors.sponsorships import naming
from sponsors.tiers import selectors as tiers

MOST_NAMES = 10
"""Names on the project's page. The others are on the page of all sponsors."""
FULL_TIME = 40
DECISIONS = 3


@dataclass(frozen=True, slots=True)
class Name:
    """One line of who paid: a name, or how many withheld theirs, with the days bought."""

    text: str
    days: str


def this_month(it: Summary, stand: str) -> dict[str, Any]:
    """The box with the meter, which also stands alone at an address of its own."""
    project = it.project
    paid = invoices.sponsors_in_month(project, clock.today())
    return {
        "project": project,
        "it": it,
        "first": clock.today().replace(day=1),
        "prices": prices.of(project, it.net, stand),
        "paid": paid,
        "sponsors": sum(row.sponsors for row in paid),
        "full_time": project.target_half_days == FULL_TIME,
    }


def context(it: Summary, viewer: Viewer) -> dict[str, Any]:
    """Everything on the page, in a number of queries that does not grow with sponsors or days."""
    project, stand = it.project, kept.stand_of_the_books()
    recent, paid_last = work_log.entries(project)[: work_log.RECENT], trail.paid_last(project)
    leaders, decided = roles.holders(roles.Role.MAINTAINER, project.subject), committee.of_project(project)[:DECISIONS]
    paid, prices_ = invoices.paid_in_month(project, clock.today()), tiers.of_project(project)
    all_goals, all_awards, open_needs = goals.of_project(project), awards.public_of(project), needs.still_open(project)
    afresh = [paid_last] if viewer.is_authenticated else []
    ahead.look(recent, leaders, decided, paid, prices_, all_goals, all_awards, open_needs, *afresh)
    undecided = [goal for goal in ahead.rows(all_goals) if not goal.decided]
    also = [*goals.questions(undecided), *(month.transfers_for([*ahead.rows(recent), *ahead.rows(it)]) for it in afresh)]
    figures = figures_of(project, stand, also)
    ahead.look(*also)
    now = this_month(it, stand)
    work, stations = worked(project, ahead.rows(recent), viewer, stand)
    return now | {
        "since": formats.month(project.created_at.date()),
        "maintainers": [person.name for person in ahead.rows(leaders)],
        "goals": goals.figures(undecided),
        "over": [goal for goal in reversed(ahead.rows(all_goals)) if goal.decided],
        "awards": [(award, figures.awards[award.pk]) for award in ahead.rows(all_awards)],
        "stations": stations,
        "work": work_log.table(project, work),
        "names": names(project, largest(now["paid"])),
        "needs": [waiting(need, figures) for need in needs.waiting(project)],
        "decisions": ahead.rows(decided),
    }


def worked(project: Project, recent: Sequence[WorkEntry], viewer: Viewer, stand: str) -> tuple[tuple[Worked, ...], list[Station]]:
    """The newest half days with who paid for them, and one payment's way to the last that were paid out: both are followed at once."""

    def find() -> tuple[dict[int, Paid], list[Station]]:
        last = ahead.rows(trail.paid_last(project))
        found = month.paid([*recent, *last], viewer)
        return {entry.pk: found[entry.pk] for entry in recent if entry.pk in found}, trail.behind(month.with_payers(last, found))

    paid, stations = kept.for_everybody(viewer, stand, "work", (project.pk, [entry.pk for entry in recent]), find)
    return month.with_payers(recent, paid), stations


@dataclass(frozen=True, slots=True)
class Figures:
    """What is the same for every reader until money moves: how far each award is spent; what each need is about, and what it buys.

    Whom a need would pay is left out: what is kept are plain values, and no row of a person.
    """

    awards: dict[int, awards.Figures]
    told: dict[str, needs.Told]
    buys: dict[int, int]


def figures_of(project: Project, stand: str, also: Sequence[Question]) -> Figures:
    """Whoever is the first to ask them after an entry asks `also` with them."""
    given, open_needs = ahead.rows(awards.public_of(project)), needs.waiting(project)
    about = [[award.pk for award in given], [(need.pk, need.state) for need in open_needs]]

    def find() -> Figures:
        ahead.look(*awards.questions(given), *needs.questions(open_needs), *prices.questions(project), *also)
        told = {about: dataclasses.replace(it, beneficiaries=()) for about, it in needs.describe(open_needs).items()}
        return Figures(awards.of_awards(given) if given else {}, told, needs.bought_by_each(open_needs))

    return kept.whoever_looks(stand, "figures", (project.pk, *about), find)


def waiting(need: Need, figures: Figures) -> dict[str, Any]:
    """Approved work that waits for money, or money that waits for work."""
    wanted = need.state == Need.State.WANTED
    return {"need": need, "told": figures.told[need.about], "wanted": wanted, "buys": figures.buys[need.pk]}


def largest(paid: Sequence[MonthlySponsor]) -> list[MonthlySponsor]:
    """Those who bought most, in the order of `paid` (A to Z, then the withheld names); everybody where there are few."""
    chosen = sorted(paid, key=lambda row: -row.net.amount)[:MOST_NAMES]
    return [row for row in paid if row in chosen]


def names(project: Project, paid: Sequence[MonthlySponsor]) -> list[Name]:
    return [Name(called(row), figures(month.bought(row.net, project.rate))) for row in paid]


def called(row: MonthlySponsor) -> str:
    """`Aldermoor Labs`; `Unnamed, 4 sponsors` for many who withheld their names."""
    if row.sponsors == 1:
        return row.name
    together = {str(naming.UNNAMED_WORDS): _("Unnamed"), str(naming.SECRET_WORDS): _("Secret")}
    words = ngettext("{name}, {count} sponsor", "{name}, {count} sponsors", row.sponsors)
    return words.format(name=together.get(row.name, row.name), count=row.sponsors)


def figures(days: Decimal) -> str:
    """`0.2`, `0.03`, `1`: decimals only where they say something."""
    return f"{days:.2f}".rstrip("0").rstrip(".")


def everybody(project: Project, day: dt.date) -> list[Name]:
    """Who paid in the month of `day`, all of them."""
    return names(project, invoices.sponsors_in_month(project, day))
