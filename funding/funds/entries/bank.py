"""What a bank or the processor did by itself: money that nobody knows, a fee, and held money that left. One treasurer books it.

A fact is never refused for want of money: what the host's general fund cannot bear stands in the shortfall. Who paid a receipt is a
decision, so a second person agrees to it. Source of the entries: docs/ledger.md.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds import moves
from funding.funds import services as funds
from funding.funds.entries import accounts, vouchers
from funding.funds.models import Fund, Voucher
from funding.ledger.models import Transfer
from funding.ledger.services import Line
from funding.money import Money
from funding.people import roles
from funding.people import services as people
from funding.people.models import Party, User

Kind, Place, State = Voucher.Kind, Voucher.Place, Voucher.State


def _reference(text: str) -> str:
    if not text.strip():
        raise Invalid(_("Enter the reference on the bank's statement."), field="bank_reference")
    return text.strip()


@audited("funds.book_receipt", subject="bank_reference")
def book_receipt(*, actor: User, amount: Money, on: dt.date, bank_reference: str, reason: str) -> Voucher:
    """dr bank / cr owed receipts: the bank received it and nobody knows for what. The bank's account is right the same day.

    A treasurer; `reason` is what the statement says. The bank's reference is the key. Raises Refused, Invalid, Conflict.
    """
    reference = _reference(bank_reference)
    voucher, new = vouchers.write(actor=actor, kind=Kind.RECEIPT, money=amount, on=on, reason=reason, bank_reference=reference)
    bank, held = accounts.bank(amount.currency), accounts.receipts(amount.currency)
    return vouchers.book(voucher, [Line(bank, held, amount.amount, "receipt", about=vouchers.about(voucher))], actor) if new else voucher


@audited("funds.ask_match", subject="receipt")
def ask_match(
    *, actor: User, receipt: Voucher, fund: Fund, payer: str, reason: str, tax: Money | None = None, host_fee: Money | None = None
) -> Voucher:
    """Say who paid a receipt and which fund it is for. Somebody else agrees. `tax` is what of it is tax that belongs to an authority;
    `host_fee` is the host's share, and when it is left out the host's published part of what is no tax.

    A treasurer. Raises Refused (rules line, goal of the fund), Invalid (shares that do not fit), Conflict (receipt settled or claimed).
    """
    taken = tax or Money.zero(receipt.currency)
    fee = host_fee if host_fee is not None else (receipt.money - taken).percent(funds.host().fee_basis_points)
    if {fund.currency, taken.currency, fee.currency} != {receipt.currency}:
        raise Invalid(_("{fund} is kept in {currency}.").format(fund=fund.name, currency=fund.currency), field="fund")
    if min(taken.amount, fee.amount) < 0 or (taken + fee) >= receipt.money:
        raise Invalid(_("Tax and the host's share leave nothing of it."), field="tax")
    moves.require_takes(fund)
    _require_held(receipt)
    if not payer.strip():
        raise Invalid(_("Say who paid it."), field="payer")
    roles.require(actor, roles.Role.TREASURER)
    voucher, new = vouchers.write(
        actor=actor, kind=Kind.MATCHED, money=receipt.money, on=receipt.effective_on, reason=reason,
        of=receipt, taker=fund, party=_payer(payer.strip()), tax=taken.amount, host_fee=fee.amount,
    )  # fmt: skip
    if new:
        vouchers.tell_approvers(voucher)
    return voucher


def _payer(name: str) -> Party:
    """The organisation of that name that the books know, or a new one. It may be claimed by nobody, for it has no address."""
    known = Party.objects.filter(kind=Party.Kind.ORGANISATION, name__iexact=name).order_by("pk").first()
    return known or people.create_party(kind=Party.Kind.ORGANISATION, name=name, email="")


def match_lines(voucher: Voucher) -> list[Line]:
    """dr receipts / cr clearing, then out of clearing: tax, the host's share, and the rest to the fund, in its payer's name."""
    if voucher.of is None or voucher.taker is None:
        raise ValueError(f"{voucher.ref} matches nothing")
    moves.require_takes(voucher.taker)
    _require_held(voucher.of)
    code, said, party = voucher.currency, vouchers.about(voucher), voucher.party_id
    held, through, item = accounts.receipts(code), accounts.clearing(code), vouchers.item(voucher.of)
    net = voucher.amount - voucher.tax - voucher.host_fee
    return [
        Line(held, through, voucher.amount - voucher.tax, "contribution", party_id=party, about=said, settles=item.pk),
        Line(held, through, voucher.tax, "tax_collected", party_id=party, about=said, settles=item.pk),
        Line(through, accounts.tax(code), voucher.tax, "tax_collected", party_id=party, about=said),
        Line(through, funds.host_fund(code).account, voucher.host_fee, "host_fee", about=said),
        Line(through, voucher.taker.account, net, "allocation", party_id=party, about=said),
    ]


@audited("funds.book_paid_off", subject="held")
def book_paid_off(*, actor: User, held: Voucher, on: dt.date, bank_reference: str, reason: str) -> Voucher:
    """dr owed / cr bank: what a receipt or an opening debt held has left the bank, all of it. A treasurer.

    Raises Refused, Invalid, Conflict (settled already, or nothing is held).
    """
    reference = _reference(bank_reference)
    found = vouchers.item(held)
    voucher, new = vouchers.write(
        actor=actor, kind=Kind.PAID_OFF, money=held.money, on=on, reason=reason, bank_reference=reference, of=held
    )
    if not new:
        return voucher
    if vouchers.open_of(found) != held.amount:
        raise Conflict(_("{ref} is settled already.").format(ref=held.ref))
    bank, said = accounts.bank(held.currency), vouchers.about(voucher)
    return vouchers.book(voucher, [Line(found.credit_account, bank, held.amount, "paid_off", about=said, settles=found.pk)], actor)


@audited("funds.book_tax_paid", subject="bank_reference")
def book_tax_paid(*, actor: User, amount: Money, on: dt.date, bank_reference: str, reason: str) -> Voucher:
    """dr owed tax / cr bank: tax that was collected or withheld has left for its authority, the oldest of it first. A treasurer.

    Raises Refused, Invalid (more than is owed).
    """
    reference = _reference(bank_reference)
    voucher, new = vouchers.write(actor=actor, kind=Kind.TAX_PAID, money=amount, on=on, reason=reason, bank_reference=reference)
    if not new:
        return voucher
    owed, bank, said, rest = accounts.tax(amount.currency), accounts.bank(amount.currency), vouchers.about(voucher), amount.amount
    lines = []
    paid = Coalesce(Sum("settlements__amount"), Value(0))
    for item in Transfer.objects.filter(credit_account=owed).annotate(paid=paid).filter(amount__gt=F("paid")).order_by("pk"):
        part = min(rest, item.amount - item.paid)
        if part:
            lines.append(Line(owed, bank, part, "tax_paid", party_id=item.party_id, about=said, settles=item.pk))
            rest -= part
    if rest:
        raise Invalid(_("{owed} of tax is owed.").format(owed=amount - Money(rest, amount.currency)), field="amount")
    return vouchers.book(voucher, lines, actor)


@audited("funds.book_bank_fee", subject="bank_reference")
def book_bank_fee(*, actor: User, amount: Money, on: dt.date, bank_reference: str, reason: str) -> Voucher:
    """dr host / cr bank: what the bank took for itself. What the host cannot bear: dr shortfall. A treasurer."""
    reference = _reference(bank_reference)
    voucher, new = vouchers.write(actor=actor, kind=Kind.BANK_FEE, money=amount, on=on, reason=reason, bank_reference=reference)
    return vouchers.book(voucher, vouchers.borne_by_host(voucher, accounts.bank(amount.currency), "bank_fee"), actor) if new else voucher


@audited("funds.book_processor_fees", subject="bank_reference")
def book_processor_fees(*, actor: User, amount: Money, on: dt.date, bank_reference: str, reason: str) -> Voucher:
    """dr host / cr processor: a fee for a month and for no payment in particular. The host bears it, for no sponsor's line may change
    after they saw it. `bank_reference` is the processor's movement (`txn_…`), by which reconciliation finds it. A treasurer.
    """
    reference = _reference(bank_reference)
    voucher, new = vouchers.write(
        actor=actor, kind=Kind.PROCESSOR_FEE, money=amount, on=on, reason=reason, bank_reference=reference,
        place=Place.PROCESSOR,
    )  # fmt: skip
    to = accounts.cash(Place.PROCESSOR, amount.currency)
    return vouchers.book(voucher, vouchers.borne_by_host(voucher, to, "processor_fees"), actor) if new else voucher


def _require_held(receipt: Voucher) -> None:
    if receipt.kind != Kind.RECEIPT or receipt.state != State.BOOKED or vouchers.open_of(vouchers.item(receipt)) != receipt.amount:
        raise Conflict(_("{ref} is no receipt that waits for its payer.").format(ref=receipt.ref))
