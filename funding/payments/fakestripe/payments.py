"""Payment intents and charges: what happens when a card is charged, with and without its owner."""

from __future__ import annotations

from funding.payments.fakestripe import cards, currencies
from funding.payments.fakestripe.balance import balance_transaction, fee_details
from funding.payments.fakestripe.cards import Outcome
from funding.payments.fakestripe.customers import owned_method
from funding.payments.fakestripe.failures import Failure, invalid_parameter
from funding.payments.fakestripe.forms import LISTING, boolean, mapping, present, required, text
from funding.payments.fakestripe.routes import Call, route
from funding.payments.fakestripe.store import Object, Transaction, new_id

CREATE = {
    "amount": required(currencies.amount),
    "currency": required(currencies.currency),
    "customer": required(present),
    "payment_method": required(present),
    "confirm": required(boolean),
    "off_session": required(boolean),
    "description": text,
    "metadata": mapping,
    "transfer_group": present,
    "statement_descriptor_suffix": present,
}


@route("POST", "/v1/payment_intents", CREATE)
def create(call: Call) -> Object:
    """Create and confirm without the owner. A decline is an answer that is kept: the intent and its charge exist."""
    given, tx = call.params, call.tx
    if not (given["confirm"] and given["off_session"]):
        raise invalid_parameter("confirm", "This stand-in creates payment intents only with confirm=true and off_session=true.")
    currencies.check(given["amount"], given["currency"], charge=True)
    tx.get("customer", given["customer"], param="customer", lock=True)
    method = owned_method(tx, given["payment_method"], given["customer"])
    intent = new_intent(tx, {name: given.get(name) for name in CREATE if name not in {"confirm", "off_session", "payment_method"}})
    outcome = away(tx, given["customer"], method)
    if outcome.kind == "succeed":
        return succeed(tx, intent, method)
    intent = decline(tx, intent, method, outcome)
    call.status = 402
    return {"error": {**intent["last_payment_error"], "payment_intent": intent}}


@route("GET", "/v1/payment_intents/{id}")
def retrieve(call: Call, id: str) -> Object:
    return call.tx.get("payment_intent", id)


@route("GET", "/v1/payment_intents", {**LISTING, "customer": present})
def index(call: Call) -> Object:
    return {**call.tx.page("payment_intent", call.params), "url": "/v1/payment_intents"}


@route("GET", "/v1/charges/{id}")
def retrieve_charge(call: Call, id: str) -> Object:
    return call.tx.get("charge", id)


def away(tx: Transaction, customer: str, method: Object) -> Outcome:
    """What becomes of a charge without the owner: the customer's switch if it is set, else the card's own habit."""
    switch = tx.hidden(customer).get("switch")
    if switch:
        if switch["once"]:
            tx.hide(customer, switch=None)
        return cards.SWITCHES[switch["name"]]
    return cards.KNOWN[tx.hidden(method["id"])["number"]].away


def new_intent(tx: Transaction, given: Object) -> Object:
    fields: Object = {
        "amount": given["amount"],
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": new_id("pi") + "_secret",
        "confirmation_method": "automatic",
        "currency": given["currency"],
        "customer": given["customer"],
        "description": given.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": given.get("metadata") or {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "setup_future_usage": given.get("setup_future_usage"),
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": given.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": given.get("transfer_group"),
    }
    intent = tx.add("payment_intent", "pi", fields)
    tx.emit("payment_intent.created", intent)
    return intent


def new_method(tx: Transaction, card: cards.Card) -> Object:
    """A card as the hosted page took it in, not attached to anybody yet."""
    return tx.add("payment_method", "pm", cards.method(card), hidden={"number": card.number})


def succeed(tx: Transaction, intent: Object, method: Object) -> Object:
    """Charge the card: charge, fee, balance, events. Saves the card for later where the intent asked for it."""
    if intent["setup_future_usage"] and method["customer"] is None:
        method["customer"] = intent["customer"]
        tx.save(method)
        tx.emit("payment_method.attached", method)
    charge = _charge(tx, intent, method, None)
    tx.emit("charge.succeeded", charge)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        payment_method=method["id"],
        next_action=None,
        last_payment_error=None,
    )
    tx.save(intent)
    tx.emit("payment_intent.succeeded", intent)
    if not tx.setting("fees_later", False):
        book(tx, charge)
    return intent


def challenge(tx: Transaction, intent: Object, method: Object, action: Object) -> None:
    """The bank wants to know that it is the owner. The intent waits for the answer."""
    intent.update(status="requires_action", payment_method=method["id"], next_action=action)
    tx.save(intent)
    tx.emit("payment_intent.requires_action", intent)


def decline(tx: Transaction, intent: Object, method: Object, outcome: Outcome) -> Object:
    """Record a failed attempt. The intent stays and waits for another payment method."""
    charge = _charge(tx, intent, method, outcome)
    tx.emit("charge.failed", charge)
    error = {
        "charge": charge["id"],
        "code": outcome.code,
        "decline_code": outcome.decline_code or None,
        "doc_url": f"https://docs.stripe.com/error-codes/{outcome.code.replace('_', '-')}",
        "message": outcome.message,
        "payment_method": method,
        "type": "card_error",
    }
    intent.update(
        status="requires_payment_method",
        latest_charge=charge["id"],
        payment_method=None,
        next_action=None,
        last_payment_error={name: value for name, value in error.items() if value is not None},
    )
    tx.save(intent)
    tx.emit("payment_intent.payment_failed", intent)
    return intent


def book(tx: Transaction, charge: Object) -> Object:
    """Give a paid charge its balance transaction. Stripe does this a moment later; so does `fees_later`."""
    gross, code = charge["amount"], charge["currency"]
    fee = currencies.fee(gross)
    details = fee_details(fee, code, "Stripe processing fees")
    entry = balance_transaction(tx, kind="charge", amount=gross, code=code, source=charge["id"], fee=fee, fee_details=details)
    if not tx.move_balance(code, gross - fee):
        raise Failure(400, "The fee is above the charge and the balance has nothing to cover it.", code="balance_insufficient")
    charge["balance_transaction"] = entry["id"]
    tx.save(charge)
    tx.emit("charge.updated", charge)
    return charge


def _charge(tx: Transaction, intent: Object, method: Object, outcome: Outcome | None) -> Object:
    paid = outcome is None
    fields: Object = {
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": {},
        "captured": paid,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": outcome.code if outcome else None,
        "failure_message": outcome.message if outcome else None,
        "metadata": intent["metadata"],
        "outcome": {"type": "authorized"} if paid else {"type": "issuer_declined", "reason": outcome.decline_code if outcome else None},
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": "card", "card": method["card"]},
        "receipt_email": None,
        "receipt_url": None,
        "refunded": False,
        "status": "succeeded" if paid else "failed",
        "transfer_group": intent["transfer_group"],
    }
    return tx.add("charge", "ch", fields)
