"""What Stripe accepts as a sum: supported currencies, their decimals on its wire, limits, and the card fee."""

from __future__ import annotations

from typing import Any

from babel.numbers import get_currency_symbol

from funding.payments.fakestripe.failures import Failure, invalid_parameter
from funding.payments.fakestripe.forms import integer, present


def codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_DECIMALS = codes("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
THREE_DECIMALS = codes("bhd jod kwd omr tnd")
WHOLE_IN_TWO_DECIMALS = codes("isk ugx")
"""Currencies without cents that Stripe nevertheless writes with two decimals, which have to be zeros."""
TWO_DECIMALS = codes(
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc cve czk dkk "
    "dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad "
    "mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd "
    "shp sle sos srd std szl thb tjs top try ttd twd tzs uah uyu uzs wst xcd xcg yer zar zmw"
)
SUPPORTED = NO_DECIMALS | THREE_DECIMALS | TWO_DECIMALS | WHOLE_IN_TWO_DECIMALS
LARGEST = 99_999_999
SMALLEST = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "chf": 50, "aud": 50, "cad": 50, "sek": 300, "nok": 300, "dkk": 250, "huf": 17_500}


def currency(value: Any, path: str) -> str:
    code = present(value, path)
    if code not in SUPPORTED:
        raise invalid_parameter(path, f"Invalid currency: {code}. Stripe takes lowercase three-letter codes.")
    return code


def amount(value: Any, path: str) -> int:
    number = integer(value, path)
    if number < 1:
        raise invalid_parameter(path, "This value must be greater than or equal to 1.", "parameter_invalid_integer")
    return number


def check(sum_: int, code: str, *, charge: bool) -> None:
    """Raise Failure for a sum that Stripe refuses in this currency. Only charges have a smallest sum above one unit."""
    if sum_ > LARGEST:
        raise Failure(400, f"Amount must be no more than {LARGEST}.", code="amount_too_large", param="amount", stored=False)
    if charge and sum_ < SMALLEST.get(code, 1):
        message = "The Checkout Session's total amount or the charge is below the smallest sum for this currency."
        raise Failure(400, message, code="amount_too_small", param="amount", stored=False)
    step = 10 if code in THREE_DECIMALS else 100 if code in WHOLE_IN_TWO_DECIMALS else 1
    if sum_ % step:
        raise invalid_parameter("amount", f"Amounts in {code} are multiples of {step}.")


def fee(sum_: int) -> int:
    """2.9 % and 30 minor units, rounded half up: 320 for 10,000."""
    return (sum_ * 29 + 500) // 1_000 + 30


def words(sum_: int, code: str) -> str:
    """For the pages: `$100.00`, as on the site from which somebody comes."""
    places = 0 if code in NO_DECIMALS else 3 if code in THREE_DECIMALS else 2
    whole, rest = divmod(sum_, 10**places)
    mark = get_currency_symbol(code.upper(), locale="en_US")
    apart = "\u00a0" if mark[-1].isalpha() else ""
    return f"{mark}{apart}{whole:,}" + (f".{rest:0{places}d}" if places else "")
