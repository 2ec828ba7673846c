"""Where the books keep the money that is at the processor: one cash account for each currency, for money in and money out."""

from __future__ import annotations

from funding.ledger import services as ledger
from funding.ledger.models import Account

CODE = "cash:stripe"


def account(currency: str) -> Account:
    """The processor's cash account in the currency, opened on first use."""
    return ledger.open_account(code=f"{CODE}:{currency}", klass=Account.Klass.CASH, currency=currency)
