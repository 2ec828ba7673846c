"""What is owed to tax authorities, from the books alone: withheld from payouts or collected, given back, paid over, and by which entry.

An item is what one transfer credited to an owed tax account; what was done with it are the transfers that settle it. A voucher for
tax that left (`funds.entries.bank.book_tax_paid`) settles the oldest items first, whatever they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from funding.funds.entries import accounts
from funding.funds.models import Fund
from funding.ledger.models import Transfer
from funding.money import Money
from grants.payouts.books import WITHHELD
from grants.payouts.models import Payout

PAID = "tax_paid"


@dataclass(slots=True)
class Owed:
    """One month's tax of one currency and fund. `fund` is empty for tax that was collected: it never was a fund's. Sums in minor units.

    `owed` is what no authority has yet. `paid_by` are the entries by which the rest left, with their sums.
    """

    month: dt.date
    currency: str
    fund: str
    withheld: bool
    arose: int = 0
    given_back: int = 0
    paid: int = 0
    paid_by: dict[int, int] = field(default_factory=dict)

    def money(self, amount: int) -> Money:
        return Money(amount, self.currency)

    @property
    def what(self) -> str:
        return _("Withheld from payouts") if self.withheld else _("Collected, or owed before")

    @property
    def sums(self) -> dict[str, Money]:
        left = self.arose - self.given_back - self.paid
        named = {"arose": self.arose, "given_back": self.given_back, "paid": self.paid, "owed": left}
        return {name: self.money(amount) for name, amount in named.items()}

    @property
    def remittances(self) -> list[tuple[int, Money]]:
        return [(entry, self.money(amount)) for entry, amount in sorted(self.paid_by.items())]


Key = tuple[dt.date, str, int | None, bool]


def owed() -> list[Owed]:
    """Every month, currency and fund in which tax arose, the newest month first. Three queries, whatever the number of payouts."""
    items = _of("credit_account").values_list(TruncMonth("entry__effective_on"), "currency", "settles__debit_account", "kind")
    settled = _of("debit_account").values_list(
        TruncMonth("settles__entry__effective_on"), "currency", "settles__settles__debit_account", "settles__kind", "kind", "entry_id"
    )
    found: dict[Key, Owed] = {}
    names = dict(Fund.objects.values_list("account_id", "name"))

    def row(month: dt.date, currency: str, account: int | None, kind: str) -> Owed:
        key = (month, currency, account, kind == WITHHELD)
        return found.setdefault(key, Owed(month, currency, names.get(account or 0, ""), kind == WITHHELD))

    for month, currency, account, kind, amount in items.annotate(sum=Sum("amount")):
        row(month, currency, account, kind).arose += amount
    for month, currency, account, kind, how, entry, amount in settled.annotate(sum=Sum("amount")):
        it = row(month, currency, account, kind)
        if how == PAID:
            it.paid += amount
            it.paid_by[entry] = it.paid_by.get(entry, 0) + amount
        else:
            it.given_back += amount
    return sorted(found.values(), key=lambda it: (-it.month.toordinal(), it.currency, not it.withheld, it.fund))


def totals(rows: Iterable[Owed]) -> list[Money]:
    """What is owed in each currency."""
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + row.sums["owed"].amount
    return [Money(amount, currency) for currency, amount in sorted(sums.items())]


def _of(side: str) -> QuerySet[Transfer, Any]:
    return Transfer.objects.filter(**{f"{side}__code__startswith": f"{accounts.TAX}:"}).order_by()


def still_owed(payouts: Iterable[Payout]) -> dict[int, Money]:
    """For each of these payouts, what of its withheld tax no authority has and no fund has back. One query."""
    rows = list(payouts)
    items = Transfer.objects.filter(kind=WITHHELD, entry__in=[row.withheld_entry_id for row in rows if row.withheld_entry_id]).order_by()
    open_ = dict(items.values_list("entry").annotate(sum=Sum("amount")))
    settled = Transfer.objects.filter(settles__in=items).order_by().values_list("settles__entry").annotate(sum=Sum("amount"))
    for entry, amount in settled:
        open_[entry] -= amount
    return {row.pk: Money(open_.get(row.withheld_entry_id, 0), row.currency) for row in rows}


def paid_over(payout: Payout) -> list[tuple[int, Money, dt.datetime]]:
    """The entries by which tax that was withheld of a payout left for its authority, with its part of each."""
    if not payout.withheld_entry_id:
        return []
    found = Transfer.objects.filter(settles__entry=payout.withheld_entry, settles__kind=WITHHELD, kind=PAID).order_by()
    rows = found.values_list("entry", "entry__recorded_at").annotate(sum=Sum("amount"))
    return [(entry, Money(amount, payout.currency), at) for entry, at, amount in rows.order_by("entry")]
