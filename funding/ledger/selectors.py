"""Reads that join the rows behind a balance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
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


BY_CLASS = """
    SELECT currency, klass, sum(credits - debits)::bigint, sum(reserved)::bigint FROM (
        SELECT currency, klass, debits, credits, reserved FROM ledger_account WHERE klass <> 'cash'
        UNION ALL
        SELECT a.currency, a.klass, t.debits, t.credits, 0 FROM ledger_accounttotal t JOIN ledger_account a ON a.id = t.account_id
            WHERE a.klass = 'cash'
    ) AS rows GROUP BY currency, klass
"""


def by_class() -> dict[str, dict[str, tuple[int, int]]]:
    """Currency → class → (credits less debits, reserved), in minor units; cash is therefore negative.

    One statement, so that an entry which commits meanwhile is in all of the sums or in none.
    """
    found: dict[str, dict[str, tuple[int, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(BY_CLASS)
        for currency, klass, balance, reserved in cursor.fetchall():
            found.setdefault(currency, {})[klass] = (balance, reserved)
    return found
