"""Where a payment goes: card fee, host, and what buys time. One place for the sum, before and after the fee is known.

A tier shows the estimate and says "about"; a receipt shows the shares that were posted. Both are the same four lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from funding.components.parts import FeeLine
from funding.errors import Conflict
from funding.money import Money

CARD_FEE_BASIS_POINTS = 290
CARD_FEE_FIXED = 30
"""The processor's usual price for a card, 2.9 % and 30 minor units: only ever used for an estimate."""

PARTS_OF_A_DAY = {
    Fraction(1, 2): gettext_lazy("half a day"),
    Fraction(1, 3): gettext_lazy("one third of a day"),
    Fraction(2, 3): gettext_lazy("two thirds of a day"),
    Fraction(1, 4): gettext_lazy("a quarter of a day"),
    Fraction(3, 4): gettext_lazy("three quarters of a day"),
    Fraction(1, 5): gettext_lazy("one fifth of a day"),
    Fraction(2, 5): gettext_lazy("two fifths of a day"),
    Fraction(3, 5): gettext_lazy("three fifths of a day"),
    Fraction(4, 5): gettext_lazy("four fifths of a day"),
    Fraction(1, 10): gettext_lazy("one tenth of a day"),
    Fraction(1): gettext_lazy("one full day"),
}


@dataclass(frozen=True, slots=True)
class Shares:
    """`gross` = `card_fee` + `host_fee` + `net`, exactly. `about` is True while the card fee is an estimate."""

    gross: Money
    card_fee: Money
    host_fee: Money
    net: Money
    host_basis_points: int
    about: bool = False

    @property
    def lines(self) -> list[FeeLine]:
        """You pay, card fee, host, buys time. The fees are negative; the last line is the total."""
        return [
            FeeLine(_("You pay"), self.gross),
            FeeLine(_("Card fee, about") if self.about else _("Card fee"), -self.card_fee),
            FeeLine(_("Host, {percent}").format(percent=percent_words(self.host_basis_points)), -self.host_fee),
            FeeLine(_("Buys time, about") if self.about else _("Buys time"), self.net),
        ]


def shares(gross: Money, card_fee: Money, host_basis_points: int, *, about: bool = False) -> Shares:
    """Divide a payment. The host's share is that part of the gross, rounded down, and never more than the fee leaves.

    `host_basis_points` is hundredths of a percent. Raises Conflict for a fee outside zero to the whole payment, or in
    another currency: such a payment is not booked by rule and waits for a person.
    """
    if card_fee.currency != gross.currency or not 0 <= card_fee.amount <= gross.amount:
        raise Conflict(f"A card fee of {card_fee} does not fit a payment of {gross}.")
    left = gross - card_fee
    host_fee = min(gross.percent(host_basis_points), left)
    return Shares(gross, card_fee, host_fee, left - host_fee, host_basis_points, about)


def about_card_fee(gross: Money) -> Money:
    """The estimate, rounded half up, and never more than the payment itself."""
    fee = (gross.amount * CARD_FEE_BASIS_POINTS + 5_000) // 10_000 + CARD_FEE_FIXED
    return Money(min(fee, gross.amount), gross.currency)


def estimate(gross: Money, host_basis_points: int) -> Shares:
    """The four lines of a price that nobody has paid yet."""
    return shares(gross, about_card_fee(gross), host_basis_points, about=True)


def part_of_day(net: Money, rate: Money) -> Fraction:
    """How much of a day at `rate` the sum buys, exactly."""
    return Fraction(net.amount, rate.amount)


def day_words(part: Fraction, *, start: bool = True) -> str:
    """`One fifth of a day`, `2 days`, or else `About 1/34 of a day`, `About 2.4 days`. `start=False` for the middle of a sentence."""
    if part in PARTS_OF_A_DAY:
        words = str(PARTS_OF_A_DAY[part])
    elif part.denominator == 1:
        words = ngettext("{n} day", "{n} days", part.numerator).format(n=part.numerator)
    else:
        words = _about(part)
    return capfirst(words) if start else words


def _about(part: Fraction) -> str:
    """No finer than anybody plans: whole days from ten on, tenths from half a day on, and below that the nearest 1/n of a day."""
    if 100 * part < 1:
        return _("less than 1/100 of a day")
    if 2 * part < 1:
        parts = round(1 / part)
        near = PARTS_OF_A_DAY.get(Fraction(1, parts))
        return _("about {part}").format(part=near) if near else _("about 1/{parts} of a day").format(parts=parts)
    tenths = round(part * 10) if part < 10 else round(part) * 10
    if tenths == 10:
        return _("about one day")
    figure = f"{(Decimal(tenths) / 10).normalize():f}"
    return (_("about {figure} of a day") if tenths < 10 else _("about {figure} days")).format(figure=figure)


def percent_words(basis_points: int) -> str:
    """`5%`, `5.25%`."""
    return f"{(Decimal(basis_points) / 100).normalize():f}%"
