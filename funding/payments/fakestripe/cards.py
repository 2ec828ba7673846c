"""Stripe's published test cards that the stand-in knows, and what becomes of a charge on each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """`kind` is succeed, decline or authenticate; the rest is what a decline carries."""

    kind: str
    code: str = ""
    decline_code: str = ""
    message: str = ""


SUCCEED = Outcome("succeed")
AUTHENTICATE = Outcome("authenticate")
DECLINE = Outcome("decline", "card_declined", "generic_decline", "Your card was declined.")
NO_FUNDS = Outcome("decline", "card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST = Outcome("decline", "card_declined", "lost_card", "Your card was declined.")
EXPIRED = Outcome("decline", "expired_card", "expired_card", "Your card has expired.")
NEEDS_OWNER = Outcome(
    "decline",
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
REFUSED_CHALLENGE = Outcome(
    "decline",
    "payment_intent_authentication_failure",
    "",
    "We are unable to authenticate your payment method. Choose a different payment method and try again.",
)


@dataclass(frozen=True, slots=True)
class Card:
    """`here` is the outcome while the owner looks on, `away` that of a later charge without them."""

    number: str
    brand: str
    about: str
    here: Outcome = SUCCEED
    away: Outcome = SUCCEED


KNOWN = {
    card.number: card
    for card in (
        Card("4242424242424242", "visa", "pays now and later"),
        Card("5555555555554444", "mastercard", "pays now and later"),
        Card("4000000000000341", "visa", "pays now, is declined later", away=DECLINE),
        Card("4000000000000002", "visa", "is declined", DECLINE, DECLINE),
        Card("4000000000009995", "visa", "is declined: insufficient funds", NO_FUNDS, NO_FUNDS),
        Card("4000000000000069", "visa", "is declined: expired", EXPIRED, EXPIRED),
        Card("4000002500003155", "visa", "asks for authentication once, then pays later", AUTHENTICATE),
        Card("4000002760003184", "visa", "asks for authentication every time", AUTHENTICATE, NEEDS_OWNER),
    )
}

SWITCHES = {
    "declined": DECLINE,
    "insufficient_funds": NO_FUNDS,
    "expired_card": EXPIRED,
    "lost_card": LOST,
    "authentication_required": NEEDS_OWNER,
}
"""What can be set for a customer's charges, whatever the card: the names of the index page and the control endpoint."""


PUBLISHED = {"pm_card_visa": "4242424242424242", "pm_card_chargeCustomerFail": "4000000000000341"}
"""The test methods that Stripe publishes by name, and the card that each stands for."""


def method(card: Card) -> dict[str, Any]:
    """The fields of a payment method with this card, attached to nobody."""
    details = {
        "brand": card.brand,
        "country": "US",
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"standin{card.number[-4:]}",
        "funding": "credit",
        "last4": card.number[-4:],
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
    }
    return {"allow_redisplay": "limited", "card": details, "customer": None, "metadata": {}, "type": "card", "billing_details": {}}


def digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
