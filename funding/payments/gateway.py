"""The only door to the processor. Primitives and Money go in, frozen values come out; no caller sees Stripe's objects.

Every verb that makes something takes a `key`: the caller stored it before the call, so that a repeat after an outcome
that nobody heard returns the first result. A key belongs to one attempt: an answer that the processor gave, a refusal
included, is given again for ever under the same key. What to do after each error:

- `Unavailable`: the outcome is unknown. Repeat the same call with the same key.
- `Declined`, `AuthenticationRequired`: the outcome is final for this key. A later attempt takes a new key.
- `Rejected`: the request itself is wrong, a bug. Repeating it changes nothing.
- `InsufficientBalance`, `AlreadyRefunded`: nothing moved. A later attempt takes a new key.

The processor is whatever `funding.payments.stripe` talks to; that package alone imports its library.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

from funding.money import Money
from funding.payments import stripe
from funding.payments.values import (
    Account,
    AlreadyRefunded,
    AuthenticationRequired,
    BadSignature,
    Balance,
    BalanceTransaction,
    CannotReceive,
    Charge,
    ChargeStatus,
    Checkout,
    Declined,
    Dispute,
    Event,
    GatewayError,
    InsufficientBalance,
    Refund,
    RefundStatus,
    Rejected,
    Reversal,
    TopUp,
    Transfer,
    Unavailable,
)

# Sponsors


def create_customer(*, name: str, email: str, metadata: dict[str, str], key: str) -> str:
    """Make a customer (`cus_…`) to whom cards can be attached. Raises Rejected, Unavailable."""
    return stripe.create_customer(name=name, email=email, metadata=metadata, key=key)


def open_checkout(
    *, customer: str, amount: Money, description: str, kind: str, reference: str, success_url: str, cancel_url: str, key: str
) -> Checkout:
    """Open a hosted card page that takes `amount` once and saves the card for `charge_off_session`.

    `kind` and `reference` go into the metadata of the session and of its payment intent, and route their events.
    `success_url` may hold `{CHECKOUT_SESSION_ID}`. Raises Rejected, Unavailable.
    """
    return stripe.open_checkout(
        customer=customer,
        amount=amount,
        description=description,
        kind=kind,
        reference=reference,
        success_url=success_url,
        cancel_url=cancel_url,
        key=key,
    )


def open_card_page(*, customer: str, currency: str, kind: str, reference: str, success_url: str, cancel_url: str, key: str) -> Checkout:
    """Open a hosted page that saves a card for `charge_off_session` and takes no money. `currency` decides what is offered.

    `kind` and `reference` route the page's events (`checkout.session.…`); read it with `read_checkout`, close it with
    `expire_checkout`. Raises Rejected, Unavailable.
    """
    return stripe.open_card_page(
        customer=customer,
        currency=currency,
        kind=kind,
        reference=reference,
        success_url=success_url,
        cancel_url=cancel_url,
        key=key,
    )


def read_checkout(session_id: str) -> Checkout:
    """Raises Rejected for an id that the processor does not know, Unavailable."""
    return stripe.read_checkout(session_id)


def expire_checkout(session_id: str) -> Checkout:
    """Close an open page so that nobody can pay on it. One that is paid or expired is returned as it is."""
    return stripe.expire_checkout(session_id)


def charge_off_session(
    *, customer: str, payment_method: str, amount: Money, description: str, kind: str, reference: str, key: str
) -> Charge:
    """Charge a saved card without its owner. Raises Declined, AuthenticationRequired, Rejected, Unavailable."""
    return stripe.charge_off_session(
        customer=customer,
        payment_method=payment_method,
        amount=amount,
        description=description,
        kind=kind,
        reference=reference,
        key=key,
    )


def save_test_card(*, customer: str, method: str, key: str) -> str:
    """Attach one of the test methods that Stripe publishes (`pm_card_visa`) and return the card (`pm_…`). Raises Rejected on live keys."""
    return stripe.save_test_card(customer=customer, method=method, key=key)


def detach_card(payment_method: str) -> None:
    """Take a saved card from its customer for good: nobody can charge it again. Raises Rejected where it is not attached, Unavailable."""
    stripe.detach_card(payment_method)


def read_charge(payment_intent: str) -> Charge:
    """The payment intent with its last charge and, once booked, the fee. Raises Rejected, Unavailable."""
    return stripe.read_charge(payment_intent)


def find_charge(*, customer: str, kind: str, reference: str) -> Charge | None:
    """The customer's latest charge made for this kind and reference, or None; for when even the key is in doubt."""
    return stripe.find_charge(customer=customer, kind=kind, reference=reference)


# Back to sponsors


def refund(
    *,
    charge: str,
    amount: Money,
    kind: str,
    reference: str,
    reason: Literal["requested_by_customer", "duplicate", "fraudulent"],
    key: str,
) -> Refund:
    """Send `amount` of a charge (`pi_…`) back to its card. Its outcome may come later, and may turn from succeeded to failed.

    `kind` and `reference` route its events (`refund.…`). `fraudulent` also blocks the card at Stripe. Raises AlreadyRefunded for
    more than is left, Rejected with code `charge_disputed` for a charge that its bank disputes, Rejected, Unavailable.
    """
    return stripe.refund(charge=charge, amount=amount, kind=kind, reference=reference, reason=reason, key=key)


def read_refund(refund_id: str) -> Refund:
    """Raises Rejected for an id that the processor does not know, Unavailable."""
    return stripe.read_refund(refund_id)


def find_refund(*, charge: str, kind: str, reference: str) -> Refund | None:
    """The charge's latest refund made for this kind and reference, or None; for when even the key is in doubt."""
    return stripe.find_refund(charge=charge, kind=kind, reference=reference)


def find_refunds(charge: str) -> list[Refund]:
    """Every refund of a charge, newest first, with those that were made in the processor's own dashboard."""
    return stripe.find_refunds(charge)


def read_dispute(dispute: str) -> Dispute:
    """Raises Rejected for an id that the processor does not know, Unavailable."""
    return stripe.read_dispute(dispute)


def find_disputes(charge: str) -> list[Dispute]:
    """Every dispute of a charge (`pi_…`), newest first. Raises Rejected, Unavailable."""
    return stripe.find_disputes(charge)


# Payees


def create_account(*, name: str, email: str, country: str, currency: str, metadata: dict[str, str], key: str) -> Account:
    """Make a connected account that can receive transfers after onboarding. `country` is two letters. Raises Rejected, Unavailable."""
    return stripe.create_account(name=name, email=email, country=country, currency=currency, metadata=metadata, key=key)


def onboarding_link(*, account: str, refresh_url: str, return_url: str) -> str:
    """A hosted page that works for minutes and once. `refresh_url` is where a person goes whose link is too old."""
    return stripe.onboarding_link(account=account, refresh_url=refresh_url, return_url=return_url)


def read_account(account: str) -> Account:
    """Raises Rejected for an id that the processor does not know, Unavailable."""
    return stripe.read_account(account)


def send_transfer(*, account: str, amount: Money, kind: str, reference: str, description: str, key: str) -> Transfer:
    """Move money from the platform's available balance to a connected account.

    Raises InsufficientBalance, CannotReceive, Rejected, Unavailable.
    """
    return stripe.send_transfer(account=account, amount=amount, kind=kind, reference=reference, description=description, key=key)


def read_transfer(transfer: str) -> Transfer:
    """Raises Rejected for an id that the processor does not know, Unavailable."""
    return stripe.read_transfer(transfer)


def find_transfer(*, kind: str, reference: str) -> Transfer | None:
    """The latest transfer made for this kind and reference, or None; for when even the key is in doubt."""
    return stripe.find_transfer(kind=kind, reference=reference)


def find_transfers(*, kind: str, reference: str) -> list[Transfer]:
    """Everything that was ever sent under this name, oldest first."""
    return stripe.find_transfers(kind=kind, reference=reference)


# The balance


def top_up(*, amount: Money, kind: str, reference: str, description: str, key: str) -> TopUp:
    """Collect `amount` from the bank account that the platform has set up at the processor; it arrives days later, or fails.

    `kind` and `reference` route its events (`topup.…`). Raises Rejected, also where the processor offers no top-ups; Unavailable.
    """
    return stripe.top_up(amount=amount, kind=kind, reference=reference, description=description, key=key)


def read_top_up(topup: str) -> TopUp:
    """Raises Rejected for an id that the processor does not know, Unavailable."""
    return stripe.read_top_up(topup)


def find_top_up(*, kind: str, reference: str) -> TopUp | None:
    """The latest top-up made for this kind and reference, or None; for when even the key is in doubt."""
    return stripe.find_top_up(kind=kind, reference=reference)


def read_balance() -> tuple[Balance, ...]:
    """What the platform holds, one row for each currency. Raises Rejected, Unavailable."""
    return stripe.read_balance()


def balance_transactions(*, since: dt.datetime, until: dt.datetime) -> Iterator[BalanceTransaction]:
    """Each movement created in [since, until), newest first, fetched a hundred at a time while it is read.

    Whole seconds. Raises Rejected, Unavailable; in the middle as well, so a reader repeats from the beginning.
    """
    return stripe.balance_transactions(since=since, until=until)


def read_balance_transaction(transaction: str) -> BalanceTransaction:
    """Raises Rejected for an id that the processor does not know, Unavailable."""
    return stripe.read_balance_transaction(transaction)


# News


def read_event(*, payload: bytes, signature: str) -> Event:
    """Check the signature on the raw body and read the envelope. Raises BadSignature; the body must not be parsed before."""
    return stripe.read_event(payload=payload, signature=signature)


__all__ = [
    "Account",
    "AlreadyRefunded",
    "AuthenticationRequired",
    "BadSignature",
    "Balance",
    "BalanceTransaction",
    "CannotReceive",
    "Charge",
    "ChargeStatus",
    "Checkout",
    "Declined",
    "Dispute",
    "Event",
    "GatewayError",
    "InsufficientBalance",
    "Refund",
    "RefundStatus",
    "Rejected",
    "Reversal",
    "TopUp",
    "Transfer",
    "Unavailable",
    "balance_transactions",
    "charge_off_session",
    "create_account",
    "create_customer",
    "detach_card",
    "expire_checkout",
    "find_charge",
    "find_disputes",
    "find_refund",
    "find_refunds",
    "find_top_up",
    "find_transfer",
    "find_transfers",
    "onboarding_link",
    "open_card_page",
    "open_checkout",
    "read_account",
    "read_balance",
    "read_balance_transaction",
    "read_charge",
    "read_checkout",
    "read_dispute",
    "read_event",
    "read_refund",
    "read_top_up",
    "read_transfer",
    "refund",
    "save_test_card",
    "send_transfer",
    "top_up",
]
