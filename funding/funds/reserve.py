"""What stands behind refunds and disputes: the host's reserve, and the shortfall, which is what no fund can bear.

The reserve is an ordinary fund of kind "reserve". Money gets into it from the host's general fund, asked for by one person
and approved by another. The shortfall is one account for each currency, in red until it is repaid; what the host earns or
sets aside repays it before anything else. Source of the rules: docs/refunds.md.
"""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds import services as funds
from funding.funds.models import Fund, ReserveMove
from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry
from funding.ledger.services import Line
from funding.mail import services as mail
from funding.money import Money
from funding.people import independence, roles
from funding.people.models import User
from funding.states import lifecycle

Role = roles.Role
State = ReserveMove.State
MOVE = lifecycle("move", asked="done withdrawn", done="", withdrawn="")


def reserve_fund(currency: str) -> Fund:
    """The host's reserve in that currency, opened on first use."""
    return funds.open_fund(
        slug=f"reserve-{currency.lower()}",
        name=f"{funds.host().name}: reserve",
        kind=Fund.Kind.RESERVE,
        purpose="Refunds and disputes of money that was spent already",
        currency=currency,
    )


def shortfall_account(currency: str) -> Account:
    return ledger.open_account(code=f"shortfall:{currency}", klass=Account.Klass.SHORTFALL, currency=currency)


def shortfall(currency: str) -> Money:
    """What is to be repaid, as of now. Reads only; zero where there never was one."""
    found = Account.objects.filter(klass=Account.Klass.SHORTFALL, currency=currency).first()
    return Money(found.debits - found.credits if found else 0, currency)


def repay(*, up_to: Money, reference: str, effective_on: dt.date) -> Entry | None:
    """Repay the shortfall from the host's general fund with what it has just earned: `up_to`, and never more than is open.

    Call it inside the transaction that credited the fund, once for each `reference` (the fact that earned it). None when
    nothing is to be repaid or the fund has nothing available.
    """
    if not shortfall(up_to.currency):
        return None
    ledger.hold(currency=up_to.currency)
    host = ledger.account(funds.host_fund(up_to.currency).account.code)
    amount = min(up_to.amount, shortfall(up_to.currency).amount, host.available.amount)
    if amount <= 0:
        return None
    return ledger.post(
        kind="shortfall_repaid",
        source="repayment",
        reference=reference,
        lines=[Line(host, shortfall_account(up_to.currency), amount, "repayment")],
        at=clock.now(),
        effective_on=effective_on,
    )


@audited("reserve.ask", subject="amount")
def ask(*, actor: User, amount: Money, reason: str) -> ReserveMove:
    """Ask that `amount` be moved from the host's general fund to the reserve. A treasurer; another one approves.

    Raises Refused, Invalid (amount not above zero, or more than the general fund has; no reason).
    """
    roles.require(actor, Role.TREASURER)
    _check(amount)
    if not reason.strip():
        raise Invalid("Say why the reserve should grow.", field="reason")
    move = ReserveMove.objects.create(
        amount=amount.amount, currency=amount.currency, reason=reason.strip(), asked_by=actor, asked_at=clock.now()
    )
    for user in roles.holders(Role.TREASURER).exclude(pk=actor.pk):
        context = {"move": move, "url": mail.absolute(reverse("funds:reserve"))}
        mail.queue(kind="reserve_move_waits", to=user.email, key=f"reserve-move:{move.pk}:{user.pk}", context=context)
    return move


@audited("reserve.approve", subject="move")
def approve(*, actor: User, move: ReserveMove) -> ReserveMove:
    """Make the move. While a shortfall is open, it is repaid first and only the rest reaches the reserve.

    A treasurer or administrator who did not ask for it. Raises Refused (role, prepared), Conflict, LedgerError.
    """
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    locked = ReserveMove.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=move.pk)
    independence.require(actor, "approve this move", prepared_by=[locked.asked_by])
    MOVE.check(locked.state, State.DONE)
    host, reserve, owed = funds.host_fund(locked.currency), reserve_fund(locked.currency), shortfall_account(locked.currency)
    ledger.hold(currency=locked.currency)
    repaid = min(locked.amount, shortfall(locked.currency).amount)
    lines = [
        Line(host.account, owed, repaid, "repayment"),
        Line(host.account, reserve.account, locked.amount - repaid, "to_reserve"),
    ]
    locked.entry = ledger.post(
        kind="reserve_move",
        source="reserve",
        reference=locked.ref,
        lines=[line for line in lines if line.amount],
        at=clock.now(),
        effective_on=clock.today(),
    )
    locked.state, locked.decided_by, locked.decided_at = State.DONE, actor, clock.now()
    locked.save()
    return locked


@audited("reserve.withdraw", subject="move")
def withdraw(*, actor: User, move: ReserveMove, reason: str) -> ReserveMove:
    """Do without the move: whoever asked for it, or another treasurer. Raises Refused, Invalid (no reason), Conflict."""
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    if not reason.strip():
        raise Invalid("Say why it is not done.", field="reason")
    locked = ReserveMove.objects.select_for_update().get(pk=move.pk)
    MOVE.check(locked.state, State.WITHDRAWN)
    locked.state, locked.decided_by, locked.decided_at = State.WITHDRAWN, actor, clock.now()
    locked.save()
    return locked


def _check(amount: Money) -> None:
    if amount.amount <= 0:
        raise Invalid("Enter an amount above zero.", field="amount")
    if amount.currency != funds.host().currency:
        raise Conflict(f"This host keeps its books in {funds.host().currency}.")
    available = ledger.account(funds.host_fund(amount.currency).account.code).available
    if amount > available:
        raise Invalid(f"The host's general fund has {available} available.", field="amount")
