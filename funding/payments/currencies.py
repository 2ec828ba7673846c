"""How the processor writes sums. It counts decimals its own way for some currencies; here is the one place that knows.

Its zero-decimal and three-decimal currencies are listed in its documentation; everything else has two decimals there,
whatever the currency itself has. ISK and UGX are written with two zeros after them.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from funding.money import Money, exponent
from funding.payments.values import Rejected

NO_DECIMALS = frozenset({"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"})
THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def decimals(currency: str) -> int:
    """How many decimals the processor writes for this currency."""
    return 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2


def to_processor(sum_: Money) -> int:
    """Minor units as the processor counts them. Raises Rejected for a sum that it cannot take (BHD 1.005)."""
    shift = decimals(sum_.currency) - exponent(sum_.currency)
    scaled = _shift(sum_.amount, shift, sum_.currency)
    if sum_.currency in THREE_DECIMALS and scaled % 10:
        raise Rejected(_("The processor takes {currency} in steps of 0.010.").format(currency=sum_.currency), code="amount_step")
    return scaled


def from_processor(amount: int, currency: str) -> Money:
    """Money from the processor's minor units and its lowercase code. Raises Rejected for a fraction of a minor unit."""
    code = currency.upper()
    return Money(_shift(amount, exponent(code) - decimals(code), code), code)


def _shift(amount: int, places: int, currency: str) -> int:
    if places >= 0:
        return int(amount * 10**places)
    whole, rest = divmod(amount, 10**-places)
    if rest:
        raise Rejected(_("{amount} is finer than {currency} is counted.").format(amount=amount, currency=currency), code="amount_step")
    return int(whole)
