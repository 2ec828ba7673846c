"""Stripe behind the gateway: the only module that calls the `stripe` library.

The library pins the API version (2026-10-28.endive in 16.1). STRIPE_API_BASE sends every call to the stand-in instead.
Its objects are no dicts since version 15, so they are turned into plain ones at once.
"""

from __future__ import annotations

import datetime as dt
import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import stripe
from django.conf import settings

from funding.money import Money
from funding.payments.currencies import from_processor, to_processor
from funding.payments.values import (
    Account,
    AuthenticationRequired,
    BadSignature,
    CannotReceive,
    Charge,
    Checkout,
    Declined,
    Event,
    InsufficientBalance,
    Rejected,
    Transfer,
    Unavailable,
)

TIMEOUTS = (4.0, 25.0)
"""Seconds to connect and to wait for bytes. Stripe answers a charge in a few seconds; a bank may take twenty."""
RETRIES = 1
BRANDS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "discover": "Discover",
    "jcb": "JCB",
    "diners": "Diners Club",
}
NO_BALANCE = "balance_insufficient"
NO_CAPABILITY = "insufficient_capabilities_for_transfer"
Plain = dict[str, Any]


@functools.lru_cache(maxsize=4)
def _client_for(key: str, base: str, process: int) -> stripe.StripeClient:
    # The process is part of the cache key because a connection pool must not cross a fork.
    addresses: Any = {"api": base} if base else {}
    return stripe.StripeClient(
        key,
        base_addresses=addresses,
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUTS),
    )


def _client() -> stripe.StripeClient:
    if not settings.STRIPE_SECRET_KEY:
        raise Rejected("STRIPE_SECRET_KEY is not set, so no payment can be made.", code="not_configured")
    return _client_for(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, os.getpid())


@contextmanager
def _answers() -> Iterator[None]:
    """Turn the library's errors into the gateway's."""
    try:
        yield
    except stripe.CardError as error:
        raise _declined(error) from error
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise Unavailable("The payment processor could not be reached. Nothing is lost: trying again is safe.") from error
    except (stripe.InvalidRequestError, stripe.AuthenticationError, stripe.PermissionError, stripe.IdempotencyError) as error:
        raise _rejected(error) from error
    except stripe.StripeError as error:
        raise Unavailable("The payment processor did not say whether it acted. Trying again is safe.") from error


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
    kind = {NO_BALANCE: InsufficientBalance, NO_CAPABILITY: CannotReceive}.get(error.code or "", Rejected)
    return kind(error.user_message or "The payment processor refused the request.", code=error.code or "")


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _label(kind: str, reference: str) -> dict[str, str]:
    return {"kind": kind, "reference": reference}


def _group(kind: str, reference: str) -> str:
    return f"{kind}:{reference}"


# Sponsors


def create_customer(*, name: str, email: str, metadata: dict[str, str], key: str) -> str:
    with _answers():
        made = _client().v1.customers.create({"name": name, "email": email, "metadata": metadata}, {"idempotency_key": key})
    return str(made.id)


def open_checkout(
    *, customer: str, amount: Money, description: str, kind: str, reference: str, success_url: str, cancel_url: str, key: str
) -> Checkout:
    label = _label(kind, reference)
    with _answers():
        made = _client().v1.checkout.sessions.create(
            {
                "mode": "payment",
                "ui_mode": "hosted_page",
                "customer": customer,
                "allowed_payment_method_types": ["card"],
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": amount.currency.lower(),
                            "unit_amount": to_processor(amount),
                            "product_data": {"name": description},
                        },
                    }
                ],
                "payment_intent_data": {"setup_future_usage": "off_session", "description": description, "metadata": label},
                "client_reference_id": reference,
                "metadata": label,
                "success_url": success_url,
                "cancel_url": cancel_url,
            },
            {"idempotency_key": key},
        )
    return _checkout(made.to_dict())


def read_checkout(session_id: str) -> Checkout:
    with _answers():
        return _checkout(_client().v1.checkout.sessions.retrieve(session_id).to_dict())


def expire_checkout(session_id: str) -> Checkout:
    try:
        with _answers():
            return _checkout(_client().v1.checkout.sessions.expire(session_id).to_dict())
    except Rejected:
        # It was paid or expired a moment before: what it became is the answer.
        found = read_checkout(session_id)
        if found.open:
            raise
        return found


def charge_off_session(
    *, customer: str, payment_method: str, amount: Money, description: str, kind: str, reference: str, key: str
) -> Charge:
    with _answers():
        made = _client().v1.payment_intents.create(
            {
                "amount": to_processor(amount),
                "currency": amount.currency.lower(),
                "customer": customer,
                "payment_method": payment_method,
                "confirm": True,
                "off_session": True,
                "description": description,
                "metadata": _label(kind, reference),
                "expand": ["latest_charge.balance_transaction"],
            },
            {"idempotency_key": key},
        )
    return _charge(made.to_dict())


def read_charge(payment_intent: str) -> Charge:
    with _answers():
        found = _client().v1.payment_intents.retrieve(payment_intent, {"expand": ["latest_charge.balance_transaction"]})
    return _charge(found.to_dict())


def find_charge(*, customer: str, kind: str, reference: str) -> Charge | None:
    with _answers():
        listed = _client().v1.payment_intents.list({"customer": customer, "limit": 100})
        for intent in listed.auto_paging_iter():
            if (intent.metadata.to_dict() if intent.metadata else {}) == _label(kind, reference):
                return read_charge(intent.id)
    return None


def _checkout(session: Plain) -> Checkout:
    return Checkout(
        id=session["id"],
        url=session["url"] or "",
        open=session["status"] == "open",
        paid=session["payment_status"] == "paid",
        payment_intent=session["payment_intent"],
    )


def _charge(intent: Plain) -> Charge:
    last = intent["latest_charge"] or {}
    booked = last.get("balance_transaction") or None
    failure = intent["last_payment_error"] or {}
    return Charge(
        id=intent["id"],
        status=intent["status"],
        amount=from_processor(intent["amount"], intent["currency"]),
        fee=from_processor(booked["fee"], booked["currency"]) if booked else None,
        balance_transaction=booked["id"] if booked else None,
        payment_method=intent["payment_method"],
        customer=intent["customer"],
        card_label=_card_label(last.get("payment_method_details") or {}),
        failure_code=failure.get("decline_code") or failure.get("code"),
        failure_message=failure.get("message"),
        metadata=dict(intent["metadata"] or {}),
        created=_moment(intent["created"]),
    )


def _card_label(details: Plain) -> str | None:
    card = details.get("card")
    if not card:
        return None
    return f"{BRANDS.get(card['brand'], 'Card')} ending {card['last4']}"


# Payees


def create_account(*, name: str, email: str, country: str, currency: str, metadata: dict[str, str], key: str) -> Account:
    with _answers():
        made = _client().v1.accounts.create(
            {
                "country": country,
                "email": email,
                "default_currency": currency.lower(),
                "controller": {
                    "fees": {"payer": "application"},
                    "losses": {"payments": "application"},
                    "requirement_collection": "stripe",
                    "stripe_dashboard": {"type": "express"},
                },
                "capabilities": {"transfers": {"requested": True}},
                "business_profile": {"name": name},
                "metadata": metadata,
            },
            {"idempotency_key": key},
        )
    return _account(made.to_dict())


def onboarding_link(*, account: str, refresh_url: str, return_url: str) -> str:
    with _answers():
        made = _client().v1.account_links.create(
            {"account": account, "refresh_url": refresh_url, "return_url": return_url, "type": "account_onboarding"}
        )
    return str(made.url)


def read_account(account: str) -> Account:
    with _answers():
        return _account(_client().v1.accounts.retrieve(account).to_dict())


def send_transfer(*, account: str, amount: Money, kind: str, reference: str, description: str, key: str) -> Transfer:
    with _answers():
        made = _client().v1.transfers.create(
            {
                "amount": to_processor(amount),
                "currency": amount.currency.lower(),
                "destination": account,
                "description": description,
                "metadata": _label(kind, reference),
                "transfer_group": _group(kind, reference),
            },
            {"idempotency_key": key},
        )
    return _transfer(made.to_dict())


def read_transfer(transfer: str) -> Transfer:
    with _answers():
        return _transfer(_client().v1.transfers.retrieve(transfer).to_dict())


def find_transfer(*, kind: str, reference: str) -> Transfer | None:
    with _answers():
        listed = _client().v1.transfers.list({"transfer_group": _group(kind, reference), "limit": 1})
    return _transfer(listed.data[0].to_dict()) if listed.data else None


def _account(account: Plain) -> Account:
    return Account(
        id=account["id"],
        details_submitted=bool(account.get("details_submitted")),
        payouts_enabled=bool(account.get("payouts_enabled")),
        requirements=tuple((account.get("requirements") or {}).get("currently_due") or ()),
        metadata=dict(account.get("metadata") or {}),
    )


def _transfer(transfer: Plain) -> Transfer:
    return Transfer(
        id=transfer["id"],
        account=transfer["destination"],
        amount=from_processor(transfer["amount"], transfer["currency"]),
        reversed=transfer["reversed"],
        balance_transaction=transfer["balance_transaction"],
        metadata=dict(transfer["metadata"] or {}),
        created=_moment(transfer["created"]),
    )


# News


def read_event(*, payload: bytes, signature: str) -> Event:
    """STRIPE_WEBHOOK_SECRET may hold several secrets with spaces between: one per endpoint, or an old and a new one."""
    secrets = settings.STRIPE_WEBHOOK_SECRET.split()
    if not secrets:
        raise BadSignature("STRIPE_WEBHOOK_SECRET is not set, so no event can be checked.")
    for position, secret in enumerate(secrets):
        try:
            found = stripe.Webhook.construct_event(payload, signature, secret)
            return _event(found.to_dict())
        except (stripe.SignatureVerificationError, ValueError) as error:
            if position == len(secrets) - 1:
                raise BadSignature("The signature does not match this body, or is older than five minutes.") from error
    raise AssertionError("the loop returns or raises")


def _event(event: Plain) -> Event:
    about = event["data"]["object"]
    if about.get("object") == "charge" and about.get("payment_intent"):
        # Elsewhere a charge is known by its payment intent, which is also where its metadata came from.
        about = {**about, "id": about["payment_intent"], "object": "payment_intent"}
    return Event(
        id=event["id"],
        type=event["type"],
        object_id=str(about.get("id") or ""),
        object_type=str(about.get("object") or ""),
        metadata={name: str(value) for name, value in (about.get("metadata") or {}).items()},
        created=_moment(event["created"]),
    )
