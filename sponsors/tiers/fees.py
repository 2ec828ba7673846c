"""Where a payment goes: card fee, host, and what buys time. One place for the sum, before and after the fee is known.

A tier shows the estimate and says "about"; a receipt shows the shares that were posted. Both are the same four lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.components.parts import FeeLine
from funding.errors import Conflict
from funding.money import Money

CARD_FEE_BASIS_POINTS = 290
CARD_FEE_FIXED = 30
"""The processor's usual price for a card, 2.9 % and 30 minor units: only ever used for an estimate."""

PARTS_OF_A_DAY = {
    Fraction(1, 2): gettext_lazy("Half a day"),
    Fraction(1, 3): gettext_lazy("One third of a day"),
    Fraction(2, 3): gettext_lazy("Two thirds of a day"),
    Fraction(1, 4): gettext_lazy("A quarter of a day"),
    Fraction(3, 4): gettext_lazy("Three quarters of a day"),
    Fraction(1, 5): gettext_lazy("One fifth of a day"),
    Fraction(2, 5): gettext_lazy("Two fifths of a day"),
    Fraction(3, 5): gettext_lazy("Three fifths of a day"),
    Fraction(4, 5): gettext_lazy("Four fifths of a day"),
    Fraction(1, 10): gettext_lazy("One tenth of a day"),
    Fraction(1): gettext_lazy("One full day"),
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
            FeeLine(_("Host, {percent_words}").format(percent_words=percent_words(self.host_basis_points)), -self.host_fee),
            FeeLine(_("Buys time, about") if self.about else _("Buys time"), self.net),
        ]


def shares(gross: Money, card_fee: Money, host_basis_points: int, *, about: bool = False) -> Shares:
    """Divide a payment. The host's share is that part of the gross, rounded down, and never more than the fee leaves.

    `host_basis_points` is hundredths of a percent. Raises Conflict for a fee outside zero to the whole payment, or in
    another currency: such a payment is not booked by rule and waits for a person.
    """
    if card_fee.currency != gross.currency or not 0 <= card_fee.amount <= gross.amount:
        raise Conflict(_("A card fee of {card_fee} does not fit a payment of {gross}.").format(card_fee=card_fee, gross=gross))
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
    words = PARTS_OF_A_DAY.get(part)
    if words is None and part.denominator == 1:
        words = _("{numerator} days").format(numerator=part.numerator)
    if words is None:
        words = _about(part)
    return words if start else words[0].lower() + words[1:]


def _about(part: Fraction) -> str:
    """No finer than anybody plans: whole days from ten on, tenths from half a day on, and below that the nearest 1/n of a day."""
    if 100 * part < 1:
        return _("Less than 1/100 of a day")
    if 2 * part < 1:
        parts = round(1 / part)
        near = PARTS_OF_A_DAY.get(Fraction(1, parts))
        return _("About {near}{near}").format(near=near[1:]) if near else _("About 1/{parts} of a day").format(parts=parts)
    tenths = round(part * 10) if part < 10 else round(part) * 10
    figure = (Decimal(tenths) / 10).normalize()
    return (
        _("About one day")
        if tenths == 10
        else _("About {figure:f} {value}").format(figure=figure, value="of a day" if tenths < 10 else "days")
    )


def percent_words(basis_points: int) -> str:
    """`5%`, `5.25%`."""
    return f"{(Decimal(basis_points) / 100).normalize():f}%"
