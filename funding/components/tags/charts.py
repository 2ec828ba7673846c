"""Bars, drawn on the server as SVG, always followed by the same numbers in a table.

Sideways everything is a percentage and upwards a pixel, so that the bars stretch with the page and the words in the drawing
keep their size. Values below zero have no bar: what can be negative is told by the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.translation import gettext as _

from funding import days
from funding.components.parts import Chart, Column, Link, Series, Table
from funding.components.tags.cards import data_table
from funding.money import Money, exponent

register = template.Library()

HEIGHT = 190
TOP = 16
"""Room for the words of the highest line."""
FOOT = 24
"""Room under the zero line for the names."""
USED = 72
"""Of a group's width, in hundredths; the rest is air between the groups."""
FEWEST = 4
"""Groups that the drawing has room for at least: a single month is no wall."""
STEPS = (1, 2, 3, 4, 6, 8)


def ceiling(highest: int, unit: int) -> int:
    """The round figure at or above `highest`, in minor units or half days: 1, 2, 3, 4, 6 or 8 times a power of ten of `unit`."""
    size = unit
    while True:
        for step in STEPS:
            if size * step >= highest:
                return size * step
        size *= 10


def spoken(value: Money | int) -> str:
    return str(value) if isinstance(value, Money) else days.count(value)


def tick(value: int, like: Money | int) -> str:
    """What stands at a line: whole sums without decimals, days with their half."""
    return Money(value, like.currency).short if isinstance(like, Money) else days.words(value)


def number(value: Money | int) -> int:
    return value.amount if isinstance(value, Money) else value


def percent(part: float) -> str:
    return f"{part:.2f}%"


def bars(chart: Chart, highest: int) -> list[dict[str, Any]]:
    """Each group with its bars. A value above zero is at least a pixel high, so that little is not read as nothing."""
    width = 100 / max(len(chart.names), FEWEST)
    one = width * USED / 100 / len(chart.series)
    groups = []
    for index, name in enumerate(chart.names):
        left = index * width + width * (100 - USED) / 200
        drawn = []
        for place, series in enumerate(chart.series):
            value = series.values[index]
            height = round(max(0, number(value)) * HEIGHT / highest) or int(number(value) > 0)
            said = f"{name}, {series.name}: {spoken(value)}"
            if height:
                drawn.append({
                    "x": percent(left + place * one), "width": percent(one * 0.92), "y": TOP + HEIGHT - height, "height": height,
                    "fill": series.fill, "said": said,
                })  # fmt: skip
        groups.append({"bars": drawn, "middle": percent(index * width + width / 2), "short": chart.short[index]})
    return groups


def same_numbers(chart: Chart) -> Table:
    """The table right after the drawing: one row for each group, one column for each series."""

    def cell(value: Money | int) -> Money | str:
        return value if isinstance(value, Money) else days.words(value)

    def added(series: Series) -> Money | str:
        first, *rest = series.values
        together: Any = first
        for value in rest:
            together = together + value
        return cell(together)

    heads: Sequence[Any] = [Link(name, url) for name, url in zip(chart.names, chart.urls, strict=True)] if chart.urls else chart.names
    return Table(
        caption=chart.caption,
        columns=[Column(chart.head), *(Column(series.name, "number") for series in chart.series)],
        rows=[[head, *(cell(series.values[index]) for series in chart.series)] for index, head in enumerate(heads)],
        foot=[_("Together"), *(added(series) for series in chart.series)] if chart.foot and len(chart.names) > 1 else (),
    )


@register.inclusion_tag("components/bar_chart.html")
def bar_chart(chart: Chart) -> dict[str, Any]:
    """`{% bar_chart chart %}` draws a `Chart` of `parts.py` and its table. Nothing is drawn where all values are zero; the table stays."""
    values = [value for series in chart.series for value in series.values]
    like = values[0] if values else 0
    unit = 10 ** exponent(like.currency) if isinstance(like, Money) else 2
    most = max((number(value) for value in values), default=0)
    highest = ceiling(most, unit)
    lines = [{"y": TOP + HEIGHT - HEIGHT * part // 2, "text": tick(highest * part // 2, like)} for part in (2, 1, 0)]
    return {
        "chart": chart,
        "drawn": most > 0,
        "groups": bars(chart, highest) if most > 0 else [],
        "lines": lines,
        "bottom": TOP + HEIGHT,
        "full": TOP + HEIGHT + FOOT,
        "names_at": TOP + HEIGHT + 17,
        **data_table(same_numbers(chart)),
    }
