"""Accounts and entries for the ledger's tests, in the words of an accountant."""

from __future__ import annotations

import datetime as dt
import itertools

from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry, Reservation, Transfer
from funding.ledger.services import Line

AT = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
DAY = AT.date()
_numbers = itertools.count(1)


def account(code: str, klass: str, currency: str = "USD") -> Account:
    return ledger.open_account(code=code, klass=klass, currency=currency)


def cash(currency: str = "USD") -> Account:
    return account(f"cash:stripe:{currency}", "cash", currency)


def clearing(currency: str = "USD") -> Account:
    return account(f"clearing:{currency}", "clearing", currency)


def payouts(currency: str = "USD") -> Account:
    return account(f"owed:payouts:{currency}", "owed", currency)


def shortfall(currency: str = "USD") -> Account:
    return account(f"shortfall:{currency}", "shortfall", currency)


def fund(name: str = "quillon", currency: str = "USD") -> Account:
    return account(f"fund:{name}", "fund", currency)


def post(*lines: Line, reference: str | None = None, kind: str = "test", revision: int = 1, source: str = "test") -> Entry:
    return ledger.post(
        kind=kind,
        source=source,
        reference=reference or f"fact-{next(_numbers)}",
        lines=lines,
        at=AT,
        effective_on=DAY,
        revision=revision,
    )


def contribute(to: Account, amount: int, reference: str | None = None) -> Transfer:
    """A gift without fees; returns the line that credits the fund."""
    money, through = cash(to.currency), clearing(to.currency)
    entry = post(Line(money, through, amount, "contribution"), Line(through, to, amount, "allocation"), reference=reference)
    return entry.transfers.get(line=2)


def pay_out(of: Account, amount: int, reservation: Reservation | None = None, reference: str | None = None) -> Transfer:
    """Owe a payout; returns the item."""
    return post(Line(of, payouts(of.currency), amount, "payout", reservation=reservation), reference=reference).transfers.get()


def confirm(item: Transfer, amount: int | None = None) -> Transfer:
    """The bank or processor paid the item."""
    line = Line(item.credit_account, cash(item.currency), amount or item.amount, "payout_confirmed", settles=item.pk)
    return post(line).transfers.get()


def refund(inflow: Transfer, start: int, end: int) -> Transfer:
    """Give back the units [start, end) of an inflow, counted from its first; returns the pinned line."""
    offset, through = inflow.credit_offset or 0, clearing(inflow.currency)
    entry = post(
        Line(inflow.credit_account, through, end - start, "refund", pin=(offset + start, offset + end)),
        Line(through, cash(inflow.currency), end - start, "refund"),
    )
    return entry.transfers.get(line=1)


def reserve(of: Account, amount: int, key: str | None = None, holder: int = 1) -> Reservation:
    return ledger.reserve(account=of, amount=amount, holder=("proposal", holder), key=key or f"held-{next(_numbers)}", at=AT)


def fresh(account: Account) -> Account:
    return ledger.account(account.code)
