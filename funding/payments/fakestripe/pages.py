"""The pages a person meets: hosted Checkout, account onboarding, and an index with events to send again and cards to break.

Plain forms, no script, marked on each page as a stand-in.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from funding.payments.fakestripe import cards, checkout, connect, currencies, index, weather
from funding.payments.fakestripe.failures import Failure
from funding.payments.fakestripe.layout import Form, Page, button, layout
from funding.payments.fakestripe.store import Object, Transaction

if TYPE_CHECKING:
    from funding.payments.fakestripe.server import Server


PRESSES = {"pay", "decline", "authenticate", "confirm", "refuse"}


def answer(server: Server, method: str, path: str, form: Form) -> Page:
    """The page for an address, or a 404 that says so."""
    for verb, pattern, function in ADDRESSES:
        match = re.match(pattern + r"\Z", path)
        if match and verb == method:
            try:
                with server.store.transaction() as tx:
                    if path != "/" and weather.is_down(tx):
                        return Page(503, layout("Not available", "<p>The processor is down. Try again later.</p>"))
                    page: Page = function(tx, form, **match.groupdict())
            except Failure as failure:
                return Page(failure.status, layout("Not found", f"<p>{escape(str(failure))}</p>"))
            server.sender.wake.set()
            return page
    return Page(404, layout("Not found", "<p>The stand-in has no page here.</p>"))


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
    saves = session["mode"] == "setup"
    sum_ = "No payment today" if saves else currencies.words(session["amount_total"], session["currency"])
    name = str(tx.hidden(session["id"]).get("name", ""))
    if session["status"] != "open":
        address = checkout.success_address(session) if session["status"] == "complete" else session["cancel_url"] or "/"
        back = f'<p><a href="{escape(address)}">Go back</a></p>'
        return layout(f"This checkout is {session['status']}", f"<p>{escape(name)}, {sum_}.</p>{back}")
    head = f'<p class="what">{escape(name)}</p><p class="sum">{sum_}</p>'
    if checkout.waiting_challenge(tx, session):
        buttons = button("confirm", "Authenticate", "first") + button("refuse", "Fail authentication") + button("cancel", "Cancel", "quiet")
        text = "<p>The bank of this card wants to know that it is you.</p>"
        return layout(
            "Confirm that it is you" if saves else "Confirm this payment", f'{head}{text}<form method="post" class="row">{buttons}</form>'
        )
    alert = f'<p class="error" role="alert" id="error">{escape(error)}</p>' if error else ""
    described = ' aria-describedby="error" aria-invalid="true"' if error else ""
    known = "".join(
        f"<tr><td><code class=nw>{_spaced(item.number)}</code></td><td>{escape(item.about)}</td></tr>" for item in cards.KNOWN.values()
    )
    body = (
        f'{head}{alert}<form method="post"><label for="card">Card number</label>'
        f'<input id="card" name="card" inputmode="numeric" autocomplete="off" value="{escape(card or "4242 4242 4242 4242")}"{described}>'
        f'<div class="row">{button("pay", "Save this card" if saves else f"Pay {sum_}", "first")}{button("decline", "Decline")}'
        f"{button('authenticate', 'Ask for authentication')}{button('cancel', 'Cancel', 'quiet')}</div></form>"
        f"<h2>Test cards</h2><table><thead><tr><th>Number</th><th>What it does</th></tr></thead><tbody>{known}</tbody></table>"
    )
    return layout("Save a card" if saves else "Pay by card", body)


def _spaced(number: str) -> str:
    return "&nbsp;".join(number[at : at + 4] for at in range(0, len(number), 4))


# Account onboarding


def onboard_page(tx: Transaction, form: Form, account: str) -> Page:
    found = tx.get("account", account)
    state = "This account can receive money." if found["payouts_enabled"] else "This account cannot receive money yet."
    due = "".join(f"<li><code>{escape(item)}</code></li>" for item in found["requirements"]["currently_due"])
    wanted = f"<h2>Still wanted</h2><ul>{due}</ul>" if due else ""
    banks = "".join(f"<p>Bank account ending {escape(bank['last4'])}</p>" for bank in found["external_accounts"]["data"])
    change = button("bank", "Change the bank account") if banks else ""
    buttons = (
        button("submit", "Submit", "first") + change + button("block", "Ask for a document instead") + button("later", "Return", "quiet")
    )
    name = escape(str(found["business_profile"]["name"] or found["email"] or found["id"]))
    text = "<p>Stripe would ask for identity, address and bank account here. The stand-in fills them in.</p>"
    body = f'<p class="what">{name}</p><p>{state}</p>{banks}{text}{wanted}<form method="post" class="row">{buttons}</form>'
    return Page(200, layout("Receive payments", body))


def onboard_press(tx: Transaction, form: Form, account: str) -> Page:
    found = tx.get("account", account, lock=True)
    if form.get("action") == "submit":
        connect.submit(tx, found)
    elif form.get("action") == "block":
        connect.block(tx, found)
    elif form.get("action") == "bank":
        connect.change_bank(tx, found)
    return Page(303, location=str(tx.hidden(account).get("return_url", "/")))


ADDRESSES: list[tuple[str, str, Any]] = [
    ("GET", "/", index.page),
    ("POST", "/", index.press),
    ("GET", r"/c/pay/(?P<session>cs_test_\w+)", checkout_page),
    ("POST", r"/c/pay/(?P<session>cs_test_\w+)", checkout_press),
    ("GET", r"/connect/onboard/(?P<account>acct_\w+)", onboard_page),
    ("POST", r"/connect/onboard/(?P<account>acct_\w+)", onboard_press),
]
