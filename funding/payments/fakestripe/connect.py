"""Connected accounts with their onboarding link, and transfers to them out of the platform's balance."""

from __future__ import annotations

from funding.payments.fakestripe import currencies, payments
from funding.payments.fakestripe.failures import Failure, invalid_parameter
from funding.payments.fakestripe.forms import LISTING, address, boolean, mapping, nested, one_of, present, required, text
from funding.payments.fakestripe.routes import Call, route
from funding.payments.fakestripe.store import Object, Transaction, new_id

CONTROLLER = nested(
    {
        "fees": nested({"payer": one_of("application")}),
        "losses": nested({"payments": one_of("application")}),
        "stripe_dashboard": nested({"type": one_of("express")}),
        "requirement_collection": one_of("stripe"),
    }
)
ACCOUNT = {
    "country": required(present),
    "email": text,
    "default_currency": currencies.currency,
    "controller": required(CONTROLLER),
    "capabilities": required(nested({"transfers": nested({"requested": boolean})})),
    "business_profile": nested({"name": text, "url": address, "product_description": text}),
    "business_type": one_of("individual", "company", "non_profit", "government_entity"),
    "metadata": mapping,
}
WANTED = ["business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]
LINK = {
    "account": required(present),
    "refresh_url": required(address),
    "return_url": required(address),
    "type": required(one_of("account_onboarding")),
}
TRANSFER = {
    "amount": required(currencies.amount),
    "currency": required(currencies.currency),
    "destination": required(present),
    "description": text,
    "metadata": mapping,
    "transfer_group": present,
}


@route("POST", "/v1/accounts", ACCOUNT)
def create(call: Call) -> Object:
    given = call.params
    if len(given["country"]) != 2 or not given["country"].isupper():
        raise invalid_parameter("country", f"Country '{given['country']}' is unknown.", "country_unsupported")
    fields: Object = {
        "business_profile": {"name": None, "url": None, "product_description": None, **given.get("business_profile", {})},
        "business_type": given.get("business_type"),
        "capabilities": {"transfers": "inactive"},
        "charges_enabled": False,
        "controller": {**given["controller"], "type": "application", "is_controller": True},
        "country": given["country"],
        "default_currency": given.get("default_currency", "usd"),
        "details_submitted": False,
        "email": given.get("email"),
        "future_requirements": {"currently_due": [], "disabled_reason": None},
        "metadata": given.get("metadata", {}),
        "payouts_enabled": False,
        "requirements": _requirements(WANTED),
        "settings": {"payouts": {"debit_negative_balances": True}},
        "tos_acceptance": {"date": None, "ip": None},
        "type": "none",
    }
    account = call.tx.add("account", "acct", fields)
    del account["livemode"]
    return call.tx.save(account)


@route("GET", "/v1/accounts/{id}")
def retrieve(call: Call, id: str) -> Object:
    return call.tx.get("account", id)


@route("POST", "/v1/account_links", LINK)
def create_link(call: Call) -> Object:
    """Links last five minutes and open the stand-in's onboarding page."""
    account = call.tx.get("account", call.params["account"], param="account")
    call.tx.hide(account["id"], return_url=call.params["return_url"], refresh_url=call.params["refresh_url"])
    now = call.tx.now()
    return {"object": "account_link", "created": now, "expires_at": now + 300, "url": f"{call.base}/connect/onboard/{account['id']}"}


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
        "reversals": {"object": "list", "data": [], "has_more": False, "url": "/v1/transfers/reversals"},
        "reversed": False,
        "source_transaction": None,
        "source_type": "card",
        "transfer_group": given.get("transfer_group"),
    }
    transfer = tx.add("transfer", "tr", fields)
    entry = payments.balance_transaction(tx, kind="transfer", amount=-amount, code=code, source=transfer["id"])
    transfer["balance_transaction"] = entry["id"]
    tx.save(transfer)
    tx.emit("transfer.created", transfer)
    return transfer


@route("GET", "/v1/transfers/{id}")
def retrieve_transfer(call: Call, id: str) -> Object:
    return call.tx.get("transfer", id)


@route("GET", "/v1/transfers", {**LISTING, "destination": present, "transfer_group": present})
def index_transfers(call: Call) -> Object:
    return {**call.tx.page("transfer", call.params), "url": "/v1/transfers"}


def reverse(tx: Transaction, transfer: Object) -> Object:
    """All of a transfer comes back to the platform, as after a return by the payee's bank."""
    if transfer["reversed"]:
        raise Failure(400, "This transfer has been reversed already.", code="transfer_reversed")
    tx.move_balance(transfer["currency"], transfer["amount"])
    payments.balance_transaction(tx, kind="transfer_refund", amount=transfer["amount"], code=transfer["currency"], source=transfer["id"])
    transfer.update(reversed=True, amount_reversed=transfer["amount"])
    tx.save(transfer)
    tx.emit("transfer.reversed", transfer)
    return transfer


def submit(tx: Transaction, account: Object) -> Object:
    """What the onboarding page does: everything that was wanted is there and the account can receive."""
    account.update(
        business_type=account["business_type"] or "individual",
        capabilities={"transfers": "active"},
        details_submitted=True,
        payouts_enabled=True,
        requirements=_requirements([]),
        tos_acceptance={"date": tx.now(), "ip": "127.0.0.1"},
    )
    return changed(tx, account)


def block(tx: Transaction, account: Object) -> Object:
    """Stripe wants more of the account: it can no longer receive until that is given."""
    account.update(
        capabilities={"transfers": "inactive"},
        payouts_enabled=False,
        requirements={**_requirements(["individual.verification.document"]), "disabled_reason": "requirements.past_due"},
    )
    return changed(tx, account)


def changed(tx: Transaction, account: Object) -> Object:
    tx.save(account)
    tx.emit("account.updated", account, account=account["id"])
    return account


def _requirements(due: list[str]) -> Object:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": "requirements.past_due" if due else None,
        "errors": [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": [],
    }
