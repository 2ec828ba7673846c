"""The month as rows: once for the page and once for the CSV file, from the same figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from funding import days
from funding.components import formats
from funding.components.parts import Column, Link, Pill, Table
from funding.money import total
from funding.site.reports import by_source
from funding.site.reports.month import Month, Payer, Worked
from funding.web.cells import defused


def days_text(figure: Any) -> str:
    return f"{figure:.2f}"


def payers_text(payers: Iterable[Payer]) -> str:
    """“Aldermoor Labs $91.80, Unnamed sponsor $45.90”, or the state of the money until it is paid."""
    return ", ".join(f"{payer.label.text} {payer.amount.format()}" for payer in payers)


def state_pill(item: Worked) -> Pill:
    if item.paid_on:
        return Pill("Paid", "paid")
    return Pill("Approved", "pen") if item.entry.approved_at else Pill("Waiting for approval", "wait")


def account(month: Month) -> list[tuple[str, Any]]:
    """The fund's month as a sum that a reader can check with a pencil."""
    rows: list[tuple[str, Any]] = [
        ("In the fund when the month began", month.opening),
        ("Paid in by sponsors", month.gross),
        ("Card fees", -month.card_fees),
        ("Host's share", -month.host_fees),
    ]
    if month.other_in:
        rows.append(("Other money in", month.other_in))
    rows.append(("Paid for work", -month.paid))
    if month.other_out:
        rows.append(("Other money out", -month.other_out))
    return [*rows, ("In the fund when the month ended", month.closing), ("Reserved for agreed work", -month.reserved)]


def inflow_table(month: Month) -> Table:
    rate = month.project.rate
    return Table(
        caption=f"Paid in for {month.project} in {formats.month(month.first)}",
        columns=[
            Column("Sponsor"),
            Column("Date", "date", minor=True),
            Column("Entry", "date", minor=True),
            Column("Paid", "number"),
            Column("Card fee", "number", minor=True),
            Column("Host", "number", minor=True),
            Column("To the fund", "number"),
            Column("Days", "number"),
        ],
        rows=[
            [
                Link(row.label.text, row.label.url) if row.label.url else row.label.text,
                row.on,
                Link(f"Entry {row.entry}", reverse("pages:entry", args=[row.entry])),
                row.gross,
                -row.card_fee,
                -row.host_fee,
                row.net,
                days_text(row.days(rate)),
            ]
            for row in month.inflows
        ],
        foot=["Total", None, None, month.gross, -month.card_fees, -month.host_fees, month.net, days_text(month.days_paid_for)],
        empty="Nobody paid in this month. Sponsors are listed here with what reached the fund.",
    )


def source_table(month: Month) -> Table:
    """Subscriptions, goals and awards side by side. What an award for several projects brought is told and not added."""
    rows = month.by_source
    currency = month.fund.currency
    return Table(
        caption=f"Money for {month.project} in {formats.month(month.first)}, by source",
        columns=[Column("Fund"), Column("Source"), Column("Came in", "number"), Column("Paid for this work", "number")],
        rows=[[f"{row.fund.name}, for several projects" if row.shared else row.fund.name, row.way, row.came_in, row.paid] for row in rows],
        foot=["Together", None, by_source.came_in(rows, currency), total((row.paid for row in rows), currency)],
    )


def work_table(month: Month) -> Table:
    return Table(
        caption=f"Work on {month.project} in {formats.month(month.first)}",
        columns=[
            Column("Work"),
            Column("When"),
            Column("Who"),
            Column("Paid for by"),
            Column("State"),
            Column("Days", "number"),
            Column("Cost", "number"),
        ],
        rows=[
            [
                item.entry.note,
                item.entry.when,
                item.entry.worker.name,
                payers_text(item.payers) or "Not paid out yet",
                state_pill(item),
                days.figures(1),
                item.cost,
            ]
            for item in month.work
        ],
        foot=["Total", None, None, None, None, days.figures(month.worked), sum((item.cost for item in month.work), month.paid * 0)],
        empty="No work was logged this month.",
    )


def as_csv(month: Month) -> str:
    """One file, one row per fact, stable headers; sums in major units with a point, negative where money leaves."""
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
        row("work", item.entry.date, item.entry.note, item.entry.worker.name, 1, item.cost.decimal, currency, item.paid_entry or "")
        for payer in item.payers:
            row("paid_by", item.entry.date, item.entry.note, payer.label.text, "", payer.amount.decimal, currency, item.paid_entry or "")
    return out.getvalue()
