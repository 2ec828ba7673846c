"""Money of a fund that the bank changed into another currency, for a fund of the same purpose in that currency.

Two entries of one fact, so that cash equals funds in each currency, and the money keeps its origin: unit x of the first half is
unit floor(x · b ÷ a) of the second, at both ends of any slice, so that no cent is lost or counted twice (`provenance`).
A decision of two people. Source of the entry: docs/ledger.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Invalid
from funding.funds import moves
from funding.funds.entries import accounts, vouchers
from funding.funds.models import Fund, Voucher
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.ledger.services import Line
from funding.money import Money
from funding.people.models import User

DIGITS = Decimal("0.000000000001")


@audited("funds.ask_conversion", subject="bank_reference")
def ask(*, actor: User, fund: Fund, taker: Fund, amount: Money, into: Money, on: dt.date, bank_reference: str, reason: str) -> Voucher:
    """Say that the bank changed `amount` of `fund` into `into` for `taker`. Book the bank's fee for it by itself.

    A treasurer; somebody else agrees. The bank's reference is the key. Raises Refused (as a move between the two funds would be),
    Invalid, Conflict.
    """
    if fund.currency != amount.currency or taker.currency != into.currency or amount.currency == into.currency:
        raise Invalid(_("Give the sum in the currency of each fund; they are two."), field="into")
    if into.amount <= 0:
        raise Invalid(_("Enter an amount above zero."), field="into")
    if not bank_reference.strip():
        raise Invalid(_("Enter the reference on the bank's statement."), field="bank_reference")
    moves.require_allowed(fund, taker)
    voucher, new = vouchers.write(
        actor=actor, kind=Voucher.Kind.CONVERSION, money=amount, on=on, reason=reason,
        bank_reference=bank_reference.strip(), fund=fund, taker=taker, into_amount=into.amount, into_currency=into.currency,
        rate=rate(amount, into),
    )  # fmt: skip
    if new:
        vouchers.tell_approvers(voucher)
    return voucher


def rate(amount: Money, into: Money) -> Decimal:
    """How much of the second currency one of the first brought, to twelve places."""
    return (into.decimal / amount.decimal).quantize(DIGITS)


def lines(voucher: Voucher) -> list[Line]:
    """dr F.eur / cr bank.eur · dr bank.usd / cr F.usd, whose source is the first line once that is written."""
    fund, taker, into = voucher.fund, voucher.taker, voucher.into
    if fund is None or taker is None or into is None:
        raise ValueError(f"{voucher.ref} converts nothing")
    moves.require_allowed(fund, taker)
    said = vouchers.about(voucher)
    return [
        Line(fund.account, accounts.bank(voucher.currency), voucher.amount, "conversion", about=said),
        Line(accounts.bank(into.currency), taker.account, into.amount, "conversion", about=said),
    ]


def post(voucher: Voucher, found: Sequence[Line]) -> Entry:
    """A line can name only what is written, so the two halves are two entries of one fact; the voucher has the second."""
    out = ledger.post(
        kind="conversion",
        source=vouchers.SOURCE,
        reference=f"{voucher.ref}:out",
        lines=found[:1],
        at=clock.now(),
        effective_on=voucher.effective_on,
    )
    return vouchers.post(voucher, [replace(found[1], source=out.transfers.get().pk), *found[2:]])
