"""The processor's decline codes in words, for the people who read the steps (docs.stripe.com/declines/codes)."""

from __future__ import annotations

CODES = {
    "authentication_required": "The bank wants the owner to confirm",
    "fraudulent": "The processor takes it for fraud",
    "invalid_account": "The card or its account is not valid",
    "lost_card": "The card was reported lost",
    "merchant_blacklist": "The processor blocks it on our side",
    "payment_method_provider_decline": "The provider of the card said no for good",
    "pickup_card": "The bank wants the card back",
    "restricted_card": "The card may not be used for this",
    "revocation_of_all_authorizations": "The owner stopped all charges",
    "revocation_of_authorization": "The owner stopped this charge",
    "security_violation": "The bank said no, and not why",
    "stolen_card": "The card was reported stolen",
    "stop_payment_order": "The owner told the bank not to pay",
    "transaction_not_allowed": "The bank does not allow it",
}


def words(code: str) -> str:
    """`The card was reported stolen`; the code itself, spelled out, where we have no words for it."""
    return CODES.get(code, code.replace("_", " ").capitalize())
