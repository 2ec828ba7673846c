"""Money that goes from one fund to another: one person asks for it with a reason, another one approves it.

What restricted money may not pay for it does not reach by a detour either: it goes only where its purpose still holds. The
reserve is filled from general money and given back to it; a shortfall is repaid before anything reaches it.
Source of the rules: docs/needs.md, “The fund desk”.
"""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.funds import needs, reserve
from funding.funds.models import Fund, FundMove
from funding.ledger import links
from funding.ledger import services as ledger
from funding.ledger.models import Transfer
from funding.ledger.services import Line
from funding.mail import services as mail
from funding.money import Money
from funding.people import independence, roles
from funding.people.models import User
from funding.states import lifecycle

Role = roles.Role
State = FundMove.State
MOVE = lifecycle("move", asked="done withdrawn", done="", withdrawn="")
RULES = frozenset({"purpose", "line", "period", "goal", "shortfall"})
"""Rules about the two funds: another choice may pass them."""
GENERAL, RESTRICTED, RESERVE = Fund.Kind.GENERAL, Fund.Kind.RESTRICTED, Fund.Kind.RESERVE


@audited("funds.ask_move", subject="amount")
def ask(*, actor: User, giver: Fund, taker: Fund, amount: Money, reason: str) -> FundMove:
    """Ask that `amount` goes from one fund to another. A treasurer; somebody else approves.

    Raises Refused (role; purpose, line, period, shortfall as `require_allowed` says), Invalid (one fund twice, two currencies, an
    amount not above zero or more than the giver has available; no reason).
    """
    roles.require(actor, Role.TREASURER)
    _check(giver, taker, amount)
    if not reason.strip():
        raise Invalid(_("Say why the money should move."), field="reason")
    require_allowed(giver, taker)
    move = FundMove.objects.create(
        giver=giver,
        taker=taker,
        amount=amount.amount,
        currency=amount.currency,
        reason=reason.strip(),
        asked_by=actor,
        asked_at=clock.now(),
    )
    _tell_approvers(move)
    return move


@audited("funds.ask_recall", subject="move")
def ask_recall(*, actor: User, move: FundMove, amount: Money, reason: str) -> FundMove:
    """Ask that what is unspent of a move that was made goes back to where it came from, or `amount` of it. Somebody else approves.

    Exactly the units that the move brought are taken back, whatever else lies in the fund; what was spent stays spent. A treasurer.
    Raises Refused (role, shortfall), Invalid (more than is unspent of it, no reason), Conflict (a move that was not made, or is a recall).
    """
    roles.require(actor, Role.TREASURER)
    if move.state != State.DONE or move.recalls_id is not None:
        raise Conflict(_("Only what was moved from one fund to another can be called back."))
    reserve.require_not_short(move.taker, move.giver)
    if amount.currency != move.currency or amount.amount <= 0:
        raise Invalid(_("Enter an amount above zero."), field="amount")
    left = Money(sum(end - start for start, end in _unspent(move)), move.currency)
    if amount > left:
        raise Invalid(_("Of this move, {left} is unspent.").format(left=left), field="amount")
    if not reason.strip():
        raise Invalid(_("Say why the money should move."), field="reason")
    recall = FundMove.objects.create(
        giver=move.taker,
        taker=move.giver,
        amount=amount.amount,
        currency=amount.currency,
        reason=reason.strip(),
        asked_by=actor,
        asked_at=clock.now(),
        recalls=move,
    )
    _tell_approvers(recall)
    return recall


@audited("funds.approve_move", subject="move")
def approve(*, actor: User, move: FundMove) -> FundMove:
    """Make the move. What it brings the host or its reserve repays an open shortfall first.

    A treasurer or administrator who did not ask for it. Raises Refused (role, prepared, and the rules of `require_possible` as they
    are now), Conflict, LedgerError (the giver has less by now).
    """
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    locked = _lock(move)
    independence.require(actor, _("approve this move"), prepared_by=[locked.asked_by])
    MOVE.check(locked.state, State.DONE)
    ledger.hold(currency=locked.currency)
    require_possible(locked)
    lines = _recalled(locked, locked.recalls) if locked.recalls else [_moved(locked)]
    locked.entry = ledger.post(
        kind="recall" if locked.recalls else "fund_move",
        source="fund_move",
        reference=locked.ref,
        lines=reserve.repaid_first(lines),
        at=clock.now(),
        effective_on=clock.today(),
    )
    return _decide(locked, State.DONE, actor)


@audited("funds.withdraw_move", subject="move")
def withdraw(*, actor: User, move: FundMove, reason: str) -> FundMove:
    """Do without the move: whoever asked for it, or another treasurer. Raises Refused, Invalid (no reason), Conflict."""
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    if not reason.strip():
        raise Invalid(_("Say why it is not done."), field="reason")
    locked = _lock(move)
    MOVE.check(locked.state, State.WITHDRAWN)
    return _decide(locked, State.WITHDRAWN, actor, reason=reason.strip())


def require_possible(move: FundMove) -> None:
    """Raise Refused where nobody may approve it now. What is called back goes where it came from, so only the shortfall is asked."""
    if move.recalls_id is not None:
        reserve.require_not_short(move.giver, move.taker)
    else:
        require_allowed(move.giver, move.taker)


def _moved(move: FundMove) -> Line:
    return Line(move.giver.account, move.taker.account, move.amount, "to_reserve" if move.taker.kind == RESERVE else "fund_move")


def _recalled(recall: FundMove, move: FundMove) -> list[Line]:
    """Give back what lies unspent of the move, the latest units first, pinned. Under `ledger.hold`."""
    lines, rest = [], recall.amount
    for start, end in reversed(_unspent(move)):
        part = min(rest, end - start)
        if part:
            lines.append(Line(recall.giver.account, recall.taker.account, part, "recall", pin=(end - part, end)))
            rest -= part
    if rest:
        missing = Money(rest, recall.currency)
        raise Refused(_("{missing} of it was spent since. What was spent is not called back.").format(missing=missing), rule="spent")
    return lines


def _unspent(move: FundMove) -> list[tuple[int, int]]:
    """Stretches of the taker's line that are left of what the move brought, in order."""
    rows = Transfer.objects.filter(entry=move.entry_id, credit_account=move.taker.account_id).select_related("credit_account")
    return [stretch for row in rows.order_by("pk") for stretch in links.unspent(row)]


def _decide(move: FundMove, state: str, actor: User, *, reason: str = "") -> FundMove:
    """Write down what became of a locked move, and tell whoever asked for it, if it was somebody else."""
    move.state, move.decided_by, move.decided_at, move.answer = state, actor, clock.now(), reason
    move.save()
    if actor != move.asked_by:
        context = {"move": move, "url": mail.absolute(reverse("funds:desk"))}
        mail.queue(kind="fund_move_decided", to=move.asked_by.email, key=f"fund-move-decided:{move.pk}", context=context)
    return move


def _tell_approvers(move: FundMove) -> None:
    """To everybody who may approve it: in a small host that is an administrator."""
    people = {user.pk: user for user in [*roles.holders(Role.TREASURER), *roles.holders(Role.ADMIN)] if user.pk != move.asked_by_id}
    for user in people.values():
        context = {"move": move, "url": mail.absolute(reverse("funds:desk"))}
        mail.queue(kind="fund_move_waits", to=user.email, key=f"fund-move:{move.pk}:{user.pk}", context=context)


def require_allowed(giver: Fund, taker: Fund) -> None:
    """Raise Refused unless money of `giver` may go to `taker`, whatever the sum.

    Rules: purpose (restricted money stays with its projects; the reserve takes from and gives to general funds only), line and
    period (a fund with a budget or dates is spent from directly, and takes nothing from others), goal (nothing but pledges
    before it is met), shortfall (the host's own money
    repays it first).
    """
    require_takes(taker)
    require_giver(giver, taker)


def require_takes(taker: Fund, *, with_pledges: bool = False) -> None:
    """Raise Refused (line, goal) unless a treasurer may put money into that fund at all. `with_pledges`: what comes with a goal's own
    pledges need not wait until they are collected."""
    if taker.starts_on or taker.ends_on or taker.closeout_on or taker.lines.exists():
        raise Refused(
            _("{fund} is told to its grantor line by line, so nobody else's money goes into it.").format(fund=taker.name), rule="line"
        )
    if taker.ended_at:
        raise Refused(_("What {fund} was opened for is over, so no money goes into it.").format(fund=taker.name), rule="goal")
    if not with_pledges and needs.undecided(taker):
        raise Refused(_("{fund} takes only pledges until its goal is met and they are collected.").format(fund=taker.name), rule="goal")


def require_giver(giver: Fund, taker: Fund) -> None:
    """Raise Refused (purpose, line, period, shortfall) unless money of the one may serve what the other is for."""
    if giver.kind == RESERVE or taker.kind == RESERVE:
        _require_of_reserve(giver, taker)
    elif giver.kind == RESTRICTED:
        _require_within(giver, taker)
    reserve.require_not_short(giver, taker)


def _require_of_reserve(giver: Fund, taker: Fund) -> None:
    other = taker if giver.kind == RESERVE else giver
    if other.kind != GENERAL:
        raise Refused(
            _("{fund} is for other things ({purpose}) than the reserve.").format(fund=other.name, purpose=other.purpose), rule="purpose"
        )


def _require_within(giver: Fund, taker: Fund) -> None:
    """Restricted money may go on to restricted money that pays for nothing more than it did itself.

    A budget and a period hold until the closeout is over: what is left then may go on, as the grantor wants it.
    """
    last = giver.closeout_on or giver.ends_on
    over = last is not None and clock.today() > last
    if giver.lines.exists() and not over:
        raise Refused(_("{fund} has a budget. It is spent on its lines, and goes to no other fund.").format(fund=giver.name), rule="line")
    if (giver.starts_on or last) and not over:
        raise Refused(_("{fund} has a period. It is spent within it, and goes to no other fund.").format(fund=giver.name), rule="period")
    own, others = _projects(giver), _projects(taker)
    if taker.kind != RESTRICTED or (own and not (others and others <= own)):
        raise Refused(
            _("{giver} is restricted: {purpose}. {taker} may pay for other things too.").format(
                giver=giver.name, purpose=giver.purpose, taker=taker.name
            ),
            rule="purpose",
        )


def _projects(fund: Fund) -> set[int]:
    """The projects that a fund may pay for; empty for any."""
    return {fund.project_id} if fund.project_id else set(fund.projects.values_list("pk", flat=True))


def _check(giver: Fund, taker: Fund, amount: Money) -> None:
    if giver == taker:
        raise Invalid(_("Choose two different funds."), field="taker")
    if giver.currency != taker.currency:
        words = _("{giver} is kept in {currency}, and {taker} in {other}.")
        raise Invalid(words.format(giver=giver.name, currency=giver.currency, taker=taker.name, other=taker.currency), field="taker")
    if amount.currency != giver.currency:
        raise Conflict(_("{fund} is kept in {currency}.").format(fund=giver.name, currency=giver.currency))
    if amount.amount <= 0:
        raise Invalid(_("Enter an amount above zero."), field="amount")
    available = ledger.account(giver.account.code).available
    if amount > available:
        raise Invalid(_("{fund} has {available} available.").format(fund=giver.name, available=available), field="amount")


def _lock(move: FundMove) -> FundMove:
    rows = FundMove.objects.select_for_update(of=("self",))
    return rows.select_related("asked_by", "giver__account", "taker__account", "recalls__taker").get(pk=move.pk)
