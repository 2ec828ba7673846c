"""The public books: totals that add up, every entry, and where each transfer's money came from or went.

Read from the ledger alone; names come from `sources.describe` for the person who looks.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from funding import clock, days
from funding.funds import provenance, sources
from funding.funds.models import Fund, Voucher
from funding.funds.selectors import public_funds
from funding.funds.sources import Label
from funding.ledger.models import Account, Entry, Transfer
from funding.ledger.selectors import by_class
from funding.money import Money, total
from funding.people.roles import Viewer
from funding.site.reports import labels
from funding.web import ahead

log = logging.getLogger(__name__)
FUND, OWED, CASH, SHORTFALL = Account.Klass.FUND, Account.Klass.OWED, Account.Klass.CASH, Account.Klass.SHORTFALL


@dataclass(frozen=True, slots=True)
class Totals:
    """One currency's books in five sums: cash = funds + owed − shortfall (I1)."""

    cash: Money
    funds: Money
    reserved: Money
    owed: Money
    shortfall: Money

    @property
    def balanced(self) -> bool:
        return self.cash == self.funds + self.owed - self.shortfall


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries a reader asked for: each field is empty or a value that exists. Anything else in the address is left out."""

    kind: str = ""
    fund: str = ""
    where: str = ""
    month: dt.date | None = None

    @property
    def address(self) -> str:
        """What stands in the address, for the next page of the same list."""
        found = {"kind": self.kind, "fund": self.fund, "where": self.where, "month": f"{self.month:%Y-%m}" if self.month else ""}
        return urlencode({name: value for name, value in found.items() if value})

    def entries(self) -> QuerySet[Entry]:
        """Newest first."""
        found = Entry.objects.order_by("-number")
        if self.kind:
            found = found.filter(kind=self.kind)
        if self.month:
            first, after = days.month_bounds(self.month)
            found = found.filter(effective_on__gte=first, effective_on__lt=after)
        if self.fund:
            account = Fund.objects.filter(slug=self.fund).values("account")
            found = found.filter(_touching(Q(debit_account__in=account) | Q(credit_account__in=account)))
        if self.where:
            found = found.filter(_touching(Q(debit_account__klass=self.where) | Q(credit_account__klass=self.where)))
        return found


def _touching(accounts: Q) -> Exists:
    return Exists(Transfer.objects.filter(accounts, entry=OuterRef("pk")))


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer of an entry, named for a reader, with where its money came from or went."""

    transfer: Transfer
    debit: str
    credit: str
    kind: str
    label: Label | None
    trail: tuple[tuple[Label, Money], ...] = ()
    moved: tuple[tuple[Money, str, int], ...] = ()
    """Sums that went on into another fund: how much, the fund's name and the number of the entry."""
    leaves: bool = False
    """Whether the money left a fund. Its trail leads back to whose it was, every other one on to what it has paid for."""

    @property
    def trail_title(self) -> str:
        return _("Whose money this was") if self.leaves else _("What it has paid for so far")

    @property
    def whose(self) -> str:
        """The head of the column with the other ends of the trail."""
        return _("Whose") if self.leaves else _("For what")


@dataclass(frozen=True, slots=True)
class Row:
    """One entry in the list: the sum of its leading kind of transfer, and what it was about."""

    entry: Entry
    kind: str
    sum: Money
    label: Label | None
    more: int
    """How many more facts of the same kind the entry holds; `label` tells the first."""


def totals() -> list[Totals]:
    """One row for each currency that the books know. Sums that do not add up are also an error in the log."""
    found = []
    for currency, sums in sorted(by_class().items()):
        balance = {klass: Money(sums.get(klass, (0, 0))[0], currency) for klass in (CASH, FUND, OWED, SHORTFALL)}
        reserved = Money(sums.get(FUND, (0, 0))[1], currency)
        row = Totals(cash=-balance[CASH], funds=balance[FUND], reserved=reserved, owed=balance[OWED], shortfall=-balance[SHORTFALL])
        if not row.balanced:
            log.error("the books do not add up in %s: run manage.py verify_books", currency)
        found.append(row)
    return found


def filters() -> tuple[list[tuple[str, str]], list[dt.date]]:
    """The kinds of entries that there are, each with its name, by name; and the months of the books, newest first. One query."""
    begun = dict(Entry.objects.order_by().values_list("kind").annotate(first=Min("effective_on")))
    kinds = sorted(((code, labels.kind_name(code)) for code in begun), key=lambda pair: pair[1])
    month, months = clock.today().replace(day=1), []
    while begun and month >= min(begun.values()).replace(day=1):
        months.append(month)
        month = (month - dt.timedelta(days=1)).replace(day=1)
    return kinds, months


def funds() -> list[Fund]:
    """Every fund of the public books with its account, restricted ones first. What restricts it stands on its own page."""
    return ahead.rows(shown_funds())


def shown_funds() -> QuerySet[Fund]:
    return public_funds().prefetch_related(None)


def funds_together(found: Iterable[Fund]) -> list[dict[str, Money]]:
    """For each currency what came into these funds, went out, is reserved and is left: in − out = reserved + left."""
    sums: dict[str, list[Account]] = defaultdict(list)
    for fund in found:
        sums[fund.currency].append(fund.account)
    return [
        {
            "into": Money(sum(it.credits for it in accounts), currency),
            "out": Money(sum(it.debits for it in accounts), currency),
            "reserved": Money(sum(it.reserved for it in accounts), currency),
            "left": total((it.available for it in accounts), currency),
        }
        for currency, accounts in sorted(sums.items())
    ]


def _label(transfer: Transfer, found: dict[sources.Ref, Label]) -> Label | None:
    return found.get((transfer.about_kind or "", transfer.about_id or 0))


def _share_label(share: provenance.Share, found: dict[sources.Ref, Label]) -> Label:
    if share.recovered:
        return Label(_("Recovered by the fund"))
    return _label(share.transfer, found) or Label(labels.kind_name(share.transfer.kind))


def _refs(transfers: Iterable[Transfer]) -> set[sources.Ref]:
    return {(row.about_kind, row.about_id) for row in transfers if row.about_kind and row.about_id}


def rows(entries: Sequence[Entry], viewer: Viewer) -> list[Row]:
    """The entries as a list shows them, in two queries and one batch of labels."""
    lines: dict[int, list[Transfer]] = defaultdict(list)
    for transfer in Transfer.objects.filter(entry__in=[entry.pk for entry in entries]).order_by("entry_id", "line"):
        lines[transfer.entry_id].append(transfer)
    found = sources.describe(_refs(group[0] for group in lines.values()), viewer)
    listed = []
    for entry in entries:
        leading = [row for row in lines[entry.pk] if row.kind == lines[entry.pk][0].kind]
        sum_ = Money(sum(row.amount for row in leading), leading[0].currency)
        listed.append(Row(entry, labels.kind_name(entry.kind), sum_, _label(leading[0], found), len(leading) - 1))
    return listed


def lines(entry: Entry, viewer: Viewer) -> list[Line]:
    """The transfers of one entry with names and trails."""
    transfers = list(entry.transfers.select_related("debit_account", "credit_account").order_by("line"))
    names = labels.account_names([account for row in transfers for account in (row.debit_account, row.credit_account)])
    back = provenance.origins([row.pk for row in transfers if row.debit_account.klass == FUND])
    on = provenance.onward([row.pk for row in transfers if row.credit_account.klass == FUND])
    ends = [share.transfer for found in (*back.values(), *(way.uses for way in on.values())) for share in found]
    takers = labels.account_names(share.transfer.credit_account for way in on.values() for share in way.moved)
    found = sources.describe(_refs([*transfers, *ends]), viewer)

    def trail(row: Transfer) -> tuple[tuple[Label, Money], ...]:
        shares = back.get(row.pk) or (on[row.pk].uses if row.pk in on else [])
        return tuple((_share_label(share, found), Money(share.amount, row.currency)) for share in shares)

    def moved(row: Transfer) -> tuple[tuple[Money, str, int], ...]:
        shares = on[row.pk].moved if row.pk in on else []
        return tuple((Money(it.amount, row.currency), takers[it.transfer.credit_account_id], it.transfer.entry_id) for it in shares)

    return [
        Line(
            transfer=row,
            debit=names[row.debit_account_id],
            credit=names[row.credit_account_id],
            kind=labels.kind_name(row.kind),
            label=_label(row, found),
            trail=trail(row),
            moved=moved(row),
            leaves=row.debit_account.klass == FUND,
        )
        for row in transfers
    ]


def corrections(entry: Entry) -> tuple[list[int], list[int]]:
    """The entries that this one puts right, and those that put this one right, where a voucher says so: their numbers."""
    put_right = Voucher.objects.filter(kind=Voucher.Kind.WRONG_FUND, state=Voucher.State.BOOKED).order_by("entry_id")
    before = put_right.filter(entry=entry).values_list("line__entry_id", flat=True)
    return list(before), list(put_right.filter(line__entry=entry).values_list("entry_id", flat=True))
