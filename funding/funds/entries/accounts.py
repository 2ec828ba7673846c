"""Accounts that the entries of this package use, each opened on first use. They hold no names: only what kind of money it is."""

from __future__ import annotations

from funding.funds.models import Voucher
from funding.ledger import services as ledger
from funding.ledger.models import Account

RECEIPTS, TAX, PAYOUTS = "owed:receipts", "owed:tax", "owed:payouts"


def cash(place: str, currency: str) -> Account:
    """Where money is: `place` is one of `Voucher.Place`. The same accounts that `funding.payments.cash` opens."""
    return ledger.open_account(code=f"cash:{place}:{currency}", klass=Account.Klass.CASH, currency=currency)


def bank(currency: str) -> Account:
    return cash(Voucher.Place.BANK, currency)


def receipts(currency: str) -> Account:
    """What the bank received and nobody knows yet, item by item."""
    return _owed(RECEIPTS, currency)


def tax(currency: str) -> Account:
    """Tax that was collected or withheld and belongs to an authority."""
    return _owed(TAX, currency)


def payouts(currency: str) -> Account:
    return _owed(PAYOUTS, currency)


def clearing(currency: str) -> Account:
    return ledger.open_account(code=f"clearing:{currency}", klass=Account.Klass.CLEARING, currency=currency)


def _owed(code: str, currency: str) -> Account:
    return ledger.open_account(code=f"{code}:{currency}", klass=Account.Klass.OWED, currency=currency)
