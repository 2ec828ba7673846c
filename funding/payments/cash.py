"""Where the books keep cash: at the processor and in the host's bank, one account each for each currency, for money in and out."""

from __future__ import annotations

from funding.ledger import services as ledger
from funding.ledger.models import Account
from funding.ledger.selectors import balances
from funding.money import Money

CODE = "cash:stripe"
BANK = "cash:bank"


def account(currency: str) -> Account:
    """The processor's cash account in the currency, opened on first use."""
    return ledger.open_account(code=f"{CODE}:{currency}", klass=Account.Klass.CASH, currency=currency)


def bank(currency: str) -> Account:
    """The account of the host's bank in the currency, opened on first use."""
    return ledger.open_account(code=f"{BANK}:{currency}", klass=Account.Klass.CASH, currency=currency)


def held(currency: str) -> tuple[Money, Money]:
    """What the books have in the bank and at the processor, read now. Opens nothing."""
    codes = {f"{BANK}:{currency}": 0, f"{CODE}:{currency}": 0}
    for balance in balances(Account.objects.filter(code__in=codes)).values():
        codes[balance.account.code] = balance.amount.amount
    in_bank, at_processor = codes.values()
    return Money(in_bank, currency), Money(at_processor, currency)
