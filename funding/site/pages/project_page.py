"""What a project's page shows: this month's meter, the prices, one payment's way, the work and who paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding import clock
from funding.components import formats
from funding.funds import needs
from funding.funds.models import Need, Project
from funding.people import roles
from funding.people.roles import Viewer
from funding.site.pages import prices, trail, work_log
from funding.site.reports import kept, month
from funding.site.reports.summary import Summary
from grants.awards import selectors as awards
from grants.awards.models import Award
from grants.awards.selectors import Figures
from grants.committee import selectors as committee
from sponsors.goals import selectors as goals
from sponsors.invoices import selectors as invoices
from sponsors.invoices.selectors import MonthlySponsor
from sponsors.sponsorships import naming

MOST_NAMES = 10
"""Names on the project's page. The others are on the page of all sponsors."""
FULL_TIME = 40


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
    now = this_month(it, stand)
    asked, over = goals.on_project_page(project)
    recent = work_log.recent(project, viewer, stand)
    return now | {
        "since": formats.month(project.created_at.date()),
        "maintainers": [person.name for person in roles.holders(roles.Role.MAINTAINER, project.subject)],
        "goals": asked,
        "over": over,
        "awards": given(project, stand),
        "stations": trail.latest(viewer, stand, project),
        "work": work_log.table(project, recent),
        "names": names(project, largest(now["paid"])),
        "needs": waiting(project, stand),
        "decisions": list(committee.decisions().filter(panel__proposal__project=project)[:3]),
    }


def given(project: Project, stand: str) -> list[tuple[Award, Figures]]:
    """The awards that may pay for the project, with how far each is spent."""
    found = awards.public_of(project)
    figures = kept.whoever_looks(stand, "awards", [award.pk for award in found], lambda: awards.of_awards(found)) if found else {}
    return [(award, figures[award.pk]) for award in found]


def waiting(project: Project, stand: str) -> list[dict[str, Any]]:
    """Approved work that waits for money, and money that waits for work, each with what it is about."""
    found = list(needs.waiting(project))
    if not found:
        return []
    about = [(need.pk, need.state) for need in found]
    told, buys = kept.whoever_looks(stand, "needs", about, lambda: (needs.describe(found), needs.bought_by_each(found)))
    return [{"need": need, "told": told[need.about], "wanted": need.state == Need.State.WANTED, "buys": buys[need.pk]} for need in found]


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
    """`0.2`, `0.03`, `1.0`: a second decimal only where it says something."""
    text = f"{days:.2f}"
    return text[:-1] if text.endswith("0") else text


def everybody(project: Project, day: dt.date) -> list[Name]:
    """Who paid in the month of `day`, all of them."""
    return names(project, invoices.sponsors_in_month(project, day))
