"""Reads that join the rows behind a balance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from funding.ledger.models import Account, AccountTotal, Transfer
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


def held_at(accounts: Iterable[Account], at: dt.datetime) -> ahead.Statement:
    """What `balances_at` asks, for a page that looks ahead."""
    return ahead.Statement("SELECT * FROM ledger_balances_at(%s, %s)", ([account.pk for account in accounts], at))


def balances_at(accounts: Iterable[Account], at: dt.datetime) -> dict[int, Balance]:
    """The balance of each account by its id as it stood at `at`, in one query: what was recorded by then, and nothing later.

    Of funds, owed and shortfall accounts it is read off the number line, however long that is; cash and clearing are summed.
    """
    known = {account.pk: account for account in accounts}
    return {pk: Balance(known[pk], *sums) for pk, *sums in ahead.rows(held_at(known.values(), at))}


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

    def lines(self) -> QuerySet[Transfer]:
        """What moved between, oldest first: the stretch of the number line from the opening to the closing, so it adds up to the cent.

        Of funds, owed and shortfall accounts; cash and clearing have no line.
        """
        account, begins, ends = self.opening.account, self.opening, self.closing
        out = Q(debit_account=account, debit_offset__gte=begins.debits, debit_offset__lt=ends.debits)
        into = Q(credit_account=account, credit_offset__gte=begins.credits, credit_offset__lt=ends.credits)
        return Transfer.objects.filter(out | into).order_by("pk")

    def before(self, line: Transfer) -> Money:
        """What the account held just before one of `lines()`, in one query."""
        account = self.opening.account
        debits, credits = ahead.rows(ahead.Statement("SELECT * FROM ledger_as_of(%s, %s)", (account.pk, line.pk - 1)))[0]
        return Balance(account, debits, credits, reserved=0).amount


def statement(account: Account, *, since: dt.datetime, until: dt.datetime) -> Statement:
    """What an account held at two instants and what moved between them, after `since` and up to `until`; no history is summed."""
    ahead.look(held_at([account], since), held_at([account], until))
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
