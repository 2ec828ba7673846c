"""Transfers out of the platform's balance to connected accounts, and what comes back of them."""

from __future__ import annotations

from funding.payments.fakestripe import currencies
from funding.payments.fakestripe.balance import balance_transaction
from funding.payments.fakestripe.failures import Failure, invalid_parameter
from funding.payments.fakestripe.forms import LISTING, mapping, present, required, text
from funding.payments.fakestripe.routes import Call, route
from funding.payments.fakestripe.store import Object, Transaction, new_id

SHOWN = 10
"""How many reversals a transfer carries itself, as at Stripe; the rest are behind its list's address."""
TRANSFER = {
    "amount": required(currencies.amount),
    "currency": required(currencies.currency),
    "destination": required(present),
    "description": text,
    "metadata": mapping,
    "transfer_group": present,
}


@route("POST", "/v1/transfers", TRANSFER)
def create_transfer(call: Call) -> Object:
    given, tx = call.params, call.tx
    amount, code = given["amount"], given["currency"]
    currencies.check(amount, code, charge=False)
    account = tx.get("account", given["destination"], param="destination")
    if account["capabilities"]["transfers"] != "active":
        message = "Your destination account needs to have at least one of the following capabilities enabled: transfers"
        raise Failure(400, message, code="insufficient_capabilities_for_transfer")
    if not tx.move_balance(code, -amount):
        raise Failure(400, "You have insufficient available funds in your Stripe account.", code="balance_insufficient")
    fields: Object = {
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": None,
        "currency": code,
        "description": given.get("description"),
        "destination": account["id"],
        "destination_payment": new_id("py"),
        "metadata": given.get("metadata", {}),
        "reversals": {"object": "list", "data": [], "has_more": False, "url": ""},
        "reversed": False,
        "source_transaction": None,
        "source_type": "card",
        "transfer_group": given.get("transfer_group"),
    }
    transfer = tx.add("transfer", "tr", fields)
    entry = balance_transaction(tx, kind="transfer", amount=-amount, code=code, source=transfer["id"])
    transfer["balance_transaction"] = entry["id"]
    transfer["reversals"]["url"] = f"/v1/transfers/{transfer['id']}/reversals"
    tx.save(transfer)
    tx.emit("transfer.created", transfer)
    return transfer


@route("GET", "/v1/transfers/{id}")
def retrieve_transfer(call: Call, id: str) -> Object:
    return call.tx.get("transfer", id)


@route("GET", "/v1/transfers", {**LISTING, "destination": present, "transfer_group": present})
def index_transfers(call: Call) -> Object:
    return {**call.tx.page("transfer", call.params), "url": "/v1/transfers"}


def reverse(tx: Transaction, transfer: Object, amount: int | None = None) -> Object:
    """A part of a transfer, or all that is left of it, comes back to the platform, as after a return by the payee's bank."""
    left, code = transfer["amount"] - transfer["amount_reversed"], transfer["currency"]
    if transfer["reversed"]:
        raise Failure(400, "This transfer has been reversed already.", code="transfer_reversed")
    amount = left if amount is None else amount
    if not 1 <= amount <= left:
        raise invalid_parameter("amount", "Not more can come back than was sent.")
    tx.move_balance(code, amount)
    reversal = _reversal(tx, transfer, amount)
    known = transfer["reversals"]["data"]
    transfer["reversals"].update(data=[reversal, *known][:SHOWN], has_more=len(known) >= SHOWN)
    transfer.update(reversed=amount == left, amount_reversed=transfer["amount_reversed"] + amount)
    tx.save(transfer)
    tx.emit("transfer.reversed", transfer)
    return transfer


def _reversal(tx: Transaction, transfer: Object, amount: int) -> Object:
    fields: Object = {
        "amount": amount,
        "balance_transaction": None,
        "currency": transfer["currency"],
        "destination_payment_refund": None,
        "metadata": {},
        "source_refund": None,
        "transfer": transfer["id"],
    }
    reversal = tx.add("transfer_reversal", "trr", fields)
    del reversal["livemode"]
    entry = balance_transaction(
        tx, kind="transfer_refund", category="transfer_reversal", amount=amount, code=transfer["currency"], source=reversal["id"]
    )
    reversal["balance_transaction"] = entry["id"]
    return tx.save(reversal)
