"""Hosted Checkout: the session, and what its page does when somebody presses a button.

In payment mode it takes money once and saves the card; in setup mode it only saves the card.
"""

from __future__ import annotations

from typing import LiteralString

from funding.payments.fakestripe import cards, currencies, payments, setups
from funding.payments.fakestripe.failures import Failure, invalid_parameter, missing_parameter
from funding.payments.fakestripe.forms import address, integer, listed, mapping, nested, one_of, present, required, text
from funding.payments.fakestripe.routes import Call, route
from funding.payments.fakestripe.store import Object, Transaction

PRODUCT = nested({"name": required(present), "description": present})
PRICE = nested({"currency": required(currencies.currency), "unit_amount": required(currencies.amount), "product_data": required(PRODUCT)})
LINE = nested({"price_data": required(PRICE), "quantity": required(currencies.amount)})
USAGE = one_of("off_session", "on_session")
INTENT = nested({"setup_future_usage": USAGE, "description": text, "metadata": mapping, "transfer_group": present})
CREATE = {
    "mode": required(one_of("payment", "setup")),
    "ui_mode": one_of("hosted_page"),
    "customer": required(present),
    "currency": currencies.currency,
    "line_items": listed(LINE),
    "allowed_payment_method_types": listed(one_of("card")),
    "payment_intent_data": INTENT,
    "setup_intent_data": nested({"description": text, "metadata": mapping}),
    "client_reference_id": present,
    "metadata": mapping,
    "success_url": required(address),
    "cancel_url": address,
    "expires_at": integer,
}
ONLY_IN = {"payment": {"line_items", "payment_intent_data"}, "setup": {"setup_intent_data"}}
NEEDED_IN = {"payment": "line_items", "setup": "currency"}
DAY = 24 * 3600
CHALLENGE = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
OVERDUE: LiteralString = """
SELECT data FROM object WHERE kind = 'checkout.session' AND data->>'status' = 'open' AND (data->>'expires_at')::bigint <= %s
FOR UPDATE SKIP LOCKED"""


@route("POST", "/v1/checkout/sessions", CREATE)
def create(call: Call) -> Object:
    given, tx = call.params, call.tx
    _fits_its_mode(given)
    tx.get("customer", given["customer"], param="customer")
    expires = given.get("expires_at", tx.now() + DAY)
    if not tx.now() + 1_800 <= expires <= tx.now() + DAY:
        raise invalid_parameter("expires_at", "The expires_at timestamp must be between 30 minutes and 24 hours from now.")
    fields: Object = {
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "customer": given["customer"],
        "customer_email": None,
        "expires_at": expires,
        "metadata": given.get("metadata", {}),
        "mode": given["mode"],
        "payment_intent": None,
        "payment_method_types": ["card"],
        "status": "open",
        "success_url": given["success_url"],
        "ui_mode": "hosted_page",
        "url": None,
        **(_to_pay if given["mode"] == "payment" else _to_save)(tx, given),
    }
    name = given["line_items"][0]["price_data"]["product_data"]["name"] if given["mode"] == "payment" else "A card for later payments"
    session = tx.add("checkout.session", "cs_test", fields, hidden={"intent": given.get("payment_intent_data", {}), "name": name})
    session["url"] = f"{call.base}/c/pay/{session['id']}"
    return tx.save(session)


@route("GET", "/v1/checkout/sessions/{id}")
def retrieve(call: Call, id: str) -> Object:
    return call.tx.get("checkout.session", id)


@route("POST", "/v1/checkout/sessions/{id}/expire")
def expire(call: Call, id: str) -> Object:
    session = call.tx.get("checkout.session", id, lock=True)
    if session["status"] != "open":
        raise Failure(400, f"Only Checkout Sessions that are open can be expired. This one is {session['status']}.")
    return close(call.tx, session)


def _fits_its_mode(given: Object) -> None:
    mode = given["mode"]
    for other, names in ONLY_IN.items():
        for name in sorted(names & given.keys()):
            if other != mode:
                raise invalid_parameter(name, f"You can not pass `{name}` in `{mode}` mode.")
    if NEEDED_IN[mode] not in given:
        raise missing_parameter(NEEDED_IN[mode])


def _to_pay(tx: Transaction, given: Object) -> Object:
    amount, code = total(given["line_items"])
    currencies.check(amount, code, charge=True)
    return {"amount_subtotal": amount, "amount_total": amount, "currency": code, "payment_status": "unpaid", "setup_intent": None}


def _to_save(tx: Transaction, given: Object) -> Object:
    setup = setups.new_setup(tx, given["customer"], given.get("setup_intent_data", {}))
    unpaid: Object = {"amount_subtotal": None, "amount_total": None, "payment_status": "no_payment_required"}
    return {**unpaid, "currency": given["currency"], "setup_intent": setup["id"]}


def total(lines: list[Object]) -> tuple[int, str]:
    codes = {line["price_data"]["currency"] for line in lines}
    if len(codes) != 1:
        raise invalid_parameter("line_items", "All prices on a Checkout Session must have the same currency, and there must be one.")
    return sum(line["price_data"]["unit_amount"] * line["quantity"] for line in lines), codes.pop()


def close(tx: Transaction, session: Object) -> Object:
    session.update(status="expired", url=None)
    tx.save(session)
    tx.emit("checkout.session.expired", session)
    return session


def close_overdue(tx: Transaction) -> int:
    """Expire the open sessions whose time is up. Returns how many."""
    overdue = [row["data"] for row in tx.rows(OVERDUE, tx.now())]
    for session in overdue:
        close(tx, session)
    return len(overdue)


def pay(tx: Transaction, session: Object, number: str, *, press: str) -> str:
    """One press on the page: `pay`, `decline`, `authenticate` (ask for a challenge), `confirm` or `refuse` it.

    In setup mode `pay` saves the card. Returns what the page says next: "" when the session is complete, "challenge", or why
    the card was declined. `session` is open and locked.
    """
    if press in {"confirm", "refuse"}:
        return _answer_challenge(tx, session, confirmed=press == "confirm")
    card = cards.KNOWN.get(cards.digits(number))
    if card is None:
        return "Your card number is not one of the test cards listed below."
    method = payments.new_method(tx, card)
    intent = _intent(tx, session)
    outcome = {"decline": cards.DECLINE, "authenticate": cards.AUTHENTICATE}.get(press, card.here)
    if outcome.kind == "decline":
        return _declined(tx, session, intent, method, outcome)
    if outcome.kind == "authenticate":
        (setups.challenge if _saves_only(session) else payments.challenge)(tx, intent, method, CHALLENGE)
        return "challenge"
    return _done(tx, session, intent, method)


def waiting_challenge(tx: Transaction, session: Object) -> bool:
    behind = session["payment_intent"] or session["setup_intent"]
    intent = tx.find(behind) if behind else None
    return bool(intent and intent["status"] == "requires_action")


def _saves_only(session: Object) -> bool:
    return bool(session["mode"] == "setup")


def _answer_challenge(tx: Transaction, session: Object, *, confirmed: bool) -> str:
    if not waiting_challenge(tx, session):
        return "There is no authentication to answer. Enter the card again."
    intent = _intent(tx, session)
    method = tx.get("payment_method", intent["payment_method"])
    if confirmed:
        return _done(tx, session, intent, method)
    return _declined(tx, session, intent, method, cards.REFUSED_CHALLENGE)


def _intent(tx: Transaction, session: Object) -> Object:
    """The intent behind the page. That of a payment is made at the first attempt and kept for the next ones."""
    if _saves_only(session):
        return tx.get("setup_intent", session["setup_intent"], lock=True)
    if session["payment_intent"]:
        return tx.get("payment_intent", session["payment_intent"], lock=True)
    data = tx.hidden(session["id"])["intent"]
    given = {"amount": session["amount_total"], "currency": session["currency"], "customer": session["customer"], **data}
    intent = payments.new_intent(tx, given)
    session["payment_intent"] = intent["id"]
    tx.save(session)
    return intent


def _done(tx: Transaction, session: Object, intent: Object, method: Object) -> str:
    if _saves_only(session):
        setups.succeed(tx, intent, method)
        session.update(status="complete", url=None)
    else:
        payments.succeed(tx, intent, method)
        session.update(status="complete", payment_status="paid", url=None)
    tx.save(session)
    tx.emit("checkout.session.completed", session)
    return ""


def _declined(tx: Transaction, session: Object, intent: Object, method: Object, outcome: cards.Outcome) -> str:
    (setups.fail if _saves_only(session) else payments.decline)(tx, intent, method, outcome)
    return f"{outcome.message} ({outcome.decline_code or outcome.code})"


def success_address(session: Object) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
