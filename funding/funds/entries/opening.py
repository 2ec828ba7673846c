"""Opening balances: what was there before the first entry of these books, one figure at a time.

Who brought it is not known here, so it is in nobody's name: “brought forward”. Two people, because nothing else checks a figure
that stands at the beginning. Source of the entry: docs/ledger.md.
"""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds.entries import accounts, vouchers
from funding.funds.models import Fund, Voucher
from funding.ledger.services import Line
from funding.money import Money
from funding.people.models import User

Place, Owed = Voucher.Place, Voucher.Owed


@audited("funds.ask_opening", subject="amount")
def ask(*, actor: User, amount: Money, on: dt.date, place: str, reason: str, fund: Fund | None = None, owed: str = "") -> Voucher:
    """Say that `amount` lay at `place` (`Voucher.Place`) when the books began, for a `fund` or `owed` to somebody (`Voucher.Owed`).

    A treasurer; somebody else agrees. Name a fund or what is owed, and not both. Raises Refused, Invalid, Conflict.
    """
    if (fund is None) == (owed == ""):
        raise Invalid(_("Say which fund it is for, or to whom it is owed, and not both."), field="fund")
    if place not in Place.values or owed not in ("", *Owed.values):
        raise Invalid(_("Say where the money is, and whose it is."), field="place")
    if fund is not None and fund.currency != amount.currency:
        raise Invalid(_("{fund} is kept in {currency}.").format(fund=fund.name, currency=fund.currency), field="fund")
    voucher, new = vouchers.write(
        actor=actor, kind=Voucher.Kind.OPENING, money=amount, on=on, reason=reason, place=place, taker=fund, owed=owed
    )
    if new:
        vouchers.tell_approvers(voucher)
    return voucher


def lines(voucher: Voucher) -> list[Line]:
    """dr cash / cr fund, or cr owed."""
    code = voucher.currency
    if voucher.taker is not None:
        to = voucher.taker.account
    elif voucher.owed:
        to = accounts.tax(code) if voucher.owed == Owed.TAX else accounts.payouts(code)
    else:
        raise Conflict(_("{ref} says neither a fund nor a debt.").format(ref=voucher.ref))
    return [Line(accounts.cash(voucher.place, code), to, voucher.amount, "opening", about=vouchers.about(voucher))]
