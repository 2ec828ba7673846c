"""The books as CSV: one row for each transfer, with stable headers in the words of the code."""

from __future__ import annotations

import csv
from typing import TextIO

from django.utils.translation import override

from funding.site.reports.export import rows
from funding.site.reports.export.rows import Fact, Progress, Summary
from funding.web.cells import defused

HEAD = [
    *("entry", "book_day", "effective_on", "stated_on", "recorded_at", "entry_kind", "source", "reference", "revision", "reverses"),
    *("line", "kind", "debit", "credit", "currency", "amount", "minor_units", "about"),
]
MORE = [
    *("transfer", "party", "party_name", "about_kind", "about_id"),
    *("settles", "source_transfer", "source_position", "reservation", "pinned"),
]
"""What stands behind those with `full`: who paid or was paid, and the ids by which rows name one another."""


@override(None)
def write(full: bool, to: TextIO, progress: Progress) -> Summary:
    """Sums in major units with a point, and in minor units beside it. Spreadsheets read no cell as a formula."""
    summary, last = Summary(accounts=len(rows.accounts(full))), 0
    writer = csv.writer(to)
    writer.writerow(HEAD + MORE if full else HEAD)
    for fact in rows.facts():
        writer.writerow([defused(cell) for cell in [*_cells(fact), *(_more(fact) if full else ())]])
        summary.transfers += 1
        summary.entries += fact.number != last
        summary.moved[fact.currency] += fact.amount
        last = fact.number
        if summary.transfers % rows.PIECE == 0:
            progress(summary.transfers)
    return summary


def _cells(fact: Fact) -> tuple[object, ...]:
    dates = (fact.book_day, fact.effective_on, fact.stated_on or "", fact.recorded_at.isoformat())
    entry = (fact.number, *dates, fact.kind, fact.source, fact.reference)
    sides = (fact.debit, fact.credit, fact.currency, rows.figures(fact.amount, fact.currency), fact.amount)
    return (*entry, fact.revision, fact.reverses, fact.line, fact.what, *sides, fact.about)


def _more(fact: Fact) -> tuple[object, ...]:
    who = (fact.transfer, fact.party, fact.party_name, fact.about_kind, fact.about_id)
    return (*who, fact.settles, fact.source_transfer, fact.source_position, fact.reservation, "yes" if fact.pinned else "")
