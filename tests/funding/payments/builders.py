"""Customers, cards and accounts at the stand-in, made through the gateway as the site makes them."""

from __future__ import annotations

import itertools

from funding.money import Money
from funding.payments import gateway
from tests.funding.payments.standin import VISA, StandIn

_numbers = itertools.count(1)
SUCCESS = "http://127.0.0.1:8000/thanks/?session={CHECKOUT_SESSION_ID}"
CANCEL = "http://127.0.0.1:8000/sponsor/"


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def key() -> str:
    return f"test-key-{next(_numbers)}"


def customer() -> str:
    return gateway.create_customer(name="Ada Example", email="ada@example.org", metadata={}, key=key())


def checkout(of: str = "", amount: Money | None = None, reference: str = "INV-0001", with_key: str = "") -> gateway.Checkout:
    return gateway.open_checkout(
        customer=of or customer(),
        amount=usd(10_000) if amount is None else amount,
        description="Gold, one month",
        kind="invoice",
        reference=reference,
        success_url=SUCCESS,
        cancel_url=CANCEL,
        key=with_key or key(),
    )


def card_page(of: str = "", reference: str = "CARD-1", with_key: str = "") -> gateway.Checkout:
    """An open page that only saves a card."""
    return gateway.open_card_page(
        customer=of or customer(),
        currency="USD",
        kind="card",
        reference=reference,
        success_url=SUCCESS,
        cancel_url=CANCEL,
        key=with_key or key(),
    )


def refund(of: gateway.Charge, amount: int, *, reference: str = "RF-1", with_key: str = "") -> gateway.Refund:
    return gateway.refund(
        charge=of.id, amount=usd(amount), kind="refund", reference=reference, reason="requested_by_customer", key=with_key or key()
    )


def charge(
    of: str, card: str, amount: int = 10_000, *, reference: str = "INV-0002", with_key: str = "", kind: str = "invoice"
) -> gateway.Charge:
    return gateway.charge_off_session(
        customer=of,
        payment_method=card,
        amount=usd(amount),
        description="Gold, one month",
        kind=kind,
        reference=reference,
        key=with_key or key(),
    )


def customer_with_card(stand_in: StandIn, number: str = VISA) -> tuple[str, str]:
    made = customer()
    return made, stand_in.attach_card(made, number)


def account(stand_in: StandIn | None = None) -> gateway.Account:
    """A connected account; onboarded when the stand-in is given."""
    made = gateway.create_account(
        name="Bo Example", email="bo@example.org", country="DE", currency="EUR", metadata={"party": "1"}, key=key()
    )
    if stand_in is None:
        return made
    stand_in.onboard(made.id)
    return gateway.read_account(made.id)


def transfer(to: str, amount: int = 5_000, reference: str = "PO-1", with_key: str = "") -> gateway.Transfer:
    return gateway.send_transfer(
        account=to, amount=usd(amount), kind="payout", reference=reference, description="Two days of work", key=with_key or key()
    )
