"""Customers and the payment methods that the hosted page attached to them."""

from __future__ import annotations

from funding.payments.fakestripe import cards
from funding.payments.fakestripe.failures import Failure
from funding.payments.fakestripe.forms import LISTING, mapping, nested, one_of, present, required, text
from funding.payments.fakestripe.routes import Call, route
from funding.payments.fakestripe.store import Object, Transaction

SETTINGS = nested({"default_payment_method": text})
FIELDS = {"name": text, "email": text, "description": text, "phone": text, "metadata": mapping, "invoice_settings": SETTINGS}


@route("POST", "/v1/customers", FIELDS)
def create(call: Call) -> Object:
    given = call.params
    fields: Object = {
        "address": None,
        "balance": 0,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": given.get("description"),
        "email": given.get("email"),
        "invoice_prefix": None,
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None},
        "metadata": given.get("metadata", {}),
        "name": given.get("name"),
        "phone": given.get("phone"),
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    customer = call.tx.add("customer", "cus", fields)
    call.tx.emit("customer.created", customer)
    return customer


@route("GET", "/v1/customers/{id}")
def retrieve(call: Call, id: str) -> Object:
    return call.tx.get("customer", id)


@route("POST", "/v1/customers/{id}", FIELDS)
def update(call: Call, id: str) -> Object:
    customer = call.tx.get("customer", id, lock=True)
    for name, value in call.params.items():
        if name == "metadata":
            customer["metadata"] = {key: item for key, item in {**customer["metadata"], **value}.items() if item != ""}
        elif name == "invoice_settings":
            method = value.get("default_payment_method") or None
            if method:
                owned_method(call.tx, method, id)
            customer["invoice_settings"]["default_payment_method"] = method
        elif name != "expand":
            customer[name] = value or None
    call.tx.save(customer)
    call.tx.emit("customer.updated", customer)
    return customer


@route("GET", "/v1/customers", {**LISTING, "email": present})
def index(call: Call) -> Object:
    return {**call.tx.page("customer", call.params), "url": "/v1/customers"}


@route("GET", "/v1/payment_methods/{id}")
def retrieve_method(call: Call, id: str) -> Object:
    return call.tx.get("payment_method", id)


@route("POST", "/v1/payment_methods/{id}/attach", {"customer": required(present)})
def attach(call: Call, id: str) -> Object:
    """Stripe's published test methods become a new card of the customer. Any other card is attached by the page that took it in."""
    card = cards.PUBLISHED.get(id)
    if card is None:
        raise Failure(400, f"This stand-in attaches only {', '.join(cards.PUBLISHED)}.", code="resource_missing", param="payment_method")
    call.tx.get("customer", call.params["customer"], param="customer")
    method = {**cards.method(cards.KNOWN[card]), "customer": call.params["customer"]}
    made = call.tx.add("payment_method", "pm", method, hidden={"number": card})
    call.tx.emit("payment_method.attached", made)
    return made


@route("POST", "/v1/payment_methods/{id}/detach")
def detach(call: Call, id: str) -> Object:
    """Nobody can charge it any more, and it can never be attached again."""
    method = call.tx.get("payment_method", id)
    if method["customer"] is None:
        raise Failure(400, "The payment method you provided is not attached to a customer so detachment is impossible.")
    method["customer"] = None
    call.tx.save(method)
    call.tx.emit("payment_method.detached", method)
    return method


@route("GET", "/v1/payment_methods", {**LISTING, "customer": required(present), "type": one_of("card")})
def index_methods(call: Call) -> Object:
    call.tx.get("customer", call.params["customer"], param="customer")
    return {**call.tx.page("payment_method", call.params), "url": "/v1/payment_methods"}


def owned_method(tx: Transaction, method: str, customer: str) -> Object:
    """The payment method if it is attached to this customer. Raises Failure as Stripe does for a stranger's card."""
    found = tx.get("payment_method", method, param="payment_method")
    if found["customer"] != customer:
        message = "The payment method you provided is not attached to this customer. Attach it to the customer first."
        raise Failure(400, message, code="payment_method_customer_mismatch", param="payment_method")
    return found
