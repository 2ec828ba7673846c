"""Customers, hosted pages and charges."""

from __future__ import annotations

import calendar
import datetime as dt

from funding.money import Money
from funding.payments.currencies import from_processor, to_processor
from funding.payments.stripe.client import Plain, answers, client, labels, moment
from funding.payments.values import Charge, Checkout, Rejected

CARD_OF = ["payment_intent.payment_method", "setup_intent.payment_method"]
"""What a read of a page asks for as well: the card that was used or saved on it."""
BRANDS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "discover": "Discover",
    "jcb": "JCB",
    "diners": "Diners Club",
}


def create_customer(*, name: str, email: str, metadata: dict[str, str], key: str) -> str:
    with answers():
        made = client().v1.customers.create({"name": name, "email": email, "metadata": metadata}, {"idempotency_key": key})
    return str(made.id)


def open_checkout(
    *, customer: str, amount: Money, description: str, kind: str, reference: str, success_url: str, cancel_url: str, key: str
) -> Checkout:
    label = labels(kind, reference)
    with answers():
        made = client().v1.checkout.sessions.create(
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


def open_card_page(*, customer: str, currency: str, kind: str, reference: str, success_url: str, cancel_url: str, key: str) -> Checkout:
    """The setup intent behind the page carries no label of ours, so its owner hears of the page and of nothing else."""
    with answers():
        made = client().v1.checkout.sessions.create(
            {
                "mode": "setup",
                "ui_mode": "hosted_page",
                "customer": customer,
                "currency": currency.lower(),
                "allowed_payment_method_types": ["card"],
                "client_reference_id": reference,
                "metadata": labels(kind, reference),
                "success_url": success_url,
                "cancel_url": cancel_url,
            },
            {"idempotency_key": key},
        )
    return _checkout(made.to_dict())


def read_checkout(session_id: str) -> Checkout:
    with answers():
        return _checkout(client().v1.checkout.sessions.retrieve(session_id, {"expand": CARD_OF}).to_dict())


def expire_checkout(session_id: str) -> Checkout:
    try:
        with answers():
            return _checkout(client().v1.checkout.sessions.expire(session_id).to_dict())
    except Rejected:
        # It was paid or expired a moment before: what it became is the answer.
        found = read_checkout(session_id)
        if found.open:
            raise
        return found


def save_test_card(*, customer: str, method: str, key: str) -> str:
    with answers():
        return str(client().v1.payment_methods.attach(method, {"customer": customer}, {"idempotency_key": key}).id)


def detach_card(payment_method: str) -> None:
    with answers():
        client().v1.payment_methods.detach(payment_method)


def charge_off_session(
    *, customer: str, payment_method: str, amount: Money, description: str, kind: str, reference: str, key: str
) -> Charge:
    with answers():
        made = client().v1.payment_intents.create(
            {
                "amount": to_processor(amount),
                "currency": amount.currency.lower(),
                "customer": customer,
                "payment_method": payment_method,
                "confirm": True,
                "off_session": True,
                "description": description,
                "metadata": labels(kind, reference),
                "expand": ["latest_charge.balance_transaction"],
            },
            {"idempotency_key": key},
        )
    return _charge(made.to_dict())


def read_charge(payment_intent: str) -> Charge:
    with answers():
        found = client().v1.payment_intents.retrieve(payment_intent, {"expand": ["latest_charge.balance_transaction"]})
    return _charge(found.to_dict())


def find_charge(*, customer: str, kind: str, reference: str) -> Charge | None:
    with answers():
        listed = client().v1.payment_intents.list({"customer": customer, "limit": 100})
        for intent in listed.auto_paging_iter():
            if (intent.metadata.to_dict() if intent.metadata else {}) == labels(kind, reference):
                return read_charge(intent.id)
    return None


def _checkout(session: Plain) -> Checkout:
    payment, setup = session["payment_intent"], session.get("setup_intent")
    behind = payment if isinstance(payment, dict) else setup if isinstance(setup, dict) else {}
    card = behind.get("payment_method") if session["status"] == "complete" else None
    return Checkout(
        id=session["id"],
        url=session["url"] or "",
        open=session["status"] == "open",
        paid=session["payment_status"] == "paid",
        payment_intent=payment["id"] if isinstance(payment, dict) else payment,
        payment_method=card["id"] if isinstance(card, dict) else card,
        card_label=_card_label(card) if isinstance(card, dict) else None,
        card_expires_on=_expires_on(card) if isinstance(card, dict) else None,
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
        created=moment(intent["created"]),
        card_expires_on=_expires_on(last.get("payment_method_details") or {}),
    )


def _expires_on(details: Plain) -> dt.date | None:
    """A card is good through the last day of its month."""
    card = details.get("card") or {}
    month, year = card.get("exp_month"), card.get("exp_year")
    if not month or not year:
        return None
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _card_label(details: Plain) -> str | None:
    card = details.get("card")
    if not card:
        return None
    return f"{BRANDS.get(card['brand'], 'Card')} ending {card['last4']}"
