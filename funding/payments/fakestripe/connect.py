"""Connected accounts with their onboarding link and their bank account."""

from __future__ import annotations

import secrets

from funding.payments.fakestripe import currencies
from funding.payments.fakestripe.failures import Failure, invalid_parameter
from funding.payments.fakestripe.forms import address, boolean, mapping, nested, one_of, present, required, text
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
FIRST_BANK = "6789"
LINK = {
    "account": required(present),
    "refresh_url": required(address),
    "return_url": required(address),
    "type": required(one_of("account_onboarding")),
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
        "external_accounts": _banks([]),
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


def submit(tx: Transaction, account: Object) -> Object:
    """What the onboarding page does: everything that was wanted is there and the account can receive."""
    if not account["external_accounts"]["data"]:
        account["external_accounts"] = _banks([_bank(tx, account, FIRST_BANK)])
    account.update(
        business_type=account["business_type"] or "individual",
        capabilities={"transfers": "active"},
        details_submitted=True,
        payouts_enabled=True,
        requirements=_requirements([]),
        tos_acceptance={"date": tx.now(), "ip": "127.0.0.1"},
    )
    return changed(tx, account)


def change_bank(tx: Transaction, account: Object, last4: str = "") -> Object:
    """The payee, or somebody with their password, puts another bank account in the place of the one there was."""
    if len(last4) not in (0, 4) or (last4 and not (last4.isascii() and last4.isdigit())):
        raise invalid_parameter("last4", "Give the last four digits.")
    if not account["details_submitted"]:
        raise Failure(400, "This account has no bank account yet.")
    before = account["external_accounts"]["data"]
    bank = _bank(tx, account, last4 or f"{secrets.randbelow(10_000):04}")
    account["external_accounts"] = _banks([bank])
    tx.emit("account.external_account.created", bank, account=account["id"])
    for old in before:
        tx.emit("account.external_account.deleted", old, account=account["id"])
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


def _banks(found: list[Object]) -> Object:
    return {"object": "list", "data": found, "has_more": False, "url": "/v1/accounts/external_accounts"}


def _bank(tx: Transaction, account: Object, last4: str) -> Object:
    fields: Object = {
        "account": account["id"],
        "account_holder_name": account["business_profile"]["name"],
        "account_holder_type": account["business_type"] or "individual",
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": account["country"],
        "currency": account["default_currency"],
        "default_for_currency": True,
        "fingerprint": new_id("fp", 16).removeprefix("fp_"),
        "last4": last4,
        "metadata": {},
        "routing_number": "110000000",
        "status": "new",
    }
    bank = tx.add("bank_account", "ba", fields)
    del bank["livemode"], bank["created"]
    return tx.save(bank)


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
