"""What the days of a project went on: the newest on its page, all of them on a page of their own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding import clock, days
from funding.components import formats
from funding.components.parts import Column, Link, Table
from funding.funds import payers
from funding.funds.models import Project
from funding.money import total
from funding.site.reports import tables
from funding.site.reports.month import COUNTED, Worked
from grants.timesheets.models import WorkEntry

RECENT = 10
"""Half days on the project's page."""


def entries(project: Project) -> QuerySet[WorkEntry]:
    """Every half day that counts, newest first."""
    found = WorkEntry.objects.filter(engagement__project=project, state__in=COUNTED)
    return found.select_related("worker", "engagement", "approved_by").order_by("-date", "worker", "slot", "-pk")


def whole_days(items: Sequence[Worked]) -> list[list[Worked]]:
    """The two halves of a day together, where one person spent both on the same thing and both came as far."""

    def same(item: Worked) -> tuple[Any, ...]:
        return item.entry.date, item.entry.worker_id, item.entry.note, tables.state_pill(item).text

    return [list(halves) for same_day, halves in groupby(items, key=same)]


def when(halves: list[Worked]) -> str:
    """`Fri 20 Nov, morning`; `Thu 19 Nov` for both halves. The year is told when it is not this one."""
    entry = halves[0].entry
    words = formats.date(entry.date) if len(halves) > 1 else entry.when
    return words.replace(f" {clock.today().year}", "", 1)


def paid_by(halves: list[Worked]) -> Any:
    """The one sponsor, or how many payments there were with a link to the entry; the state of the money until it is paid."""
    paying = payers.merged(payer for item in halves for payer in item.payers)
    if not paying:
        return tables.state_pill(halves[0])
    first, count = paying[0].label, len(paying)
    if count == 1:
        return Link(first.text, first.url) if first.url else first.text
    words = ngettext("{count} payment", "{count} payments", count).format(count=count)
    return Link(words, reverse("pages:entry", args=[halves[0].sent_entry]))


def table(project: Project, items: Sequence[Worked], *, in_full: bool = False) -> Table:
    """Date, work, person, whose money and days. `in_full` names every payer with the sum, for the page that has room for it."""
    grouped = whole_days(items)
    cost = total((item.cost for item in items), project.rate_currency)
    return Table(
        caption=_("Work on {project}, newest first").format(project=project.name),
        columns=[
            Column(_("Date"), "date"),
            Column(_("Work")),
            Column(_("Who")),
            Column(_("Paid for by")),
            Column(_("Cost"), "number"),
            Column(_("Days"), "number"),
        ],
        rows=[
            [
                when(halves),
                halves[0].entry.note,
                halves[0].entry.worker.public_name,
                (payers.words(payer for item in halves for payer in item.payers) or paid_by(halves)) if in_full else paid_by(halves),
                total((item.cost for item in halves), project.rate_currency),
                days.words(len(halves)),
            ]
            for halves in grouped
        ],
        foot=["", _("Together"), "", "", cost, days.words(len(items))] if items else (),
        head=1,
        empty=_("No work has been logged yet. Each half day appears here with what was done."),
    )
