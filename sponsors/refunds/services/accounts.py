"""The accounts through which money goes back, and what an entry about it is called."""

from __future__ import annotations

import datetime as dt

from funding.ledger import services as ledger
from funding.ledger.models import Account
from sponsors.refunds.models import Dispute, Refund
from sponsors.refunds.taking import Fact


def disputed_cash(currency: str) -> Account:
    """Cash that the processor holds back while a bank disputes it."""
    return ledger.open_account(code=f"cash:disputed:{currency}", klass=Account.Klass.CASH, currency=currency)


def owed_refunds(currency: str) -> Account:
    return ledger.open_account(code=f"owed:refunds:{currency}", klass=Account.Klass.OWED, currency=currency)


def owed_disputes(currency: str) -> Account:
    return ledger.open_account(code=f"owed:disputes:{currency}", klass=Account.Klass.OWED, currency=currency)


def fact(of: Refund | Dispute, kind: str, on: dt.date) -> Fact:
    """`kind` also names which of the row's facts it is; each happens once."""
    source = "refund" if isinstance(of, Refund) else "dispute"
    return Fact(kind=kind, source=source, reference=f"{of.ref}:{kind}", effective_on=on, about=(source, of.pk))
