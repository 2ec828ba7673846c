"""The one client of the library, and its errors turned into the gateway's. Only this module calls `stripe` by name."""

from __future__ import annotations

import datetime as dt
import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import stripe
from django.conf import settings
from django.utils.translation import gettext as _

from funding.payments.values import (
    AlreadyRefunded,
    AuthenticationRequired,
    BadSignature,
    CannotReceive,
    Declined,
    InsufficientBalance,
    Rejected,
    Unavailable,
)

TIMEOUTS = (4.0, 25.0)
"""Seconds to connect and to wait for bytes. Stripe answers a charge in a few seconds; a bank may take twenty."""
RETRIES = 1
REFUSALS: dict[str, type[Rejected]] = {
    "balance_insufficient": InsufficientBalance,
    "charge_already_refunded": AlreadyRefunded,
    "insufficient_capabilities_for_transfer": CannotReceive,
}
Plain = dict[str, Any]


@functools.lru_cache(maxsize=4)
def client_for(key: str, base: str, process: int) -> stripe.StripeClient:
    # The process is part of the cache key because a connection pool must not cross a fork.
    addresses: Any = {"api": base} if base else {}
    return stripe.StripeClient(
        key,
        base_addresses=addresses,
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUTS),
    )


def client() -> stripe.StripeClient:
    if not settings.STRIPE_SECRET_KEY:
        raise Rejected(_("STRIPE_SECRET_KEY is not set, so no payment can be made."), code="not_configured")
    return client_for(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, os.getpid())


@contextmanager
def answers() -> Iterator[None]:
    """Turn the library's errors into the gateway's."""
    try:
        yield
    except stripe.CardError as error:
        raise _declined(error) from error
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise Unavailable(_("The payment processor could not be reached. Nothing is lost: trying again is safe.")) from error
    except (stripe.InvalidRequestError, stripe.AuthenticationError, stripe.PermissionError, stripe.IdempotencyError) as error:
        raise _rejected(error) from error
    except stripe.StripeError as error:
        raise Unavailable(_("The payment processor did not say whether it acted. Trying again is safe.")) from error


def _body(error: stripe.StripeError) -> Plain:
    body = error.json_body
    return dict(body.get("error") or {}) if isinstance(body, dict) else {}


def _declined(error: stripe.CardError) -> Declined | AuthenticationRequired:
    body = _body(error)
    charge_id = (body.get("payment_intent") or {}).get("id")
    message = error.user_message or "The card was declined."
    if error.code == "authentication_required":
        return AuthenticationRequired(message, charge_id=charge_id)
    return Declined(message, code=error.code or "card_declined", decline_code=body.get("decline_code"), charge_id=charge_id)


def _rejected(error: stripe.StripeError) -> Rejected:
    kind = REFUSALS.get(error.code or "", Rejected)
    return kind(error.user_message or "The payment processor refused the request.", code=error.code or "")


def moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def labels(kind: str, reference: str) -> dict[str, str]:
    return {"kind": kind, "reference": reference}


def group(kind: str, reference: str) -> str:
    return f"{kind}:{reference}"


def verified(payload: bytes, signature: str, secret: str) -> Plain:
    """The event in these bytes. Raises BadSignature for another secret, another body, or more than five minutes."""
    try:
        found: Plain = stripe.Webhook.construct_event(payload, signature, secret).to_dict()
    except (stripe.SignatureVerificationError, ValueError) as error:
        raise BadSignature("The signature does not match this body, or is older than five minutes.") from error
    return found
