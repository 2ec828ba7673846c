"""Reads that join the rows behind a balance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Sum

from funding.ledger.models import Account, AccountTotal
from funding.money import Money

DEBIT_NORMAL = {Account.Klass.CASH, Account.Klass.SHORTFALL, Account.Klass.CLEARING}


@dataclass(frozen=True, slots=True)
class Balance:
    """Totals of one account in minor units. `amount` is what it holds, in the sense of its class."""

    account: Account
    debits: int
    credits: int
    reserved: int

    @property
    def amount(self) -> Money:
        """Cash, clearing and shortfall: debits less credits. Funds and owed: credits less debits."""
        sign = 1 if self.account.klass in DEBIT_NORMAL else -1
        return Money(sign * (self.debits - self.credits), self.account.currency)

    @property
    def available(self) -> Money:
        """Of a fund, what is neither spent nor reserved."""
        return Money(self.amount.amount - self.reserved, self.account.currency)


def balances(accounts: Iterable[Account]) -> dict[int, Balance]:
    """The balance of each account by its id, read now in two queries. The accounts given may be stale."""
    wanted = [account.pk for account in accounts]
    shards = {
        row["account_id"]: (row["out"], row["into"])
        for row in AccountTotal.objects.filter(account__in=wanted).values("account_id").annotate(out=Sum("debits"), into=Sum("credits"))
    }
    found = {}
    for account in Account.objects.filter(pk__in=wanted):
        debits, credits = shards.get(account.pk, (account.debits, account.credits))
        found[account.pk] = Balance(account, debits, credits, account.reserved)
    return found
