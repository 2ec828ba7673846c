"""What tests and the demo tell the stand-in: where events go, what is held back, how a customer's card behaves, what day it is.

Nothing here exists at Stripe, so nothing here is under /v1/.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, LiteralString
from urllib.parse import urlsplit

from funding.payments.fakestripe import cards, connect, events, payments
from funding.payments.fakestripe.failures import Failure, invalid_parameter
from funding.payments.fakestripe.store import Transaction

if TYPE_CHECKING:
    from funding.payments.fakestripe.server import Server

Answer = dict[str, Any]
UNBOOKED: LiteralString = """
SELECT data FROM object WHERE kind = 'charge' AND data->>'paid' = 'true' AND data->>'balance_transaction' IS NULL ORDER BY seq FOR UPDATE"""
KEPT = ["webhook_url", "webhook_secret"]


def answer(server: Server, method: str, path: str, pairs: list[tuple[str, str]]) -> Answer:
    """Run one control command. Raises Failure 404 for a command that is not in the table."""
    given = dict(pairs)
    for verb, pattern, function in COMMANDS:
        match = re.match(f"/_test/{pattern}\\Z", path)
        if match and verb == method:
            if function is reset:
                server.store.empty(KEPT)
                return {"done": True}
            with server.store.transaction() as tx:
                result: Answer = function(tx, given, **match.groupdict())
            server.sender.wake.set()
            return result
    raise Failure(404, f"Unrecognized control command ({method}: {path}).")


def reset(tx: Transaction, given: dict[str, str]) -> Answer:
    """Forget every object, event and switch. Where events go stays."""
    raise AssertionError("the store is emptied outside a transaction")


def webhooks(tx: Transaction, given: dict[str, str]) -> Answer:
    """`url` (empty: keep events until they are pulled) and `secret`."""
    if given.get("url") and urlsplit(given["url"]).hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise invalid_parameter("url", "The stand-in sends events to this machine only.")
    for name in ("url", "secret"):
        if name in given:
            tx.set(f"webhook_{name}", given[name])
    return {"url": tx.setting("webhook_url", "")}


def hold(tx: Transaction, given: dict[str, str]) -> Answer:
    """`hold=1` keeps deliveries back, `hold=0` lets them go and makes what waits due at once."""
    tx.set("hold", given.get("hold") == "1")
    tx.run("UPDATE delivery SET due_at = now() WHERE state = 'waiting'")
    return {"hold": tx.setting("hold")}


def pull(tx: Transaction, given: dict[str, str]) -> Answer:
    """Hand over the waiting deliveries, signed now, oldest first."""
    return {"deliveries": events.pull(tx)}


def resend(tx: Transaction, given: dict[str, str], event: str) -> Answer:
    return {"delivery": events.resend(tx, event)}


def deliveries(tx: Transaction, given: dict[str, str]) -> Answer:
    rows = tx.rows("SELECT id, event, state, attempts, last FROM delivery ORDER BY id")
    return {"deliveries": rows}


def switch(tx: Transaction, given: dict[str, str], customer: str) -> Answer:
    """`name` is one of cards.SWITCHES, or empty to let the card decide; `once=0` keeps it until it is changed."""
    tx.get("customer", customer)
    name = given.get("name", "")
    if name and name not in cards.SWITCHES:
        raise invalid_parameter("name", f"Use one of {', '.join(cards.SWITCHES)}, or nothing.")
    tx.hide(customer, switch={"name": name, "once": given.get("once", "1") == "1"} if name else None)
    return {"customer": customer, "switch": name}


def card(tx: Transaction, given: dict[str, str], customer: str) -> Answer:
    """Attach a test card (`number`) to a customer without the hosted page; for tests that begin after it."""
    tx.get("customer", customer)
    known = cards.KNOWN.get(cards.digits(given.get("number", "4242424242424242")))
    if known is None:
        raise invalid_parameter("number", "This is not one of the test cards.")
    method = payments.new_method(tx, known)
    method["customer"] = customer
    tx.save(method)
    tx.emit("payment_method.attached", method)
    return {"payment_method": method["id"]}


def onboard(tx: Transaction, given: dict[str, str], account: str) -> Answer:
    """`state=submitted` completes an account, `state=blocked` makes Stripe want more of it."""
    found = tx.get("account", account, lock=True)
    return (connect.block if given.get("state") == "blocked" else connect.submit)(tx, found)


def reverse(tx: Transaction, given: dict[str, str], transfer: str) -> Answer:
    """All of a transfer comes back."""
    return connect.reverse(tx, tx.get("transfer", transfer, lock=True))


def fund(tx: Transaction, given: dict[str, str]) -> Answer:
    """Add `amount` of `currency` to the platform's balance, as a top-up."""
    amount, code = int(given["amount"]), given["currency"].lower()
    payments.balance_transaction(tx, kind="topup", amount=amount, code=code, source=None)
    if not tx.move_balance(code, amount):
        raise invalid_parameter("amount", "The balance would go below zero.")
    return {"amount": amount, "currency": code}


def clock(tx: Transaction, given: dict[str, str]) -> Answer:
    """`offset` seconds are added to every `created` from now on. Signatures stay on real time."""
    tx.set("clock_offset", int(given["offset"]))
    return {"now": tx.now()}


def fees(tx: Transaction, given: dict[str, str]) -> Answer:
    """`later=1`: new charges get their balance transaction only when `later=0` comes, as Stripe may take its time."""
    later = given.get("later") == "1"
    tx.set("fees_later", later)
    waiting = tx.rows(UNBOOKED)
    if not later:
        for row in waiting:
            payments.book(tx, row["data"])
    return {"later": later, "waiting": len(waiting) if later else 0}


def refusals(tx: Transaction, given: dict[str, str]) -> Answer:
    """What the conformance filter refused."""
    return {"refusals": tx.rows("SELECT method, path, complaints FROM refusal ORDER BY id")}


COMMANDS: list[tuple[str, str, Any]] = [
    ("POST", "reset", reset),
    ("POST", "webhooks", webhooks),
    ("POST", "hold", hold),
    ("POST", "pull", pull),
    ("POST", r"events/(?P<event>\w+)/resend", resend),
    ("GET", "deliveries", deliveries),
    ("POST", r"customers/(?P<customer>\w+)/switch", switch),
    ("POST", r"customers/(?P<customer>\w+)/card", card),
    ("POST", r"accounts/(?P<account>\w+)", onboard),
    ("POST", r"transfers/(?P<transfer>\w+)/reverse", reverse),
    ("POST", "balance", fund),
    ("POST", "clock", clock),
    ("POST", "fees", fees),
    ("GET", "refusals", refusals),
]
