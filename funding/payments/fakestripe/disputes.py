"""Disputes: a card's bank takes a charge back with a fee, and returns it when the dispute is won.

They are opened and closed by a command or a button, because at Stripe it is a bank that does. An inquiry (`warning_…`)
moves no money unless it becomes a dispute.
"""

from __future__ import annotations

from typing import LiteralString

from funding.payments.fakestripe.balance import balance_transaction, fee_details
from funding.payments.fakestripe.failures import Failure, invalid_parameter
from funding.payments.fakestripe.forms import LISTING, present
from funding.payments.fakestripe.routes import Call, route
from funding.payments.fakestripe.store import Object, Transaction

FEE = 1_500
WEEK = 7 * 24 * 3600
REASONS = (
    "fraudulent", "duplicate", "product_not_received", "product_unacceptable", "subscription_canceled", "unrecognized",
    "credit_not_processed", "general",
)  # fmt: skip
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
HARMLESS = ("won", "prevented", "warning_needs_response", "warning_under_review", "warning_closed")
STANDING: LiteralString = """
SELECT 1 FROM object WHERE kind = 'dispute' AND data->>'payment_intent' = %s AND data->>'status' <> ALL(%s) LIMIT 1"""


@route("GET", "/v1/disputes/{id}")
def retrieve(call: Call, id: str) -> Object:
    return call.tx.get("dispute", id)


@route("GET", "/v1/disputes", {**LISTING, "payment_intent": present, "charge": present})
def index(call: Call) -> Object:
    return {**call.tx.page("dispute", call.params), "url": "/v1/disputes"}


def stands_against(tx: Transaction, intent: str) -> bool:
    """Whether a dispute, open or lost, holds this intent's money."""
    return bool(tx.rows(STANDING, intent, list(HARMLESS)))


def start(tx: Transaction, intent: Object, *, amount: int | None, reason: str, inquiry: bool) -> Object:
    """The bank of the card opens a dispute, or first only asks."""
    if intent["status"] != "succeeded" or stands_against(tx, intent["id"]):
        raise Failure(400, "Only a charge that was paid, and is not disputed, can be disputed.")
    charge = tx.get("charge", intent["latest_charge"], lock=True)
    left = charge["amount"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    if not 1 <= amount <= left:
        raise invalid_parameter("amount", "A dispute is about something that was paid and not refunded.")
    if reason not in REASONS:
        raise invalid_parameter("reason", f"Use one of {', '.join(REASONS)}.")
    dispute = tx.add("dispute", "du", _fields(tx, charge, amount, reason, inquiry))
    tx.emit("charge.dispute.created", dispute)
    if not inquiry:
        _withdraw(tx, dispute, charge)
    return dispute


def respond(tx: Transaction, dispute: Object) -> Object:
    """Evidence goes to the bank."""
    if dispute["status"] not in ("needs_response", "warning_needs_response"):
        raise Failure(400, f"This dispute is {dispute['status'].replace('_', ' ')}.")
    dispute["status"] = dispute["status"].replace("needs_response", "under_review")
    dispute["evidence_details"].update(has_evidence=True, submission_count=1, submission_method="manual")
    tx.save(dispute)
    tx.emit("charge.dispute.updated", dispute)
    return dispute


def escalate(tx: Transaction, dispute: Object) -> Object:
    """An inquiry becomes a dispute and takes the money."""
    if not dispute["status"].startswith("warning_") or dispute["status"] == "warning_closed":
        raise Failure(400, "Only an open inquiry can become a dispute.")
    dispute.update(status="needs_response", is_charge_refundable=False)
    _withdraw(tx, dispute, tx.get("charge", dispute["charge"], lock=True))
    tx.emit("charge.dispute.updated", dispute)
    return dispute


def close(tx: Transaction, dispute: Object, outcome: str, *, fee_back: bool = False) -> Object:
    """`won` brings the money back (and the fee, where the country's rules say so), `lost` does not. An inquiry just ends."""
    if dispute["status"] not in OPEN or outcome not in ("won", "lost"):
        raise invalid_parameter("outcome", f"A dispute that is {dispute['status']} cannot be closed as {outcome or 'nothing'}.")
    if dispute["status"].startswith("warning_"):
        dispute["status"] = "warning_closed"
    else:
        dispute["status"] = outcome
    tx.save(dispute)
    if dispute["status"] == "won":
        _reinstate(tx, dispute, fee_back)
    tx.emit("charge.dispute.closed", dispute)
    return dispute


def _fields(tx: Transaction, charge: Object, amount: int, reason: str, inquiry: bool) -> Object:
    details: Object = {
        "due_by": tx.now() + WEEK,
        "enhanced_eligibility": {},
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
        "submission_method": "not_submitted",
    }
    card: Object = {
        "brand": charge["payment_method_details"]["card"]["brand"],
        "case_type": "inquiry" if inquiry else "chargeback",
        "network_reason_code": None,
    }
    return {
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": details,
        "is_charge_refundable": inquiry,
        "metadata": {},
        "network_reason_code": None,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": card, "type": "card"},
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def _withdraw(tx: Transaction, dispute: Object, charge: Object) -> None:
    charge["disputed"] = True
    tx.save(charge)
    _moved(tx, dispute, -dispute["amount"], FEE, "dispute")
    tx.emit("charge.dispute.funds_withdrawn", dispute)


def _reinstate(tx: Transaction, dispute: Object, fee_back: bool) -> None:
    _moved(tx, dispute, dispute["amount"], -FEE if fee_back else 0, "dispute_reversal")
    tx.emit("charge.dispute.funds_reinstated", dispute)


def _moved(tx: Transaction, dispute: Object, amount: int, fee: int, category: str) -> None:
    code = dispute["currency"]
    details = fee_details(fee, code, "Dispute fee") if fee else []
    entry = balance_transaction(
        tx, kind="adjustment", category=category, amount=amount, code=code, source=dispute["id"], fee=fee, fee_details=details
    )
    tx.move_balance(code, amount - fee, below_zero=True)
    dispute["balance_transactions"].append(entry)
    tx.save(dispute)
