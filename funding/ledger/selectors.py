"""Reads that join the rows behind a balance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Sum

from funding.ledger.models import Account, AccountTotal
from funding.money import Money
from funding.web import ahead

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


def balances_at(accounts: Iterable[Account], at: dt.datetime) -> dict[int, Balance]:
    """The balance of each account by its id as it stood at `at`, in one query: what was recorded by then, and nothing later.

    Of funds, owed and shortfall accounts it is read off the number line, however long that is; cash and clearing are summed.
    """
    known = {account.pk: account for account in accounts}
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_balances_at(%s, %s)", [list(known), at])
        return {row[0]: Balance(known[row[0]], *row[1:]) for row in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class Statement:
    """An account between two instants: what it held at the first, what came and left, what it held at the second."""

    opening: Balance
    closing: Balance

    @property
    def came(self) -> Money:
        return Money(self.closing.credits - self.opening.credits, self.opening.account.currency)

    @property
    def left(self) -> Money:
        return Money(self.closing.debits - self.opening.debits, self.opening.account.currency)


def statement(account: Account, *, since: dt.datetime, until: dt.datetime) -> Statement:
    """What an account held at two instants and what moved between them, after `since` and up to `until`; no history is summed."""
    return Statement(balances_at([account], since)[account.pk], balances_at([account], until)[account.pk])


BY_CLASS = ahead.Statement("""
    SELECT currency, klass, sum(credits - debits)::bigint, sum(reserved)::bigint FROM (
        SELECT currency, klass, debits, credits, reserved FROM ledger_account WHERE klass <> 'cash'
        UNION ALL
        SELECT a.currency, a.klass, t.debits, t.credits, 0 FROM ledger_accounttotal t JOIN ledger_account a ON a.id = t.account_id
            WHERE a.klass = 'cash'
    ) AS rows GROUP BY currency, klass
""")
"""What `by_class` asks."""


def by_class() -> dict[str, dict[str, tuple[int, int]]]:
    """Currency → class → (credits less debits, reserved), in minor units; cash is therefore negative.

    One statement, so that an entry which commits meanwhile is in all of the sums or in none.
    """
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for currency, klass, balance, reserved in ahead.rows(BY_CLASS):
        found.setdefault(currency, {})[klass] = (balance, reserved)
    return found
