"""What a payout says in the books: the lines of its entries, and which items of it are still owed.

Nothing here changes a payout; whoever posts these lines does. Amounts are minor units of the payout's currency.
An item is what one transfer credited to the payees' owed account: a half day's share when it was sent, or a part of it that
came back. Items are settled in their order, the last one perhaps in part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from funding.funds.entries import accounts
from funding.ledger import links
from funding.ledger import services as ledger
from funding.ledger.models import Account
from funding.ledger.models import Transfer as BookTransfer
from funding.payments import cash
from grants.payouts.models import Payout, PayoutReturn, PayoutShare, PayoutTransfer

WITHHELD = "tax_withheld"


@dataclass(frozen=True, slots=True)
class Item:
    """One owed item and how much of it is not settled yet."""

    row: BookTransfer
    open: int


def owed_account(currency: str) -> Account:
    return ledger.open_account(code=f"owed:payouts:{currency}", klass=Account.Klass.OWED, currency=currency)


def open_items(payout: Payout) -> list[Item]:
    """What of the payout is owed, oldest first. Their sum is its `outstanding`."""
    returned = PayoutReturn.objects.filter(transfer__payout=payout).values("entry")
    return _open(Q(entry=payout.sent_entry) | Q(entry__in=returned))


def _open(which: Q) -> list[Item]:
    settled = BookTransfer.objects.filter(settles=OuterRef("pk")).order_by().values("settles").annotate(sum=Sum("amount")).values("sum")
    rows = BookTransfer.objects.filter(which).annotate(paid=Coalesce(Subquery(settled), 0)).select_related("credit_account")
    return [Item(row, row.amount - row.paid) for row in rows.order_by("pk") if row.amount > row.paid]


def draws(payout: Payout) -> list[ledger.Line]:
    """Owe it: from each fund, drawing its reservation, one line for each half day and fund."""
    return draws_of([payout])[payout.pk]


def draws_of(payouts: Sequence[Payout]) -> dict[int, list[ledger.Line]]:
    """The same for several payouts by their ids, in one query and one for each currency."""
    payees = {payout.pk: payout.payee_id for payout in payouts}
    owed = {currency: owed_account(currency) for currency in {payout.currency for payout in payouts}}
    found: dict[int, list[ledger.Line]] = {pk: [] for pk in payees}
    shares = PayoutShare.objects.filter(line__payout__in=payees).select_related("line", "source__fund__account", "source__reservation")
    for share in shares.order_by("line__payout", "line_id", "source__position"):
        line = ledger.Line(
            debit=share.source.fund.account,
            credit=owed[share.source.fund.currency],
            amount=share.amount,
            kind="payout_sent",
            party_id=payees[share.line.payout_id],
            about=("work", share.line.work_entry_id),
            reservation=share.source.reservation,
        )
        found[share.line.payout_id].append(line)
    return found


def settlements(payout: Payout, amount: int) -> list[ledger.Line]:
    """Pay `amount` of what is owed from the processor's cash, item by item."""
    return _settling(payout, amount, cash.account(payout.currency), "payout_confirmed")


def withholdings(payout: Payout) -> list[ledger.Line]:
    """What is withheld of what is owed is owed to the tax authority instead, item by item, in the payee's name.

    These lines say which item they settle and no half day: what a line is about is public with its worker's name.
    """
    return _settling(payout, payout.withheld, accounts.tax(payout.currency), WITHHELD)


def _settling(payout: Payout, amount: int, to: Account, kind: str) -> list[ledger.Line]:
    owed = owed_account(payout.currency)
    return [
        ledger.Line(
            debit=owed,
            credit=to,
            amount=part,
            kind=kind,
            party_id=payout.payee_id,
            about=None if kind == WITHHELD else _about(row),
            settles=row.pk,
        )
        for row, _, part in _cut(((item.row, item.open) for item in open_items(payout)), 0, amount)
    ]


def returns(payout: Payout, transfer: PayoutTransfer, amount: int) -> list[ledger.Line]:
    """`amount` more of a transfer is back in the processor's cash and owed again, after what came back of it before."""
    owed, into = owed_account(payout.currency), cash.account(payout.currency)
    paid = BookTransfer.objects.filter(entry=transfer.entry_id).order_by("line")
    return [
        ledger.Line(
            debit=into,
            credit=owed,
            amount=part,
            kind="payout_returned",
            party_id=payout.payee_id,
            about=_about(row),
            source=row.pk,
            source_position=start,
        )
        for row, start, part in _cut(((row, row.amount) for row in paid), transfer.returned, amount)
    ]


def hold_for_tax(payouts: Sequence[Payout]) -> None:
    """Before payouts are owed of which tax is withheld: their second entry takes accounts below those of the first.

    With every account of the currency locked in order first, nobody waits for them the other way round.
    """
    for currency in sorted({payout.currency for payout in payouts if payout.withheld}):
        owed_account(currency)
        accounts.tax(currency)
        ledger.hold(currency=currency)


def tax_items(payout: Payout) -> list[Item]:
    """What of the tax that was withheld of the payout is still owed to the authority, oldest first."""
    return _open(Q(entry=payout.withheld_entry, kind=WITHHELD)) if payout.withheld_entry_id else []


def reentries(payout: Payout, withheld: int) -> list[ledger.Line]:
    """What is still owed, and `withheld` of the tax, goes back to the funds that it came from; each line names the item it gives up."""
    items = open_items(payout)
    items += [Item(row, part) for row, _, part in _cut(((item.row, item.open) for item in tax_items(payout)), 0, withheld)]
    places = links.returned_from(item.row.pk for item in items)
    left = {item.row.pk: places[item.row.pk].transfer_id if item.row.pk in places else item.row.pk for item in items}
    outflows = BookTransfer.objects.select_related("debit_account").in_bulk(left.values())
    return [
        ledger.Line(
            debit=item.row.credit_account,
            credit=outflows[left[item.row.pk]].debit_account,
            amount=item.open,
            kind="payout_cancelled",
            party_id=payout.payee_id,
            about=_about(item.row),
            settles=item.row.pk,
        )
        for item in items
    ]


def _cut(rows: Iterator[tuple[BookTransfer, int]], skip: int, amount: int) -> Iterator[tuple[BookTransfer, int, int]]:
    """`amount` units of the rows laid end to end after the first `skip`: each row, where in it the piece starts, its length."""
    for row, length in rows:
        start = min(skip, length)
        part = min(length - start, amount)
        skip -= start
        amount -= part
        if part:
            yield row, start, part


def _about(row: BookTransfer) -> tuple[str, int] | None:
    """The half day of an item; none for tax, which is nobody's in public."""
    return None if row.kind == WITHHELD else ("work", int(row.about_id or 0))
