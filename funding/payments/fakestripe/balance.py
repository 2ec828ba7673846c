"""The platform's balance: what is on it, and one balance transaction for each movement."""

from __future__ import annotations

from typing import Any

from funding.payments.fakestripe.forms import LISTING, one_of, present
from funding.payments.fakestripe.routes import Call, route
from funding.payments.fakestripe.store import Object, Transaction

TYPES = ("charge", "refund", "refund_failure", "adjustment", "transfer", "transfer_refund", "topup", "topup_reversal")


@route("GET", "/v1/balance_transactions/{id}")
def retrieve(call: Call, id: str) -> Object:
    return call.tx.get("balance_transaction", id)


@route("GET", "/v1/balance_transactions", {**LISTING, "type": one_of(*TYPES), "source": present, "currency": present})
def index(call: Call) -> Object:
    return {**call.tx.page("balance_transaction", call.params), "url": "/v1/balance_transactions"}


@route("GET", "/v1/balance")
def balance(call: Call) -> Object:
    rows = call.tx.rows("SELECT currency, available FROM balance ORDER BY currency")
    available = [{"amount": row["available"], "currency": row["currency"], "source_types": {"card": row["available"]}} for row in rows]
    pending = [{"amount": 0, "currency": row["currency"], "source_types": {"card": 0}} for row in rows]
    return {"object": "balance", "available": available, "livemode": False, "pending": pending}


def balance_transaction(
    tx: Transaction, *, kind: str, amount: int, code: str, source: str | None, fee: int = 0, category: str = "", **more: Any
) -> Object:
    """Write one movement down. `category` is Stripe's reporting category where it differs from the type."""
    fields: Object = {
        "amount": amount,
        "available_on": tx.now(),
        "balance_type": "payments",
        "currency": code,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [],
        "net": amount - fee,
        "reporting_category": category or kind,
        "source": source,
        "status": "available",
        "type": kind,
        **more,
    }
    entry = tx.add("balance_transaction", "txn", fields)
    del entry["livemode"]
    return tx.save(entry)


def fee_details(fee: int, code: str, description: str) -> list[Object]:
    return [{"amount": fee, "application": None, "currency": code, "description": description, "type": "stripe_fee"}]
