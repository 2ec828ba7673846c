"""Entries between funds that are no plain move: a wrong fund put right, a restriction released, an advance on an award.

Two people each. A plain move and its recall: funding/funds/moves.py. Source of the entries: docs/ledger.md.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.funds import carrying, moves, reserve, whereabouts
from funding.funds import services as funds
from funding.funds.entries import vouchers
from funding.funds.flows import AWARD_FUND, FROM_OUTSIDE
from funding.funds.models import Fund, Voucher
from funding.funds.whereabouts import Whereabouts
from funding.ledger.models import Account, Transfer
from funding.ledger.services import Line
from funding.money import Money
from funding.people.models import User

Kind, State = Voucher.Kind, Voucher.State
CORRECTED = frozenset({*FROM_OUTSIDE, "opening"})
"""What may have been booked to a wrong fund: what came into one from outside."""


@audited("funds.ask_right_fund", subject="line")
def ask_right_fund(*, actor: User, line: Transfer, fund: Fund, reason: str) -> Voucher:
    """Say that an inflow belongs to another fund. What is unspent of it goes there, from wherever it lies; for what was spent the
    reserve gives as much, or the correction is refused. A treasurer; somebody else agrees.

    Raises Refused (rules line, goal of the right fund; spent: the reserve has too little), Invalid (currency, the same fund),
    Conflict (no inflow from outside, nothing left to correct).
    """
    wrong = Fund.objects.filter(account=line.credit_account_id).first()
    if wrong is None or line.kind not in CORRECTED:
        raise Conflict(_("Only what came into a fund from outside is put into another one."))
    if fund == wrong or fund.currency != wrong.currency:
        raise Invalid(_("Choose another fund of the same currency."), field="fund")
    moves.require_takes(fund)
    _require_first(line)
    lying, spent = to_correct(line, fund)
    voucher, new = vouchers.write(
        actor=actor, kind=Kind.WRONG_FUND, money=Money(sum(it.amount for it in lying.unspent) + spent, line.currency), reason=reason,
        fund=wrong, taker=fund, line=line,
    )  # fmt: skip
    if new:
        vouchers.tell_approvers(voucher)
    return voucher


def _require_first(line: Transfer) -> None:
    """What the reserve made up for is in no row of the inflow, so a second correction would make up for it again. Raises Conflict."""
    if Voucher.objects.filter(kind=Kind.WRONG_FUND, line=line, state=State.BOOKED).exists():
        raise Conflict(_("This money was put into its right fund before. Move it between the funds instead."))


def to_correct(line: Transfer, fund: Fund) -> tuple[Whereabouts, int]:
    """Where the inflow's unspent units lie outside `fund`, and how many were spent and given back to nobody."""
    found = whereabouts.of(line)
    found.unspent = [lying for lying in found.unspent if lying.account_id != fund.account_id]
    carried = carrying.at(carrying.of([line.pk])[line.pk])
    spent = sum(end - start for span in found.spent for start, end in carrying.outside(span, carried))
    return found, spent


def right_fund_lines(voucher: Voucher) -> list[Line]:
    """dr each fund where it lies, pinned / cr the right fund · dr reserve / cr the right fund for what was spent. Under `ledger.hold`."""
    if voucher.line is None or voucher.taker is None:
        raise ValueError(f"{voucher.ref} corrects nothing")
    moves.require_takes(voucher.taker)
    _require_first(voucher.line)
    spare = reserve.reserve_fund(voucher.currency)
    found, spent = to_correct(voucher.line, voucher.taker)
    if sum(lying.amount for lying in found.unspent) + spent != voucher.amount:
        raise Conflict(_("What is to be corrected has changed since it was asked for. Withdraw it and ask again."))
    missing = Money(spent, voucher.currency) - vouchers.available(spare)
    if missing.amount > 0:
        raise Refused(
            _("{spent} of it was spent, and the reserve lacks {missing} to make up for that.").format(
                spent=Money(spent, voucher.currency), missing=missing
            ),
            rule="spent",
        )
    homes = Account.objects.in_bulk({lying.account_id for lying in found.unspent})
    to, said, party = voucher.taker.account, vouchers.about(voucher), voucher.line.party_id
    pins = [
        Line(homes[it.account_id], to, it.amount, "wrong_fund", party_id=party, about=said, pin=(it.start, it.end)) for it in found.unspent
    ]
    # The reserve's own slices are pinned before it gives in order, or it could give away the very slice.
    pins.sort(key=lambda line: line.debit.pk != spare.account_id)
    return [*pins, Line(spare.account, to, spent, "made_up", about=said)]


@audited("funds.ask_release", subject="fund")
def ask_release(*, actor: User, fund: Fund, taker: Fund, amount: Money, reason: str) -> Voucher:
    """Say that `amount` of a restricted fund is restricted no longer, because its giver says so or its purpose is fulfilled, and goes to
    `taker`. `reason` says where the evidence is. A treasurer; somebody else agrees.

    Raises Refused (rules line, goal of the taker; purpose: the fund is not restricted), Invalid (currency, one fund twice).
    """
    _require_release(fund, taker)
    if fund == taker or {fund.currency, taker.currency} != {amount.currency}:
        raise Invalid(_("Choose another fund of the same currency."), field="taker")
    voucher, new = vouchers.write(actor=actor, kind=Kind.RELEASE, money=amount, reason=reason, fund=fund, taker=taker)
    if new:
        vouchers.tell_approvers(voucher)
    return voucher


def release_lines(voucher: Voucher) -> list[Line]:
    """dr the restricted fund / cr the other one, the oldest money first. What is reserved in it is not released."""
    if voucher.fund is None or voucher.taker is None:
        raise ValueError(f"{voucher.ref} releases nothing")
    _require_release(voucher.fund, voucher.taker)
    return [Line(voucher.fund.account, voucher.taker.account, voucher.amount, "release", about=vouchers.about(voucher))]


def _require_release(fund: Fund, taker: Fund) -> None:
    if fund.kind != Fund.Kind.RESTRICTED:
        raise Refused(_("{fund} is not restricted, so there is nothing to release. Move it.").format(fund=fund.name), rule="purpose")
    moves.require_takes(taker)


@audited("funds.ask_bridge", subject="fund")
def ask_bridge(*, actor: User, fund: Fund, amount: Money, reason: str) -> Voucher:
    """Let the host's general fund pay ahead for an award that reimburses costs. Its tranche repays it. Two people.

    Raises Refused (shortfall: the host repays that first), Invalid (no award's fund).
    """
    _require_bridge(fund)
    host = funds.host_fund(amount.currency)
    voucher, new = vouchers.write(actor=actor, kind=Kind.BRIDGE, money=amount, reason=reason, fund=host, taker=fund)
    if new:
        vouchers.tell_approvers(voucher)
    return voucher


@audited("funds.ask_bridge_repaid", subject="fund")
def ask_bridge_repaid(*, actor: User, fund: Fund, amount: Money, reason: str) -> Voucher:
    """Give back to the host's general fund what it paid ahead for the award, now that a tranche is there. Two people.

    Raises Refused, Invalid (more than is open).
    """
    if amount > advanced(fund):
        raise Invalid(_("{open} was paid ahead and is not repaid.").format(open=advanced(fund)), field="amount")
    host = funds.host_fund(amount.currency)
    voucher, new = vouchers.write(actor=actor, kind=Kind.BRIDGE_REPAID, money=amount, reason=reason, fund=fund, taker=host)
    if new:
        vouchers.tell_approvers(voucher)
    return voucher


def advanced(fund: Fund) -> Money:
    """What the host paid ahead for an award and has not got back."""
    done = Voucher.objects.filter(state=State.BOOKED)
    ahead = sum(done.filter(kind=Kind.BRIDGE, taker=fund).values_list("amount", flat=True))
    return Money(ahead - sum(done.filter(kind=Kind.BRIDGE_REPAID, fund=fund).values_list("amount", flat=True)), fund.currency)


def bridge_lines(voucher: Voucher) -> list[Line]:
    """dr host / cr award, or the reverse. Under `ledger.hold`."""
    if voucher.fund is None or voucher.taker is None:
        raise ValueError(f"{voucher.ref} bridges nothing")
    if voucher.kind == Kind.BRIDGE:
        _require_bridge(voucher.taker)
    elif voucher.money > advanced(voucher.fund):
        raise Conflict(_("{open} was paid ahead and is not repaid.").format(open=advanced(voucher.fund)))
    return [Line(voucher.fund.account, voucher.taker.account, voucher.amount, voucher.kind, about=vouchers.about(voucher))]


def _require_bridge(fund: Fund) -> None:
    if not fund.slug.startswith(AWARD_FUND):
        raise Invalid(_("{fund} is no award's fund.").format(fund=fund.name), field="fund")
    reserve.require_not_short(funds.host_fund(fund.currency), fund)
