"""Top-ups: money from the platform's bank onto its balance, at once or after days on the way, which may also fail.

What arrived may be taken back by the bank; the balance may then go below zero.
"""

from __future__ import annotations

from typing import LiteralString

from funding.payments.fakestripe import currencies
from funding.payments.fakestripe.balance import balance_transaction
from funding.payments.fakestripe.failures import Failure, invalid_parameter
from funding.payments.fakestripe.forms import LISTING, mapping, one_of, present, required, text
from funding.payments.fakestripe.routes import Call, route
from funding.payments.fakestripe.store import Object, Transaction

CREATE = {
    "amount": required(currencies.amount),
    "currency": required(currencies.currency),
    "description": text,
    "statement_descriptor": present,
    "metadata": mapping,
    "transfer_group": present,
}
OUTCOMES = {"succeeded": "pending", "failed": "pending", "reversed": "succeeded"}
"""What a top-up can become, and from where."""
WAITING: LiteralString = "SELECT data FROM object WHERE kind = 'topup' AND data->>'status' = 'pending' ORDER BY seq FOR UPDATE"


@route("POST", "/v1/topups", CREATE)
def create(call: Call) -> Object:
    given, tx = call.params, call.tx
    currencies.check(given["amount"], given["currency"], charge=False)
    if tx.setting("topups_refused", False):
        raise Failure(400, "You do not have a verified bank account for top-ups in this currency.", param="source")
    fields: Object = {
        "amount": given["amount"],
        "balance_transaction": None,
        "currency": given["currency"],
        "description": given.get("description"),
        "expected_availability_date": tx.now(),
        "failure_code": None,
        "failure_message": None,
        "metadata": given.get("metadata", {}),
        "source": None,
        "statement_descriptor": given.get("statement_descriptor"),
        "status": "pending",
        "transfer_group": given.get("transfer_group"),
    }
    topup = tx.add("topup", "tu", fields)
    tx.emit("topup.created", topup)
    return topup if tx.setting("topups_later", False) else settle(tx, topup, "succeeded")


@route("GET", "/v1/topups/{id}")
def retrieve(call: Call, id: str) -> Object:
    return call.tx.get("topup", id)


@route("GET", "/v1/topups", {**LISTING, "status": one_of("canceled", "failed", "pending", "succeeded")})
def index(call: Call) -> Object:
    return {**call.tx.page("topup", call.params), "url": "/v1/topups"}


def settle(tx: Transaction, topup: Object, outcome: str) -> Object:
    """What becomes of a top-up: `succeeded`, `failed`, or `reversed` after it had succeeded."""
    if OUTCOMES.get(outcome) != topup["status"]:
        raise invalid_parameter("outcome", f"A top-up that is {topup['status']} cannot become {outcome or 'nothing'}.")
    topup["status"] = outcome
    if outcome == "failed":
        topup.update(failure_code="insufficient_funds", failure_message="Your bank account has insufficient funds to cover this top-up.")
    else:
        _move(tx, topup, topup["amount"] if outcome == "succeeded" else -topup["amount"])
    tx.save(topup)
    tx.emit(f"topup.{outcome}", topup)
    return topup


def settle_waiting(tx: Transaction) -> int:
    """Let every pending top-up succeed. Returns how many."""
    return len([settle(tx, row["data"], "succeeded") for row in tx.rows(WAITING)])


def _move(tx: Transaction, topup: Object, amount: int) -> None:
    kind = "topup" if amount > 0 else "topup_reversal"
    entry = balance_transaction(tx, kind=kind, amount=amount, code=topup["currency"], source=topup["id"])
    tx.move_balance(topup["currency"], amount, below_zero=True)
    if amount > 0:
        topup["balance_transaction"] = entry["id"]
