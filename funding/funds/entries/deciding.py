"""Agree to a voucher, or do without it: the second of the two people, for every kind that takes two."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Invalid
from funding.funds.entries import bank, between, converting, matching, opening, vouchers
from funding.funds.models import Voucher
from funding.ledger.services import Line
from funding.mail import services as mail
from funding.people import independence, roles
from funding.people.models import User

Kind, Role, State = Voucher.Kind, roles.Role, Voucher.State
LINES: dict[str, Callable[[Voucher], list[Line]]] = {
    Kind.MATCHED: bank.match_lines,
    Kind.OPENING: opening.lines,
    Kind.WRONG_FUND: between.right_fund_lines,
    Kind.RELEASE: between.release_lines,
    Kind.BRIDGE: between.bridge_lines,
    Kind.BRIDGE_REPAID: between.bridge_lines,
}


@audited("funds.approve_voucher", subject="voucher")
def approve(*, actor: User, voucher: Voucher) -> Voucher:
    """Book what another person asked for. The rules of its kind are asked again.

    A treasurer or administrator who did not ask. Raises Refused (role, prepared, and the rules of the kind), Conflict, LedgerError.
    """
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    locked = _lock(voucher)
    independence.require(actor, _("approve this voucher"), prepared_by=[locked.asked_by])
    Voucher.LIFECYCLE.check(locked.state, State.BOOKED)
    if locked.kind == Kind.MATCHING:
        done = matching.hold(locked, actor)
    elif locked.kind == Kind.CONVERSION:
        done = vouchers.booked(locked, actor, entry=converting.post(locked))
    else:
        done = vouchers.book(locked, LINES[locked.kind](locked), actor)
    _tell(done, actor)
    return done


@audited("funds.withdraw_voucher", subject="voucher")
def withdraw(*, actor: User, voucher: Voucher, reason: str) -> Voucher:
    """Do without it: whoever asked, another treasurer or an administrator. Raises Refused, Invalid (no reason), Conflict."""
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    if not reason.strip():
        raise Invalid(_("Say why it is not done."), field="reason")
    locked = _lock(voucher)
    Voucher.LIFECYCLE.check(locked.state, State.WITHDRAWN)
    locked.state, locked.decided_by, locked.decided_at, locked.answer = State.WITHDRAWN, actor, clock.now(), reason.strip()
    # Its key is free again, so that the same paper may be asked for once more.
    locked.key = f"{locked.key[:170]}:withdrawn-{locked.pk}"
    locked.save()
    _tell(locked, actor)
    return locked


def _tell(voucher: Voucher, actor: User) -> None:
    if actor != voucher.asked_by:
        context = {"voucher": voucher, "url": mail.absolute(reverse("funds:vouchers"))}
        mail.queue(kind="voucher_decided", to=voucher.asked_by.email, key=f"voucher-decided:{voucher.pk}", context=context)


def _lock(voucher: Voucher) -> Voucher:
    rows = Voucher.objects.select_for_update(of=("self",))
    return rows.select_related("asked_by", "fund__account", "taker__account", "of", "line__credit_account", "party").get(pk=voucher.pk)
