"""Refunds, whole and in parts: at once, or pending first and settled later, which may also fail after it looked done.

A refund may take the balance below zero: Stripe then takes the rest from the platform's bank.
"""

from __future__ import annotations

from typing import LiteralString

from funding.payments.fakestripe import currencies
from funding.payments.fakestripe.balance import balance_transaction
from funding.payments.fakestripe.disputes import stands_against
from funding.payments.fakestripe.failures import Failure, invalid_parameter
from funding.payments.fakestripe.forms import LISTING, mapping, one_of, present, required
from funding.payments.fakestripe.routes import Call, route
from funding.payments.fakestripe.store import Object, Transaction

CREATE = {
    "payment_intent": required(present),
    "amount": currencies.amount,
    "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
    "metadata": mapping,
}
OUTCOMES = {"succeeded": {"pending"}, "failed": {"pending", "succeeded"}, "canceled": {"pending"}}
"""What a refund can become, and from where."""
REASONS = ("lost_or_stolen_card", "expired_or_canceled_card", "declined", "insufficient_funds", "unknown")
WAITING: LiteralString = "SELECT data FROM object WHERE kind = 'refund' AND data->>'status' = 'pending' ORDER BY seq FOR UPDATE"


@route("POST", "/v1/refunds", CREATE)
def create(call: Call) -> Object:
    return make(call.tx, call.params)


@route("GET", "/v1/refunds/{id}")
def retrieve(call: Call, id: str) -> Object:
    return call.tx.get("refund", id)


@route("GET", "/v1/refunds", {**LISTING, "payment_intent": present, "charge": present})
def index(call: Call) -> Object:
    return {**call.tx.page("refund", call.params), "url": "/v1/refunds"}


def make(tx: Transaction, given: Object) -> Object:
    """Refund a part of an intent's charge, or all that is left of it."""
    intent = tx.get("payment_intent", given["payment_intent"], param="payment_intent", lock=True)
    if intent["status"] != "succeeded":
        raise Failure(400, f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
    charge = tx.get("charge", intent["latest_charge"], lock=True)
    amount = _sum(tx, charge, given.get("amount"))
    refund = _new(tx, charge, amount, given)
    charge["amount_refunded"] += amount
    _note(tx, charge)
    tx.emit("refund.created", refund)
    tx.emit("charge.refunded", charge)
    return refund


def settle(tx: Transaction, refund: Object, outcome: str, reason: str = "") -> Object:
    """What becomes of a refund: `succeeded`, `failed` (even after it succeeded) or `canceled`. Money that did not arrive comes back."""
    if outcome not in OUTCOMES or refund["status"] not in OUTCOMES[outcome]:
        raise invalid_parameter("outcome", f"A refund that is {refund['status']} cannot become {outcome or 'nothing'}.")
    refund.update(status=outcome, pending_reason=None)
    if outcome != "succeeded":
        _bring_back(tx, refund, reason if reason in REASONS else "unknown")
    tx.save(refund)
    if outcome == "failed":
        tx.emit("refund.failed", refund)
    tx.emit("refund.updated", refund)
    tx.emit("charge.refund.updated", refund)
    return refund


def settle_waiting(tx: Transaction) -> int:
    """Let every pending refund succeed. Returns how many."""
    return len([settle(tx, row["data"], "succeeded") for row in tx.rows(WAITING)])


def _sum(tx: Transaction, charge: Object, asked: int | None) -> int:
    if stands_against(tx, charge["payment_intent"]):
        raise Failure(400, f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    left, code = charge["amount"] - charge["amount_refunded"], charge["currency"]
    if left == 0:
        raise Failure(400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = left if asked is None else asked
    currencies.check(amount, code, charge=False)
    if amount > left:
        said = (
            f"Refund amount ({currencies.words(amount, code)}) is greater than unrefunded amount on charge ({currencies.words(left, code)})"
        )
        raise Failure(400, said, param="amount")
    return amount


def _new(tx: Transaction, charge: Object, amount: int, given: Object) -> Object:
    later = bool(tx.setting("refunds_later", False))
    fields: Object = {
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "currency": charge["currency"],
        "customer": charge["customer"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": given.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "pending_reason": "processing" if later else None,
        "reason": given.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if later else "succeeded",
        "transfer_reversal": None,
    }
    refund = tx.add("refund", "re", fields)
    del refund["livemode"]
    entry = balance_transaction(tx, kind="refund", amount=-amount, code=charge["currency"], source=refund["id"])
    tx.move_balance(charge["currency"], -amount, below_zero=True)
    refund["balance_transaction"] = entry["id"]
    return tx.save(refund)


def _bring_back(tx: Transaction, refund: Object, reason: str) -> None:
    amount, code = refund["amount"], refund["currency"]
    entry = balance_transaction(tx, kind="refund_failure", amount=amount, code=code, source=refund["id"])
    tx.move_balance(code, amount)
    refund.update(failure_balance_transaction=entry["id"])
    if refund["status"] == "failed":
        refund.update(failure_reason=reason)
    charge = tx.get("charge", refund["charge"], lock=True)
    charge["amount_refunded"] -= amount
    _note(tx, charge)


def _note(tx: Transaction, charge: Object) -> None:
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    tx.save(charge)
