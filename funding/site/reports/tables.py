"""The month as rows: once for the page and once for the CSV file, from the same figures."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from funding import days
from funding.components import formats
from funding.components.parts import Column, Link, Pill, Table
from funding.funds import payers
from funding.money import total
from funding.site.reports import by_source
from funding.site.reports.month import Month, Worked
from funding.web.cells import defused


def days_text(figure: Any) -> str:
    return f"{figure:.2f}"


def state_pill(item: Worked) -> Pill:
    if item.paid_on:
        return Pill(_("Paid"), "paid")
    return Pill(_("Approved"), "pen") if item.entry.approved_at else Pill(_("Waiting for approval"), "wait")


def payout_link(item: Worked) -> Link | None:
    """The payment in the books, which everybody may read; until it is confirmed, the entry that owes it, and none before that."""
    if item.last_entry is None:
        return None
    return Link(_("Entry {number}").format(number=item.last_entry), reverse("pages:entry", args=[item.last_entry]))


def account(month: Month) -> list[tuple[str, Any]]:
    """The fund's month as a sum that a reader can check with a pencil."""
    rows: list[tuple[str, Any]] = [
        (_("In the fund when the month began"), month.opening),
        (_("Paid in by sponsors"), month.gross),
        (_("Card fees"), -month.card_fees),
        (_("Host's share"), -month.host_fees),
    ]
    if month.other_in:
        rows.append((_("Other money in"), month.other_in))
    rows.append((_("Paid for work"), -month.paid))
    if month.other_out:
        rows.append((_("Other money out"), -month.other_out))
    return [*rows, (_("In the fund when the month ended"), month.closing), (_("Reserved for agreed work"), -month.reserved)]


def inflow_table(month: Month) -> Table:
    rate = month.project.rate
    return Table(
        caption=_("Paid in for {project} in {month}").format(project=month.project, month=formats.month(month.first)),
        columns=[
            Column(_("Sponsor")),
            Column(_("Date"), "date", minor=True),
            Column(_("Entry"), "date", minor=True),
            Column(_("Paid"), "number"),
            Column(_("Card fee"), "number", minor=True),
            Column(_("Host"), "number", minor=True),
            Column(_("To the fund"), "number"),
            Column(_("Days"), "number"),
        ],
        rows=[
            [
                Link(row.label.text, row.label.url) if row.label.url else row.label.text,
                row.on,
                Link(_("Entry {number}").format(number=row.entry), reverse("pages:entry", args=[row.entry])),
                row.gross,
                -row.card_fee,
                -row.host_fee,
                row.net,
                days_text(row.days(rate)),
            ]
            for row in month.inflows
        ],
        foot=[_("Total"), None, None, month.gross, -month.card_fees, -month.host_fees, month.net, days_text(month.days_paid_for)],
        empty=_("Nobody paid in this month. Sponsors are listed here with what reached the fund."),
    )


def source_table(month: Month) -> Table:
    """Subscriptions, goals and awards side by side. What an award for several projects brought is told and not added."""
    rows = month.by_source
    currency = month.fund.currency
    return Table(
        caption=_("Money for {project} in {month}, by source").format(project=month.project, month=formats.month(month.first)),
        columns=[Column(_("Fund")), Column(_("Source")), Column(_("Came in"), "number"), Column(_("Paid for this work"), "number")],
        rows=[
            [_("{fund}, for several projects").format(fund=row.fund.name) if row.shared else row.fund.name, row.way, row.came_in, row.paid]
            for row in rows
        ],
        foot=[_("Together"), None, by_source.came_in(rows, currency), total((row.paid for row in rows), currency)],
    )


def work_table(month: Month) -> Table:
    return Table(
        caption=_("Work on {project} in {month}").format(project=month.project, month=formats.month(month.first)),
        columns=[
            Column(_("Work")),
            Column(_("When")),
            Column(_("Who")),
            Column(_("Paid to")),
            Column(_("Paid for by")),
            Column(_("State")),
            Column(_("Payout"), "date", minor=True),
            Column(_("Days"), "number"),
            Column(_("Cost"), "number"),
        ],
        rows=[
            [
                item.entry.note,
                item.entry.when,
                item.entry.worker.public_name,
                item.entry.worker.public_payee(item.entry.engagement.payee),
                payers.words(item.payers) or _("Not paid out yet"),
                state_pill(item),
                payout_link(item),
                days.words(1),
                item.cost,
            ]
            for item in month.work
        ],
        foot=[_("Total"), *[None] * 6, days.words(month.worked), sum((item.cost for item in month.work), month.paid * 0)],
        empty=_("No work was logged this month."),
    )


@override(None)
def as_csv(month: Month) -> str:
    """One file, one row per fact, stable headers; sums in major units with a point, negative where money leaves. Never translated."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["section", "date", "what", "who", "half_days", "amount", "currency", "entry"])
    currency = month.fund.currency

    def row(*cells: Any) -> None:
        writer.writerow([defused(cell) for cell in cells])

    for name, amount in [*account(month), ("Left", month.left)]:
        row("account", "", name, "", "", amount.decimal, currency, "")
    for source in month.by_source:
        for name, sum_ in (("Came in, shared" if source.shared else "Came in", source.came_in), ("Paid for this work", source.paid)):
            row("source", "", name, f"{source.way}: {source.fund.name}", "", sum_.decimal, currency, "")
    for inflow in month.inflows:
        for name, amount in (
            ("Paid", inflow.gross),
            ("Card fee", -inflow.card_fee),
            ("Host's share", -inflow.host_fee),
            ("To the fund", inflow.net),
        ):
            row("in", inflow.on, name, inflow.label.text, "", amount.decimal, currency, inflow.entry)
    for item in month.work:
        row("work", item.entry.date, item.entry.note, item.entry.worker.public_name, 1, item.cost.decimal, currency, item.last_entry or "")
        for payer in item.payers:
            row("paid_by", item.entry.date, item.entry.note, payer.label.text, "", payer.amount.decimal, currency, item.last_entry or "")
    return out.getvalue()
