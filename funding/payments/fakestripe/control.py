"""What tests and the demo tell the stand-in: where events go, what is held back, how a customer's card behaves, what day it is.

Nothing here exists at Stripe, so nothing here is under /v1/.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, LiteralString
from urllib.parse import urlsplit

from funding.payments.fakestripe import balance, cards, connect, disputes, events, payments, refunds, topups, transfers, weather
from funding.payments.fakestripe.failures import Failure, invalid_parameter
from funding.payments.fakestripe.store import EVERY_EVENT, Transaction

if TYPE_CHECKING:
    from funding.payments.fakestripe.server import Server

Answer = dict[str, Any]
UNBOOKED: LiteralString = """
SELECT data FROM object WHERE kind = 'charge' AND data->>'paid' = 'true' AND data->>'balance_transaction' IS NULL ORDER BY seq FOR UPDATE"""
LATEST: LiteralString = """
SELECT d.id, d.event, d.state, d.attempts, d.last, o.data->>'type' AS type, extract(epoch FROM d.due_at - now())::int AS due_in
FROM delivery d JOIN object o ON o.id = d.event ORDER BY d.id DESC LIMIT 30"""
KEPT = ["webhook_url", "webhook_secret", "webhook_events"]


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
    """`url` (empty: keep events until they are pulled), `secret`, and `events`: the types that are sent, with spaces between.

    `*` is all of them, and nothing is none, as with an endpoint that is switched off: those events are read and never sent.
    """
    if given.get("url") and urlsplit(given["url"]).hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise invalid_parameter("url", "The stand-in sends events to this machine only.")
    for name in ("url", "secret"):
        if name in given:
            tx.set(f"webhook_{name}", given[name])
    if "events" in given:
        tx.set("webhook_events", given["events"].split())
    return {"url": tx.setting("webhook_url", ""), "events": tx.setting("webhook_events", EVERY_EVENT)}


def hold(tx: Transaction, given: dict[str, str]) -> Answer:
    """`hold=1` keeps deliveries back, `hold=0` lets them go and makes what waits due at once."""
    tx.set("hold", given.get("hold") == "1")
    tx.run("UPDATE delivery SET due_at = now() WHERE state = 'waiting'")
    return {"hold": tx.setting("hold")}


def pull(tx: Transaction, given: dict[str, str]) -> Answer:
    """Hand over the waiting deliveries, signed now, oldest first."""
    return {"deliveries": events.pull(tx)}


def begin(tx: Transaction, given: dict[str, str]) -> Answer:
    """A bad day: `kind`, for requests or events that contain `operation`; `count` times or for `seconds`; `value` as the kind has it."""
    count, seconds, value = (given.get(name) or "0" for name in ("count", "seconds", "value"))
    if not all(re.fullmatch(r"\d{1,9}", text) for text in (count, seconds)) or not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", value):
        raise invalid_parameter("count", "Give whole numbers.")
    made = weather.set_in(
        tx, given.get("kind", ""), operation=given.get("operation", ""), count=int(count), seconds=int(seconds), value=float(value)
    )
    return {"id": made}


def end(tx: Transaction, given: dict[str, str], number: str = "") -> Answer:
    """One bad day is over, or all of them: late events go out, lost ones stay lost."""
    weather.clear(tx, int(number) if number else None)
    return {"weather": weather.now(tx)}


def elapse(tx: Transaction, given: dict[str, str]) -> Answer:
    """`seconds` have passed on the demo's calendar."""
    weather.elapse(tx, amount_of({"amount": given.get("seconds", "")}) or 0)
    return {"weather": weather.now(tx)}


def overview(tx: Transaction, given: dict[str, str]) -> Answer:
    """What the demo's page shows: the bad days there are, and the latest deliveries."""
    return {"weather": weather.now(tx), "deliveries": tx.rows(LATEST)}


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
    """`state=submitted` completes an account, `blocked` makes Stripe want more of it, `bank` changes its bank account (`last4`)."""
    found, state = tx.get("account", account, lock=True), given.get("state", "submitted")
    if state == "bank":
        return connect.change_bank(tx, found, given.get("last4", ""))
    return (connect.block if state == "blocked" else connect.submit)(tx, found)


def reverse(tx: Transaction, given: dict[str, str], transfer: str) -> Answer:
    """`amount` of a transfer comes back; without it, all that is left."""
    return transfers.reverse(tx, tx.get("transfer", transfer, lock=True), amount_of(given))


def reverse_half(tx: Transaction, transfer: str) -> Answer:
    """What a button does, so that a part can come back without a sum to type."""
    found = tx.get("transfer", transfer, lock=True)
    return transfers.reverse(tx, found, max(1, (found["amount"] - found["amount_reversed"]) // 2))


def refund(tx: Transaction, given: dict[str, str], intent: str) -> Answer:
    """A refund that somebody made in the dashboard: `amount`, or all that is left; no metadata."""
    return refunds.make(tx, {"payment_intent": intent, "amount": amount_of(given), "reason": given.get("reason") or None})


def settle_refund(tx: Transaction, given: dict[str, str], refund: str) -> Answer:
    """`outcome` is succeeded, failed (with a `reason`) or canceled."""
    return refunds.settle(tx, tx.get("refund", refund, lock=True), given.get("outcome", "succeeded"), given.get("reason", ""))


def refund_habit(tx: Transaction, given: dict[str, str]) -> Answer:
    """`later=1`: new refunds are pending until they are settled one by one, or all by `later=0`."""
    later = given.get("later") == "1"
    tx.set("refunds_later", later)
    return {"later": later, "settled": 0 if later else refunds.settle_waiting(tx)}


def dispute(tx: Transaction, given: dict[str, str], intent: str) -> Answer:
    """The bank disputes `amount` of a charge, or all of it, for a `reason`; with `inquiry=1` it only asks."""
    found = tx.get("payment_intent", intent, lock=True)
    reason, inquiry = given.get("reason") or "fraudulent", given.get("inquiry") == "1"
    return disputes.start(tx, found, amount=amount_of(given), reason=reason, inquiry=inquiry)


def move_dispute(tx: Transaction, given: dict[str, str], dispute: str, step: str) -> Answer:
    """`respond` sends evidence, `escalate` turns an inquiry into a dispute, `close` ends it: `outcome` won or lost, `fee=back`."""
    found = tx.get("dispute", dispute, lock=True)
    if step == "close":
        return disputes.close(tx, found, given.get("outcome", ""), fee_back=given.get("fee") == "back")
    return (disputes.respond if step == "respond" else disputes.escalate)(tx, found)


def amount_of(given: dict[str, str]) -> int | None:
    """Minor units as Stripe counts them; None when nothing was said."""
    text = given.get("amount", "")
    if text and not (text.isascii() and text.isdigit()):
        raise invalid_parameter("amount", "Give a whole number of minor units.")
    return int(text) if text else None


def fund(tx: Transaction, given: dict[str, str]) -> Answer:
    """Add `amount` of `currency` to the platform's balance, as a top-up."""
    amount, code = int(given["amount"]), given["currency"].lower()
    balance.balance_transaction(tx, kind="topup", amount=amount, code=code, source=None)
    if not tx.move_balance(code, amount):
        raise invalid_parameter("amount", "The balance would go below zero.")
    return {"amount": amount, "currency": code}


def settle_topup(tx: Transaction, given: dict[str, str], topup: str) -> Answer:
    """`outcome` is succeeded, failed or, after it succeeded, reversed."""
    return topups.settle(tx, tx.get("topup", topup, lock=True), given.get("outcome", "succeeded"))


def topup_habit(tx: Transaction, given: dict[str, str]) -> Answer:
    """`later=1`: new top-ups are pending until they are settled one by one, or all by `later=0`; `refused=1`: there are none here."""
    later = given.get("later") == "1"
    tx.set("topups_later", later)
    tx.set("topups_refused", given.get("refused") == "1")
    return {"later": later, "settled": 0 if later else topups.settle_waiting(tx)}


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
    ("POST", r"charges/(?P<intent>\w+)/refund", refund),
    ("POST", r"charges/(?P<intent>\w+)/dispute", dispute),
    ("POST", r"refunds/(?P<refund>\w+)/settle", settle_refund),
    ("POST", "refunds", refund_habit),
    ("POST", r"disputes/(?P<dispute>\w+)/(?P<step>respond|escalate|close)", move_dispute),
    ("POST", "weather", begin),
    ("POST", "weather/clear", end),
    ("POST", r"weather/(?P<number>\d{1,12})/clear", end),
    ("POST", "weather/elapse", elapse),
    ("GET", "overview", overview),
    ("POST", "balance", fund),
    ("POST", r"topups/(?P<topup>\w+)/settle", settle_topup),
    ("POST", "topups", topup_habit),
    ("POST", "clock", clock),
    ("POST", "fees", fees),
    ("GET", "refusals", refusals),
]
