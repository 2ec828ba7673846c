"""The first page: what the stand-in holds, and a button for each thing that a bank or a person at Stripe would do."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import LiteralString

from funding.payments.fakestripe import cards, control, currencies, disputes, events, weather
from funding.payments.fakestripe.layout import Form, Page, button, buttons, code, layout, table
from funding.payments.fakestripe.store import Object, Transaction

PAID_NOW = ("succeeded",)


def page(tx: Transaction, form: Form) -> Page:
    balance = ", ".join(currencies.words(row["available"], row["currency"]) for row in tx.rows("SELECT * FROM balance ORDER BY currency"))
    parts = [
        f"<p>Available balance: <strong>{balance or 'nothing yet'}</strong></p>",
        _weather(tx),
        _customers(tx),
        _deliveries(tx),
        _refusals(tx),
        table("Checkout sessions", ["Session", "Sum", "State"], [_session(item) for item in _latest(tx, "checkout.session")]),
        table("Payment intents", ["Intent", "Sum", "State", "What next"], [_intent(item) for item in _latest(tx, "payment_intent")]),
        table("Refunds", ["Refund", "Sum", "State", "What next"], [_refund(item) for item in _latest(tx, "refund")]),
        table("Disputes", ["Dispute", "Sum", "State", "What next"], [_dispute(item) for item in _latest(tx, "dispute")]),
        table("Transfers", ["Transfer", "Sum", "To", "What next"], [_transfer(item) for item in _latest(tx, "transfer")]),
        table("Top-ups", ["Top-up", "Sum", "State", "What next"], [_topup(item) for item in _latest(tx, "topup")]),
        table("Connected accounts", ["Account", "Email", "State"], [_account(item) for item in _latest(tx, "account")]),
    ]
    return Page(200, layout("What the stand-in holds", "".join(parts)))


def press(tx: Transaction, form: Form) -> Page:
    """Do what the button says. A button that came too late says why, as a Failure."""
    act = ACTS.get(form.get("action", ""))
    if act:
        act(tx, form)
    return Page(303, location="/")


ACTS: dict[str, Callable[[Transaction, Form], object]] = {
    "clear": lambda tx, form: weather.clear(tx),
    "resend": lambda tx, form: events.resend(tx, form.get("event", "")),
    "switch": lambda tx, form: control.switch(tx, form, customer=form.get("customer", "")),
    "refund": lambda tx, form: control.refund(tx, {}, intent=form.get("about", "")),
    "dispute": lambda tx, form: control.dispute(tx, {}, intent=form.get("about", "")),
    "inquire": lambda tx, form: control.dispute(tx, {"inquiry": "1"}, intent=form.get("about", "")),
    "arrived": lambda tx, form: control.settle_refund(tx, {"outcome": "succeeded"}, refund=form.get("about", "")),
    "failed": lambda tx, form: control.settle_refund(tx, {"outcome": "failed"}, refund=form.get("about", "")),
    "respond": lambda tx, form: control.move_dispute(tx, {}, dispute=form.get("about", ""), step="respond"),
    "escalate": lambda tx, form: control.move_dispute(tx, {}, dispute=form.get("about", ""), step="escalate"),
    "won": lambda tx, form: control.move_dispute(tx, {"outcome": "won"}, dispute=form.get("about", ""), step="close"),
    "lost": lambda tx, form: control.move_dispute(tx, {"outcome": "lost"}, dispute=form.get("about", ""), step="close"),
    "topped": lambda tx, form: control.settle_topup(tx, {"outcome": "succeeded"}, topup=form.get("about", "")),
    "not topped": lambda tx, form: control.settle_topup(tx, {"outcome": "failed"}, topup=form.get("about", "")),
    "half": lambda tx, form: control.reverse_half(tx, transfer=form.get("about", "")),
    "reverse": lambda tx, form: control.reverse(tx, {}, transfer=form.get("about", "")),
}


def _weather(tx: Transaction) -> str:
    rows = [[escape(row["kind"].replace("_", " ")), code(row["operation"] or "everything"), str(row["met"])] for row in weather.now(tx)]
    over = buttons({}, button("clear", "End all bad days"))
    return table("Bad days", ["What happens", "To what", "Times"], rows) + over if rows else ""


def _latest(tx: Transaction, kind: str) -> list[Object]:
    return [row["data"] for row in tx.rows("SELECT data FROM object WHERE kind = %s ORDER BY seq DESC LIMIT 15", kind)]


def _sum(item: Object) -> str:
    return currencies.words(item["amount"], item["currency"])


def _words(status: str) -> str:
    return escape(status.replace("_", " "))


def _session(item: Object) -> list[str]:
    link = f'<a href="/c/pay/{item["id"]}">{code(item["id"][:20])}</a>'
    sum_ = currencies.words(item["amount_total"], item["currency"]) if item["mode"] == "payment" else "saves a card"
    return [link, sum_, _words(item["status"])]


def _intent(item: Object) -> list[str]:
    made = button("refund", "Refund it") + button("dispute", "Dispute it") + button("inquire", "Inquire")
    return [code(item["id"]), _sum(item), _words(item["status"]), _acts(item, made if item["status"] in PAID_NOW else "")]


def _refund(item: Object) -> list[str]:
    made = button("arrived", "Let it arrive") if item["status"] == "pending" else ""
    made += button("failed", "Let it fail") if item["status"] in ("pending", "succeeded") else ""
    return [code(item["id"]), _sum(item), _words(item["status"]), _acts(item, made)]


def _dispute(item: Object) -> list[str]:
    made = button("respond", "Send evidence") if item["status"].endswith("needs_response") else ""
    if item["status"] in disputes.OPEN:
        inquiry = item["status"].startswith("warning_")
        made += (
            button("escalate", "Make it a dispute") + button("won", "Close") if inquiry else button("won", "Win") + button("lost", "Lose")
        )
    return [code(item["id"]), _sum(item), _words(item["status"]), _acts(item, made)]


def _transfer(item: Object) -> list[str]:
    made = "" if item["reversed"] else button("half", "Bring half back") + button("reverse", "Bring it back")
    back = f"<br>{currencies.words(item['amount_reversed'], item['currency'])} came back" if item["amount_reversed"] else ""
    return [code(item["id"]), _sum(item) + back, code(item["destination"]), _acts(item, made)]


def _topup(item: Object) -> list[str]:
    made = button("topped", "Let it arrive") + button("not topped", "Let it fail") if item["status"] == "pending" else ""
    return [code(item["id"]), _sum(item), _words(item["status"]), _acts(item, made)]


def _acts(item: Object, made: str) -> str:
    return buttons({"about": item["id"]}, made) if made else ""


def _account(item: Object) -> list[str]:
    link = f'<a href="/connect/onboard/{item["id"]}">{code(item["id"])}</a>'
    banks = ", ".join(f"bank ending {escape(bank['last4'])}" for bank in item["external_accounts"]["data"])
    able = "can receive" if item["payouts_enabled"] else "not yet"
    return [link, escape(item["email"] or ""), f"{able}<br>{banks}" if banks else able]


def _customers(tx: Transaction) -> str:
    found = tx.rows("SELECT data, hidden FROM object WHERE kind = 'customer' ORDER BY seq DESC LIMIT 12")
    rows = [_customer(row["data"], (row["hidden"].get("switch") or {}).get("name", "")) for row in found]
    return table("Customers: the next charge without them", ["Customer", "Next charge"], rows)


def _customer(customer: Object, now: str) -> list[str]:
    options = "".join(
        f'<option value="{name}"{" selected" if name == now else ""}>{label}</option>'
        for name, label in [("", "as the card decides"), *((name, name.replace("_", " ")) for name in cards.SWITCHES)]
    )
    name = escape(customer["name"] or customer["email"] or customer["id"])
    chosen = f'<select name="name" aria-label="Next charge of {name}">{options}</select>{button("switch", "Set")}'
    return [f"{name}<br>{code(customer['id'])}", buttons({"customer": customer["id"]}, chosen)]


def _deliveries(tx: Transaction) -> str:
    query: LiteralString = (
        "SELECT d.event, d.state, d.attempts, d.last, o.data->>'type' AS type "
        "FROM delivery d JOIN object o ON o.id = d.event ORDER BY d.id DESC LIMIT 40"
    )
    rows = []
    for row in tx.rows(query):
        state = f"{row['state']}, {row['attempts']} sent" + (f", last answer {escape(row['last'])}" if row["last"] else "")
        again = buttons({"event": row["event"]}, button("resend", "Send again"))
        rows.append([escape(row["type"]), code(row["event"]), state, again])
    return table("Events and their deliveries", ["Type", "Event", "State", "Again"], rows)


def _refusals(tx: Transaction) -> str:
    found = tx.rows("SELECT method, path, complaints FROM refusal ORDER BY id DESC LIMIT 20")
    rows = [[escape(f"{row['method']} {row['path']}"), escape("; ".join(row["complaints"]))] for row in found]
    return table("Refused by the conformance filter", ["Request", "Why"], rows) if rows else ""
