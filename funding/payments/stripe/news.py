"""Events: checked, and reduced to what they are about."""

from __future__ import annotations

from contextlib import suppress

from django.conf import settings

from funding.payments.stripe.client import Plain, moment, verified
from funding.payments.values import BadSignature, Event


def read_event(*, payload: bytes, signature: str) -> Event:
    """STRIPE_WEBHOOK_SECRET may hold several secrets with spaces between: one per endpoint, or an old and a new one."""
    secrets = settings.STRIPE_WEBHOOK_SECRET.split()
    if not secrets:
        raise BadSignature("STRIPE_WEBHOOK_SECRET is not set, so no event can be checked.")
    for secret in secrets[:-1]:
        with suppress(BadSignature):
            return _event(verified(payload, signature, secret))
    return _event(verified(payload, signature, secrets[-1]))


def _event(event: Plain) -> Event:
    about = event["data"]["object"]
    if about.get("object") == "charge" and about.get("payment_intent"):
        # Elsewhere a charge is known by its payment intent, which is also where its metadata came from.
        about = {**about, "id": about["payment_intent"], "object": "payment_intent"}
    elif about.get("object") in {"bank_account", "card"} and about.get("account"):
        # A bank account has no life of its own here: what changed is the account that owns it.
        about = {"id": about["account"], "object": "account"}
    return Event(
        id=event["id"],
        type=event["type"],
        object_id=str(about.get("id") or ""),
        object_type=str(about.get("object") or ""),
        metadata={name: str(value) for name, value in (about.get("metadata") or {}).items()},
        created=moment(event["created"]),
    )
