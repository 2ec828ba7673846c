"""The larger parts that say where money goes and how far something has come. They draw values of `parts.py`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.translation import gettext as _

from funding.components.parts import Event, FeeLine, Link, Pill, Station, Step, Table, TierCard
from funding.components.tags.figures import cell, time_html
from funding.money import Money

register = template.Library()


def as_fee_line(line: FeeLine | tuple[str, Money]) -> FeeLine:
    return line if isinstance(line, FeeLine) else FeeLine(*line)


def negative(value: Any) -> bool:
    return isinstance(value, Money) and value.amount < 0


@register.inclusion_tag("components/fee_sum.html")
def fee_sum(lines: Sequence[FeeLine | tuple[str, Money]], title: str = "", shown: bool = False) -> dict[str, Any]:
    """You pay, card fee, host, buys time: each `FeeLine` or `(label, Money)`; the last is the total and is not added up here."""
    rows = [as_fee_line(line) for line in lines]
    return {"lines": rows[:-1], "total": rows[-1] if rows else None, "title": title or _("Where the money goes"), "shown": shown}


@register.inclusion_tag("components/tier_card.html")
def tier_card(card: TierCard, level: int = 3) -> dict[str, Any]:
    """One published price with what it buys, at most four lines, its fee sum and one button. `level` is that of its heading."""
    height = max(0, min(100, card.share or 0)) * 22 / 100
    return {"card": card, "level": level, "has_share": card.share is not None, "height": f"{height:g}", "top": f"{23 - height:g}"}


@register.inclusion_tag("components/money_line.html")
def money_line(stations: Sequence[Station]) -> dict[str, Any]:
    """From the payment to the day of work, as an ordered list. Stations still to come are drawn as due."""
    return {
        "stations": [
            {"it": station, "sum": cell(station.sum), "when": time_html(station.on), "minus": negative(station.sum)} for station in stations
        ]
    }


@register.inclusion_tag("components/stepper.html")
def stepper(steps: Sequence[Step], label: str = "") -> dict[str, Any]:
    """The steps of one thing in order. “Completed” is said in hidden text; the present one has `aria-current`."""
    return {"steps": [{"it": step, "when": time_html(step.on)} for step in steps], "label": label or _("Progress")}


@register.inclusion_tag("components/timeline.html")
def timeline(events: Sequence[Event]) -> dict[str, Any]:
    """An append-only record, oldest first. Instants are UTC and the caption under it says so."""
    return {
        "events": [{"it": event, "when": time_html(event.at)} for event in events],
        "utc": any(isinstance(event.at, dt.datetime) for event in events),
    }


@register.inclusion_tag("components/data_table.html")
def data_table(table: Table) -> dict[str, Any]:
    """A captioned table with banding and a ruled total, which becomes labelled cards on a narrow screen.

    Roles are repeated because the cards' layout would take them away from the elements.
    """

    def drawn(row: Sequence[Any]) -> list[dict[str, Any]]:
        return [
            {
                "value": cell(value),
                "link": isinstance(value, Link),
                "pill": isinstance(value, Pill),
                "column": column,
                "head": index == table.head,
                "blank": value is None or value == "",
                "bare": index == table.head or value is None or value == "",
            }
            for index, (column, value) in enumerate(zip(table.columns, row, strict=True))
        ]

    return {"table": table, "rows": [drawn(row) for row in table.rows], "foot": drawn(table.foot) if table.foot else []}
