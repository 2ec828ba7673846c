"""Stripe behind the gateway: the only package that calls the `stripe` library.

The library pins the API version (2026-10-28.endive in 16.1). STRIPE_API_BASE sends every call to the stand-in instead.
Its objects are no dicts since version 15, so they are turned into plain ones at once.
"""

from funding.payments.stripe.balance import balance_transactions, read_balance, read_balance_transaction
from funding.payments.stripe.charges import (
    charge_off_session,
    create_customer,
    detach_card,
    expire_checkout,
    find_charge,
    open_card_page,
    open_checkout,
    read_charge,
    read_checkout,
    save_test_card,
)
from funding.payments.stripe.client import client as _client
from funding.payments.stripe.news import read_event
from funding.payments.stripe.payees import (
    create_account,
    find_transfer,
    find_transfers,
    onboarding_link,
    read_account,
    read_transfer,
    send_transfer,
)
from funding.payments.stripe.returns import find_disputes, find_refund, find_refunds, read_dispute, read_refund, refund
from funding.payments.stripe.topups import find_top_up, read_top_up, top_up

__all__ = [
    "_client",
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
