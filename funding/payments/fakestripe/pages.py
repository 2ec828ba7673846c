"""The pages a person meets: hosted Checkout, account onboarding, and an index with events to send again and cards to break.

Plain forms, no script, marked on each page as a stand-in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, LiteralString

from funding.payments.fakestripe import cards, checkout, connect, control, currencies, events
from funding.payments.fakestripe.failures import Failure
from funding.payments.fakestripe.store import Object, Transaction
from funding.payments.fakestripe.style import CSS

if TYPE_CHECKING:
    from funding.payments.fakestripe.server import Server


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    html: str = ""
    location: str = ""


Form = dict[str, str]
PRESSES = {"pay", "decline", "authenticate", "confirm", "refuse"}


def answer(server: Server, method: str, path: str, form: Form) -> Page:
    """The page for an address, or a 404 that says so."""
    for verb, pattern, function in ADDRESSES:
        match = re.match(pattern + r"\Z", path)
        if match and verb == method:
            try:
                with server.store.transaction() as tx:
                    page: Page = function(tx, form, **match.groupdict())
            except Failure as failure:
                return Page(failure.status, layout("Not found", f"<p>{escape(str(failure))}</p>"))
            server.sender.wake.set()
            return page
    return Page(404, layout("Not found", "<p>The stand-in has no page here.</p>"))


def layout(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · payment stand-in</title><style>{CSS}</style></head><body>"
        f'<header><p class="notice"><strong>Stand-in for the payment processor.</strong> No money moves. Enter no real card.</p></header>'
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def button(action: str, label: str, kind: str = "") -> str:
    return f'<button name="action" value="{action}" class="{kind}">{escape(label)}</button>'


# Hosted Checkout


def checkout_page(tx: Transaction, form: Form, session: str) -> Page:
    return Page(200, _checkout(tx, tx.get("checkout.session", session)))


def checkout_press(tx: Transaction, form: Form, session: str) -> Page:
    found = tx.get("checkout.session", session, lock=True)
    action = form.get("action", "")
    if action == "cancel":
        return Page(303, location=found["cancel_url"] or found["success_url"])
    if found["status"] == "complete":
        return Page(303, location=checkout.success_address(found))
    if found["status"] != "open" or action not in PRESSES:
        return Page(409, _checkout(tx, found))
    said = checkout.pay(tx, found, form.get("card", ""), press=action)
    if said == "":
        return Page(303, location=checkout.success_address(found))
    if said == "challenge":
        return Page(200, _checkout(tx, found))
    return Page(402, _checkout(tx, found, error=said, card=form.get("card", "")))


def _checkout(tx: Transaction, session: Object, *, error: str = "", card: str = "4242 4242 4242 4242") -> str:
    sum_ = currencies.words(session["amount_total"], session["currency"])
    name = str(tx.hidden(session["id"]).get("name", ""))
    if session["status"] != "open":
        address = checkout.success_address(session) if session["status"] == "complete" else session["cancel_url"] or "/"
        back = f'<p><a href="{escape(address)}">Go back</a></p>'
        return layout(f"This checkout is {session['status']}", f"<p>{escape(name)}, {sum_}.</p>{back}")
    head = f'<p class="what">{escape(name)}</p><p class="sum">{sum_}</p>'
    if checkout.waiting_challenge(tx, session):
        buttons = button("confirm", "Authenticate", "first") + button("refuse", "Fail authentication") + button("cancel", "Cancel", "quiet")
        text = "<p>The bank of this card wants to know that it is you.</p>"
        return layout("Confirm this payment", f'{head}{text}<form method="post" class="row">{buttons}</form>')
    alert = f'<p class="error" role="alert" id="error">{escape(error)}</p>' if error else ""
    described = ' aria-describedby="error" aria-invalid="true"' if error else ""
    known = "".join(f"<tr><td><code>{_spaced(item.number)}</code></td><td>{escape(item.about)}</td></tr>" for item in cards.KNOWN.values())
    body = (
        f'{head}{alert}<form method="post"><label for="card">Card number</label>'
        f'<input id="card" name="card" inputmode="numeric" autocomplete="off" value="{escape(card or "4242 4242 4242 4242")}"{described}>'
        f'<div class="row">{button("pay", f"Pay {sum_}", "first")}{button("decline", "Decline")}'
        f"{button('authenticate', 'Ask for authentication')}{button('cancel', 'Cancel', 'quiet')}</div></form>"
        f"<h2>Test cards</h2><table><thead><tr><th>Number</th><th>What it does</th></tr></thead><tbody>{known}</tbody></table>"
    )
    return layout("Pay by card", body)


def _spaced(number: str) -> str:
    return "&nbsp;".join(number[at : at + 4] for at in range(0, len(number), 4))


# Account onboarding


def onboard_page(tx: Transaction, form: Form, account: str) -> Page:
    found = tx.get("account", account)
    state = "This account can receive money." if found["payouts_enabled"] else "This account cannot receive money yet."
    due = "".join(f"<li><code>{escape(item)}</code></li>" for item in found["requirements"]["currently_due"])
    wanted = f"<h2>Still wanted</h2><ul>{due}</ul>" if due else ""
    buttons = button("submit", "Submit", "first") + button("block", "Ask for a document instead") + button("later", "Return", "quiet")
    name = escape(str(found["business_profile"]["name"] or found["email"] or found["id"]))
    text = "<p>Stripe would ask for identity, address and bank account here. The stand-in fills them in.</p>"
    body = f'<p class="what">{name}</p><p>{state}</p>{text}{wanted}<form method="post" class="row">{buttons}</form>'
    return Page(200, layout("Receive payments", body))


def onboard_press(tx: Transaction, form: Form, account: str) -> Page:
    found = tx.get("account", account, lock=True)
    if form.get("action") == "submit":
        connect.submit(tx, found)
    elif form.get("action") == "block":
        connect.block(tx, found)
    return Page(303, location=str(tx.hidden(account).get("return_url", "/")))


# The index


def index_page(tx: Transaction, form: Form) -> Page:
    balance = ", ".join(currencies.words(row["available"], row["currency"]) for row in tx.rows("SELECT * FROM balance ORDER BY currency"))
    rows = [f"<p>Available balance: <strong>{balance or 'nothing yet'}</strong></p>", _customers(tx), _deliveries(tx), _refusals(tx)]
    rows += [
        _table("Checkout sessions", _latest(tx, "checkout.session"), _session_cells, ["Session", "Sum", "State"]),
        _table("Payment intents", _latest(tx, "payment_intent"), _sum_cells, ["Intent", "Sum", "State"]),
        _table("Transfers", _latest(tx, "transfer"), _transfer_cells, ["Transfer", "Sum", "To"]),
        _table("Connected accounts", _latest(tx, "account"), _account_cells, ["Account", "Email", "State"]),
    ]
    return Page(200, layout("What the stand-in holds", "".join(rows)))


def index_press(tx: Transaction, form: Form) -> Page:
    if form.get("action") == "resend":
        events.resend(tx, form.get("event", ""))
    elif form.get("action") == "switch":
        control.switch(tx, form, customer=form.get("customer", ""))
    return Page(303, location="/")


def _latest(tx: Transaction, kind: str) -> list[Object]:
    return [row["data"] for row in tx.rows("SELECT data FROM object WHERE kind = %s ORDER BY seq DESC LIMIT 15", kind)]


def _table(title: str, found: list[Any], cells: Any, heads: list[str]) -> str:
    if not found:
        return f"<h2>{title}</h2><p>None yet.</p>"
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells(item)) + "</tr>" for item in found)
    return f'<h2>{title}</h2><div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _session_cells(item: Object) -> list[str]:
    link = f'<a href="/c/pay/{item["id"]}">{_code(item["id"][:20])}</a>'
    return [link, currencies.words(item["amount_total"], item["currency"]), escape(item["status"])]


def _sum_cells(item: Object) -> list[str]:
    return [_code(item["id"]), currencies.words(item["amount"], item["currency"]), escape(item["status"].replace("_", " "))]


def _transfer_cells(item: Object) -> list[str]:
    return [_code(item["id"]), currencies.words(item["amount"], item["currency"]), _code(item["destination"])]


def _account_cells(item: Object) -> list[str]:
    link = f'<a href="/connect/onboard/{item["id"]}">{_code(item["id"])}</a>'
    return [link, escape(item["email"] or ""), "can receive" if item["payouts_enabled"] else "not yet"]


def _customers(tx: Transaction) -> str:
    rows = tx.rows("SELECT data, hidden FROM object WHERE kind = 'customer' ORDER BY seq DESC LIMIT 12")

    def cells(row: dict[str, Any]) -> list[str]:
        customer, now = row["data"], (row["hidden"].get("switch") or {}).get("name", "")
        options = "".join(
            f'<option value="{name}"{" selected" if name == now else ""}>{label}</option>'
            for name, label in [("", "as the card decides"), *((name, name.replace("_", " ")) for name in cards.SWITCHES)]
        )
        name = escape(customer["name"] or customer["email"] or customer["id"])
        form = (
            f'<form method="post" class="row"><input type="hidden" name="customer" value="{customer["id"]}">'
            f'<select name="name" aria-label="Next charge of {name}">{options}</select>'
            f"{button('switch', 'Set')}</form>"
        )
        return [f"{name}<br>{_code(customer['id'])}", form]

    return _table("Customers: the next charge without them", rows, cells, ["Customer", "Next charge"])


def _deliveries(tx: Transaction) -> str:
    query: LiteralString = (
        "SELECT d.event, d.state, d.attempts, d.last, o.data->>'type' AS type "
        "FROM delivery d JOIN object o ON o.id = d.event ORDER BY d.id DESC LIMIT 40"
    )

    def cells(row: dict[str, Any]) -> list[str]:
        form = f'<form method="post"><input type="hidden" name="event" value="{row["event"]}">{button("resend", "Send again")}</form>'
        state = f"{row['state']}, {row['attempts']} sent" + (f", last answer {escape(row['last'])}" if row["last"] else "")
        return [escape(row["type"]), _code(row["event"]), state, form]

    return _table("Events and their deliveries", tx.rows(query), cells, ["Type", "Event", "State", "Again"])


def _refusals(tx: Transaction) -> str:
    rows = tx.rows("SELECT method, path, complaints FROM refusal ORDER BY id DESC LIMIT 20")
    if not rows:
        return ""

    def cells(row: dict[str, Any]) -> list[str]:
        return [escape(f"{row['method']} {row['path']}"), escape("; ".join(row["complaints"]))]

    return _table("Refused by the conformance filter", rows, cells, ["Request", "Why"])


ADDRESSES: list[tuple[str, str, Any]] = [
    ("GET", "/", index_page),
    ("POST", "/", index_press),
    ("GET", r"/c/pay/(?P<session>cs_test_\w+)", checkout_page),
    ("POST", r"/c/pay/(?P<session>cs_test_\w+)", checkout_press),
    ("GET", r"/connect/onboard/(?P<account>acct_\w+)", onboard_page),
    ("POST", r"/connect/onboard/(?P<account>acct_\w+)", onboard_press),
]
