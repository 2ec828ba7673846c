"""Setup intents: a card is kept for later and nothing is charged. Only a hosted page makes them here."""

from __future__ import annotations

from funding.payments.fakestripe.cards import Outcome
from funding.payments.fakestripe.forms import LISTING, present
from funding.payments.fakestripe.routes import Call, route
from funding.payments.fakestripe.store import Object, Transaction, new_id


@route("GET", "/v1/setup_intents/{id}")
def retrieve(call: Call, id: str) -> Object:
    return call.tx.get("setup_intent", id)


@route("GET", "/v1/setup_intents", {**LISTING, "customer": present})
def index(call: Call) -> Object:
    return {**call.tx.page("setup_intent", call.params), "url": "/v1/setup_intents"}


def new_setup(tx: Transaction, customer: str, given: Object) -> Object:
    fields: Object = {
        "application": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "cancellation_reason": None,
        "client_secret": new_id("seti") + "_secret",
        "customer": customer,
        "description": given.get("description"),
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "mandate": None,
        "metadata": given.get("metadata") or {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
    setup = tx.add("setup_intent", "seti", fields)
    tx.emit("setup_intent.created", setup)
    return setup


def challenge(tx: Transaction, setup: Object, method: Object, action: Object) -> None:
    setup.update(status="requires_action", payment_method=method["id"], next_action=action)
    tx.save(setup)
    tx.emit("setup_intent.requires_action", setup)


def fail(tx: Transaction, setup: Object, method: Object, outcome: Outcome) -> None:
    error = {
        "code": outcome.code,
        "decline_code": outcome.decline_code or None,
        "doc_url": f"https://docs.stripe.com/error-codes/{outcome.code.replace('_', '-')}",
        "message": outcome.message,
        "payment_method": method,
        "type": "card_error",
    }
    named = {name: value for name, value in error.items() if value is not None}
    setup.update(status="requires_payment_method", payment_method=None, next_action=None, last_setup_error=named)
    tx.save(setup)
    tx.emit("setup_intent.setup_failed", setup)


def succeed(tx: Transaction, setup: Object, method: Object) -> None:
    """Attach the card to the customer, so that it can be charged later."""
    method["customer"] = setup["customer"]
    tx.save(method)
    tx.emit("payment_method.attached", method)
    setup.update(status="succeeded", payment_method=method["id"], next_action=None, last_setup_error=None)
    tx.save(setup)
    tx.emit("setup_intent.succeeded", setup)
