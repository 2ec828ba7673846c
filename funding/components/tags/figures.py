"""Money, days and dates as a reader meets them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from funding import days as day_figures
from funding.components import formats
from funding.money import Money
from funding.web.forms import country_name

register = template.Library()


def _span(text: str, negative: bool = False) -> SafeString:
    return format_html('<span class="money{}">{}</span>', " minus" if negative else "", text)


@register.simple_tag(name="money")
def money_tag(amount: int, currency: str) -> SafeString:
    """`{% money 9180 "USD" %}`: minor units and a code."""
    return money_filter(Money(amount, currency))


register.filter("country", country_name)


@register.filter(name="money")
def money_filter(value: Money | None) -> SafeString:
    """`$91.80`, `−$3.20`, in an element of its own. Mails, titles and attributes take the Money as it is."""
    return _span(_("Not provided")) if value is None else _span(str(value), value.amount < 0)


@register.filter
def money_short(value: Money) -> SafeString:
    """For price tags only: whole sums lose their decimals (`$100`), others keep them (`$12.50`)."""
    return _span(value.short, value.amount < 0)


@register.filter
def day_words(half_days: int) -> str:
    """9 half days is `4½`, in prose, tables and mails alike."""
    return day_figures.words(half_days)


@register.filter
def day_count(half_days: int) -> str:
    """With its noun: `4½ days`, `1 day`, `½ day`."""
    return day_figures.count(half_days)


@register.filter
def day_number(half_days: int) -> int:
    """For `count` around a `day_count`: 1 for `½ day` and `1 day`, 2 for `1½ days`."""
    return day_figures.number(half_days)


def time_html(moment: dt.date | dt.datetime | None) -> str:
    if moment is None:
        return ""
    return format_html('<time class="nw" datetime="{}">{}</time>', formats.machine(moment), formats.text(moment))


@register.simple_tag
def when(moment: dt.datetime | None) -> str:
    """`{% when closes_at %}`: `Thu 10 Dec 2026, 23:59 UTC` in a `time` element."""
    return time_html(moment)


@register.simple_tag
def on(day: dt.date | None) -> str:
    """`{% on work_date %}`: `Wed 14 Oct 2026` in a `time` element. An instant gives its UTC date."""
    if isinstance(day, dt.datetime):
        day = day.astimezone(dt.UTC).date()
    return time_html(day)


@register.filter
def when_text(moment: dt.datetime) -> str:
    """The same words as `when`, without markup, for mail and titles."""
    return formats.instant(moment)


@register.filter
def on_text(day: dt.date) -> str:
    """The same words as `on`, without markup."""
    return formats.date(day.astimezone(dt.UTC).date() if isinstance(day, dt.datetime) else day)


@register.filter
def listed(names: Iterable[object]) -> str:
    """`Ada, Bea and Cem`, inside a sentence."""
    return formats.listed(str(name) for name in names)


@register.filter
def month_name(day: dt.date) -> str:
    """`November 2026`."""
    return formats.month(day)


@register.filter(name="cell")
def cell(value: Any) -> Any:
    """A value as a table or a summary list draws it: Money and dates in their own form. Text stays text and is escaped by the template."""
    if isinstance(value, Money):
        return money_filter(value)
    if isinstance(value, dt.date):
        return time_html(value)
    return "" if value is None else value
