"""The processor's decline codes in words, for the people who read the steps (docs.stripe.com/declines/codes)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

CODES = {
    "authentication_required": gettext_lazy("The bank wants the owner to confirm"),
    "fraudulent": gettext_lazy("The processor takes it for fraud"),
    "invalid_account": gettext_lazy("The card or its account is not valid"),
    "lost_card": gettext_lazy("The card was reported lost"),
    "merchant_blacklist": gettext_lazy("The processor blocks it on our side"),
    "payment_method_provider_decline": gettext_lazy("The provider of the card said no for good"),
    "pickup_card": gettext_lazy("The bank wants the card back"),
    "restricted_card": gettext_lazy("The card may not be used for this"),
    "revocation_of_all_authorizations": gettext_lazy("The owner stopped all charges"),
    "revocation_of_authorization": gettext_lazy("The owner stopped this charge"),
    "security_violation": gettext_lazy("The bank said no, and not why"),
    "stolen_card": gettext_lazy("The card was reported stolen"),
    "stop_payment_order": gettext_lazy("The owner told the bank not to pay"),
    "transaction_not_allowed": gettext_lazy("The bank does not allow it"),
}


def words(code: str) -> str:
    """`The card was reported stolen`; the code itself, spelled out, where we have no words for it."""
    return str(CODES[code]) if code in CODES else code.replace("_", " ").capitalize()
