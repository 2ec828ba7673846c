"""What a project's page shows: this month's meter, the prices, one payment's way, the work and who paid."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from funding import clock, days
from funding.components.parts import Column, Table, TierCard
from funding.funds import needs
from funding.funds.models import Need, Project
from funding.money import total
from funding.people import roles
from funding.people.roles import Viewer
from funding.site.pages import trail
from funding.site.reports import month, tables
from funding.site.reports.month import COUNTED, Month, Worked
from grants.awards import selectors as awards
from grants.committee import selectors as committee
from grants.timesheets.models import WorkEntry
from sponsors.goals import selectors as goals
from sponsors.invoices import selectors as invoices
from sponsors.tiers import selectors as tiers

RECENT = 10


def context(project: Project, viewer: Viewer) -> dict[str, Any]:
    """Everything on the page, in a number of queries that does not grow with sponsors or days."""
    it = month.of(project, clock.today(), viewer)
    recent = _recent(project, viewer)
    paid = next((item for item in recent if item.paid_entry), None)
    return {
        "it": it,
        "maintainers": list(roles.holders(roles.Role.MAINTAINER, project.subject)),
        "waiting": max(0, it.half_days_paid_for - it.worked),
        "still_open": max(0, project.target_half_days - max(it.half_days_paid_for, it.worked)),
        "cards": cards(project),
        "goals": goals.of_project(project),
        "awards": awards.of_project(project),
        "stations": trail.behind(paid, viewer) if paid else [],
        "work": work_table(project, recent),
        "names": payers(it),
        "needs": waiting(project),
        "decisions": list(committee.decisions().filter(panel__proposal__project=project)[:3]),
    }


def waiting(project: Project) -> list[dict[str, Any]]:
    """Approved work that waits for money, and money that waits for work, each with what it is about."""
    found = needs.waiting(project)
    told, buys = needs.describe(found), needs.bought_by_each(found)
    return [{"need": need, "told": told[need.about], "wanted": need.state == Need.State.WANTED, "buys": buys[need.pk]} for need in found]


def cards(project: Project) -> list[TierCard]:
    """The published tiers in their order; the middle one leads."""
    offers = tiers.published(project)
    lead = len(offers) // 2
    return [
        offer.card(url=reverse("billing:join", args=[project.slug, offer.tier.pk]), first=index == lead)
        for index, offer in enumerate(offers)
    ]


def _recent(project: Project, viewer: Viewer) -> tuple[Worked, ...]:
    newest = WorkEntry.objects.filter(engagement__project=project, state__in=COUNTED).select_related("worker", "engagement")
    return month.worked(list(newest.order_by("-date", "-slot", "-pk")[:RECENT]), viewer)


def work_table(project: Project, recent: tuple[Worked, ...]) -> Table:
    currency = project.rate_currency
    return Table(
        caption=f"The newest work on {project.name}",
        columns=[
            Column("Date", "date"),
            Column("Work"),
            Column("Who"),
            Column("Paid for by"),
            Column("Days", "number"),
            Column("Cost", "number"),
        ],
        rows=[
            [
                item.entry.when,
                item.entry.note,
                item.entry.worker.name,
                tables.payers_text(item.payers) or tables.state_pill(item),
                days.figures(1),
                item.cost,
            ]
            for item in recent
        ],
        foot=["", "Together", "", "", days.figures(len(recent)), total((item.cost for item in recent), currency)] if recent else (),
        head=1,
        empty="No work has been logged yet. Each half day appears here with what was done.",
    )


def payers(it: Month) -> list[tuple[str, str]]:
    """Who paid this month, A to Z, with the days bought; names that are withheld are added up at the end."""
    rate = it.project.rate
    return [
        (row.name if row.sponsors == 1 else f"{row.name}, {row.sponsors} sponsors", str(month.bought(row.net, rate)))
        for row in invoices.sponsors_in_month(it.project, it.first)
    ]
