"""An award's figures as rows, the same for its page, the desk and the grantor's report."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from funding import days
from funding.components.parts import Column, Link, Pill, Table
from funding.money import Money
from funding.web.cells import defused
from grants.awards.models import Asked, Award, Tranche
from grants.awards.selectors import Budget, Figures, Instalment, Spend

STATES = {Award.State.ACTIVE: "paid", Award.State.AGREED: "wait", Award.State.APPLIED: "wait", Award.State.DROPPED: "stop"}
TRANCHES = {Tranche.State.RECEIVED: "paid", Tranche.State.HELD: "wait", Tranche.State.WITHHELD: "stop", Tranche.State.RETURNED: "stop"}


def state_pill(award: Award) -> Pill:
    return Pill(award.get_state_display(), STATES.get(award.state, ""))  # type: ignore[call-overload]


def tranche_pill(tranche: Tranche, today: dt.date, *, arrived: bool = True) -> Pill:
    """As of `today`: one that arrived later was still expected then."""
    later = tranche.state in (Tranche.State.HELD, Tranche.State.RECEIVED) and not arrived
    if tranche.state == Tranche.State.SCHEDULED or later:
        return Pill(_("Late"), "stop") if tranche.due_on < today else Pill(_("Expected"))
    return Pill(tranche.get_state_display(), TRANCHES.get(tranche.state, ""))  # type: ignore[call-overload]


def asked_pill(asked: Asked) -> Pill:
    kinds = {Asked.State.ASKED: "wait", Asked.State.DONE: "paid", Asked.State.REFUSED: "stop"}
    return Pill(asked.get_state_display(), kinds[Asked.State(asked.state)])  # type: ignore[arg-type]


def tranche_table(rows: Sequence[Instalment], whole: Figures, today: dt.date) -> Table:
    columns = [
        Column(_("Tranche")), Column(_("Due"), "date"), Column(_("Paid on")), Column(_("Condition"), minor=True), Column(_("State")),
        Column(_("In the books"), minor=True), Column(_("Promised"), "number"), Column(_("Arrived"), "number"),
    ]  # fmt: skip
    body = [
        (_("Tranche {number}").format(number=it.tranche.number), it.tranche.due_on, it.tranche.trigger, it.tranche.condition or _("None"),
         tranche_pill(it.tranche, today, arrived=bool(it.arrived)), _entry(it), it.tranche.money, it.arrived)
        for it in rows
    ]  # fmt: skip
    foot = (_("Together"), None, None, None, None, None, whole.promised, whole.arrived)
    return Table(_("Tranches"), columns, body, foot, caption_shown=True, empty=_("No tranche is written down yet."))


def _entry(it: Instalment) -> Link | None:
    number = it.tranche.entry_id if it.arrived else None
    return Link(_("Entry {number}").format(number=number), f"/books/entries/{number}/") if number else None


def budget_table(found: Budget, whole: Figures) -> Table:
    columns = [Column(_("Budget line")), *(Column(name, "number") for name in (_("Budget"), _("Reserved"), _("Spent"), _("Left")))]
    body: list[tuple[Any, ...]] = [(it.line.name, it.budget, it.reserved, it.spent, it.left) for it in found.lines]
    if found.other_reserved or found.other_spent:
        body.append((_("On no line"), None, found.other_reserved, found.other_spent, None))
    rest = whole.promised - whole.reserved - whole.spent
    foot = (_("Together"), whole.promised, whole.reserved, whole.spent, rest)
    return Table(_("Budget"), columns, body, foot, caption_shown=True, empty=_("The budget opens with the award."))


def project_table(rows: Sequence[tuple[str, int, Money]], whole: Figures) -> Table:
    columns = [Column(_("Spent on")), Column(_("Days"), "number"), Column(_("Spent"), "number")]
    body = [(name, days.words(count) if count else None, sum_) for name, count, sum_ in rows]
    foot = (_("Together"), days.words(sum(count for _name, count, _sum in rows)), whole.spent)
    return Table(_("Spent by project"), columns, body, foot if rows else (), caption_shown=True, empty=_("Nothing has been spent yet."))


def statement(whole: Figures) -> list[tuple[str, Money]]:
    """What a reader can check with a pencil: received and paid ahead, less given back, spent and reserved, is left."""
    return [
        (_("Promised"), whole.promised),
        (_("Arrived in the bank"), whole.arrived),
        (_("Of that held until a condition is met"), whole.held),
        (_("Received by the award's fund"), whole.received),
        (_("Paid ahead by the host, not repaid yet"), whole.advanced),
        (_("Given back to the grantor unspent"), whole.given_back),
        (_("Spent"), whole.spent),
        (_("Reserved for agreed work"), whole.reserved),
        (_("Free for new work"), whole.left),
    ]


def as_csv(
    award: Award, until: dt.date, whole: Figures, tranches: Sequence[Instalment], found: Budget, spent: Sequence[Spend], grantor: str
) -> str:
    """One file, one row per fact, stable headers; sums in major units with a point. It is English: have English active."""
    out = io.StringIO()
    writer = csv.writer(out)

    def row(*cells: Any) -> None:
        writer.writerow([defused(cell) for cell in cells])

    code = award.currency
    row("section", "date", "what", "detail", "line", "half_days", "amount", "currency", "entry")
    row("award", "", award.title, grantor, "", "", award.money.decimal, code, "")
    row("cut_off", until, "Dated up to and including", "", "", "", "", "", "")
    for name, sum_ in statement(whole):
        row("account", "", name, "", "", "", sum_.decimal, code, "")
    for it in tranches:
        row(
            "tranche",
            it.tranche.due_on,
            f"Tranche {it.tranche.number} promised",
            it.tranche.trigger,
            "",
            "",
            it.tranche.money.decimal,
            code,
            "",
        )
        if it.arrived:
            row(
                "arrived",
                it.tranche.arrived_on,
                f"Tranche {it.tranche.number} arrived",
                "",
                "",
                "",
                it.arrived.decimal,
                code,
                it.tranche.entry_id,
            )
    for line in found.lines:
        for name, sum_ in (("Budget", line.budget), ("Reserved", line.reserved), ("Spent", line.spent), ("Left", line.left)):
            row("budget", "", name, "", line.line.name, "", sum_.decimal, code, "")
    for name, sum_ in (("Reserved", found.other_reserved), ("Spent", found.other_spent)):
        if sum_:
            row("budget", "", name, "", "On no line", "", sum_.decimal, code, "")
    for spend in spent:
        row("spent", spend.on, spend.text, spend.project, spend.line, spend.half_days, spend.amount.decimal, code, spend.entry)
    return out.getvalue()
