"""Money as an integer number of minor units and an ISO 4217 code.

It refuses floats and mixed currencies, and splits without losing a unit. It knows each currency's exponent
(JPY 0, USD 2, BHD 3) from CLDR through Babel. It is not an account and has no rate: conversion is a ledger fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.core import get_global
from babel.numbers import get_currency_precision, get_currency_symbol
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding.errors import Invalid

MINUS = "\u2212"
GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
FIGURES = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
MAX_FIGURES = 27
"""What a Decimal keeps exactly, with room for a currency's places."""
MAX_MINOR_UNITS = 10**15
"""Above any sum this site will meet, and far below a 64-bit overflow even when thousands are added."""


class CurrencyMismatch(TypeError):
    """Two currencies met in one operation."""


@lru_cache
def known_currencies() -> frozenset[str]:
    """ISO codes that are legal tender somewhere today."""
    return frozenset(
        code for tenders in get_global("territory_currencies").values() for code, _start, end, tender in tenders if end is None and tender
    )


@lru_cache
def exponent(currency: str) -> int:
    """How many decimal places the currency has. Raises Invalid for a code that nobody uses."""
    if currency not in known_currencies():
        raise Invalid(
            _("“{currency}” is not a currency in use. Use a three-letter code such as USD or EUR.").format(currency=currency),
            field="currency",
        )
    return int(get_currency_precision(currency))


@lru_cache
def mark(currency: str) -> str:
    """What stands before the figures: `$`, `CA$`, `€`, or the code and a space that no line breaks at, `CHF\u00a0`."""
    symbol = get_currency_symbol(currency, locale="en_US")
    return f"{symbol}\u00a0" if symbol[-1].isalpha() else symbol


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in minor units (cents, pence, yen). Negative sums are allowed; the ledger decides where."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"Money takes an integer of minor units, not {type(self.amount).__name__}")
        exponent(self.currency)

    @classmethod
    def parse(cls, text: str | Decimal, currency: str) -> Money:
        """Read a sum as a person writes it: `"1,250.50"`, `"459"`. Raises Invalid if it is finer than the currency.

        A comma stands between thousands only: `"12,50"` is refused, because it would otherwise be read as 1,250.
        """
        value = text if isinstance(text, Decimal) else _read(text)
        if not value.is_finite() or value.adjusted() > MAX_FIGURES:
            raise Invalid(_("That amount is too large to be meant."), field="amount")
        scaled = value.scaleb(exponent(currency))
        if abs(scaled) > MAX_MINOR_UNITS:
            raise Invalid(_("That amount is too large to be meant."), field="amount")
        if scaled != scaled.to_integral_value():
            raise Invalid(_places(currency), field="amount")
        return cls(int(scaled), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    def _same(self, other: Money) -> int:
        if not isinstance(other, Money):
            raise TypeError(f"Money and {type(other).__name__} do not add up")
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.amount

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.amount), self.currency)

    def __mul__(self, times: int) -> Money:
        if type(times) is not int:
            raise TypeError("Money is multiplied by whole numbers only; use percent() or split()")
        return Money(self.amount * times, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def percent(self, basis_points: int) -> Money:
        """That share of the sum, rounded down to a whole unit; the residue stays with the rest."""
        return Money(self.amount * basis_points // 10_000, self.currency)

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Divide by whole-number weights so that the parts add up exactly (largest remainder, earlier part first)."""
        total = sum(weights)
        if total <= 0 or any(weight < 0 for weight in weights):
            raise ValueError("split needs weights of zero or more, and at least one above zero")
        parts = [self.amount * weight // total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(self.amount * weights[i] % total), i))
        for i in by_remainder[: self.amount - sum(parts)]:
            parts[i] += 1
        return [Money(part, self.currency) for part in parts]

    @property
    def decimal(self) -> Decimal:
        """The sum in major units, exact."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    @property
    def figures(self) -> str:
        """Digits with grouping and the currency's own decimals, no symbol: `1,250.50`. The minus is U+2212."""
        places = exponent(self.currency)
        return f"{MINUS if self.amount < 0 else ''}{abs(self.decimal):,.{places}f}"

    @property
    def short(self) -> str:
        """For price tags and the marks of an axis only: a whole sum without its decimals, `$100`, any other as it is, `$12.50`."""
        text = str(self)
        return text.partition(".")[0] if self.amount % 10 ** exponent(self.currency) == 0 else text

    def __str__(self) -> str:
        """The one way in which people read a sum, on pages, in mails and in print: `$1,250.50`, `−$3.20`, `CA$12.00`, `CHF 12.00`.

        Every currency has a mark of its own in these, so that they may stand side by side. What programs read has the code.
        """
        return f"{MINUS if self.amount < 0 else ''}{mark(self.currency)}{abs(self).figures}"


def _places(currency: str) -> str:
    places = exponent(currency)
    if not places:
        return _("{currency} has no decimal places.").format(currency=currency)
    return ngettext("{currency} has {places} decimal place.", "{currency} has {places} decimal places.", places).format(
        currency=currency, places=places
    )


def _read(text: str) -> Decimal:
    plain = text.strip().replace("\u00a0", "").replace("\u202f", "")
    if "," in plain and not GROUPED.fullmatch(plain):
        raise Invalid(_("Use a point for decimals, and commas only between thousands, such as 1,250.50."), field="amount")
    figures = plain.replace(",", "")
    if not FIGURES.fullmatch(figures):
        raise Invalid(_("Enter an amount in figures, such as 100 or 12.50."), field="amount")
    if len(figures) > MAX_FIGURES:
        raise Invalid(_("That amount is too large to be meant."), field="amount")
    return Decimal(figures)


def total(sums: Iterable[Money], currency: str) -> Money:
    """Add sums of one currency; an empty list is zero."""
    return sum(sums, Money.zero(currency))
