"""The unit that everybody shares: the day, kept as a whole number of half days.

0.5 is the step everywhere. A day rate is an even number of minor units, so that half a day is an exact sum and a
reservation for N half days always equals the N half days paid from it.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding.errors import Invalid
from funding.money import Money

MORNING, AFTERNOON = "am", "pm"
SLOT_NAMES = {MORNING: "morning", AFTERNOON: "afternoon"}
MAX_HALF_DAYS = 2 * 400
MAX_RATE = 10**9
"""In minor units. A good rate in the smallest currencies of today stays below; two or three digits too many do not."""
FIGURES = re.compile(r"[+-]?(\d{1,24}(\.\d{0,9})?|\.\d{1,9})")


def parse(text: str | Decimal, *, most: int = MAX_HALF_DAYS) -> int:
    """Read days as a person writes them (`4.5`) into half days (9). Raises Invalid for 0.3, zero, or more than `most` half days."""
    plain = str(text).strip()
    if not FIGURES.fullmatch(plain):
        raise Invalid(_("Enter days as a number, such as 4 or 4.5."), field="days")
    halves = Decimal(plain) * 2
    if halves != halves.to_integral_value():
        raise Invalid(_("Days go in steps of half a day, such as 4 or 4.5."), field="days")
    if not 0 < halves <= most:
        raise Invalid(_("Enter between 0.5 and {most} days.").format(most=Decimal(most) / 2), field="days")
    return int(halves)


def figures(half_days: int) -> str:
    """For programs, and for fields in which a person types: `4.5`, `12.0`."""
    return f"{Decimal(half_days) / 2:.1f}"


def words(half_days: int) -> str:
    """For whoever reads, in prose, tables and mails alike: `4½`, `½`, `12`."""
    whole, half = divmod(half_days, 2)
    return f"{whole or ('' if half else 0)}{'½' if half else ''}"


def count(half_days: int) -> str:
    """With its noun: `4½ days`, `1 day`, `½ day`."""
    return ngettext("{days} day", "{days} days", number(half_days)).format(days=words(half_days))


def number(half_days: int) -> int:
    """By which grammar counts them: half a day and a day are one, a day and a half are two."""
    return -(-half_days // 2)


def check_rate(rate: Money) -> Money:
    """A day rate is above zero, even in minor units, and one that somebody could mean. Raises Invalid."""
    if rate.amount <= 0:
        raise Invalid(_("A day rate is more than zero."), field="rate")
    if rate.amount > MAX_RATE:
        raise Invalid(_("That day rate is too large to be meant."), field="rate")
    if rate.amount % 2:
        raise Invalid(_("Use a day rate that can be halved exactly, such as 459.00 or 459.02."), field="rate")
    return rate


def price(half_days: int, rate: Money) -> Money:
    """What that many half days cost at a day rate, exactly."""
    return Money(half_days * (check_rate(rate).amount // 2), rate.currency)


def affordable(money: Money, rate: Money) -> int:
    """How many whole half days the sum buys (rounded down)."""
    return max(0, money.amount) // (check_rate(rate).amount // 2)


def month_bounds(day: dt.date) -> tuple[dt.date, dt.date]:
    """First day of the month of `day`, and first day of the month after."""
    first = day.replace(day=1)
    return first, (first + dt.timedelta(days=32)).replace(day=1)
