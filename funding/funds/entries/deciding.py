"""Agree to a voucher, or do without it: the second of the two people, for every kind that takes two."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.funds import reserve
from funding.funds.entries import bank, between, converting, matching, opening, vouchers
from funding.funds.models import Voucher
from funding.ledger import services as ledger
from funding.ledger.services import Line
from funding.mail import services as mail
from funding.people import independence, roles
from funding.people.independence import Hindrance
from funding.people.models import User

Kind, Role, State = Voucher.Kind, roles.Role, Voucher.State
PAPER = ("asked_by", "fund__account", "taker__account", "of", "line__credit_account", "party")
"""What a voucher is read with, for its lines."""
LINES: dict[str, Callable[[Voucher], list[Line]]] = {
    Kind.MATCHED: bank.match_lines,
    Kind.OPENING: opening.lines,
    Kind.CONVERSION: converting.lines,
    Kind.WRONG_FUND: between.right_fund_lines,
    Kind.RELEASE: between.release_lines,
    Kind.BRIDGE: between.bridge_lines,
    Kind.BRIDGE_REPAID: between.bridge_lines,
    Kind.MATCHING: matching.no_lines_to_hold,
    Kind.MATCHING_ENDED: matching.no_lines_to_end,
}
"""What each kind that takes two people writes as the books are now. Raises what stands against it. Reads only."""


@audited("funds.approve_voucher", subject="voucher")
def approve(*, actor: User, voucher: Voucher) -> Voucher:
    """Book what another person asked for. The rules of its kind are asked again; what is decided here is dated today.

    A treasurer or administrator who did not ask and is not tied to who paid. Raises Refused (role, I10, shortfall, and the rules of the
    kind), Conflict, LedgerError.
    """
    roles.require(actor, Role.TREASURER, Role.ADMIN)
    locked = _lock(voucher)
    parties = [locked.party] if locked.party else []
    independence.require(actor, _("approve this voucher"), prepared_by=[locked.asked_by], beneficiaries=parties)
    Voucher.LIFECYCLE.check(locked.state, State.BOOKED)
    if locked.kind in Voucher.DECIDED:
        locked.effective_on = clock.today()
    if locked.of is not None:
        _lock(locked.of)  # before the books, as whoever keeps a promise does
    for code in sorted({locked.currency, locked.into_currency or locked.currency}):
        ledger.hold(currency=code)
    lines = _lines(locked)
    if locked.kind == Kind.MATCHING:
        done = matching.hold(locked, actor)
    elif locked.kind == Kind.MATCHING_ENDED:
        done = matching.end(locked, actor)
    elif locked.kind == Kind.CONVERSION:
        done = vouchers.booked(locked, actor, entry=converting.post(locked, lines))
    else:
        done = vouchers.book(locked, lines, actor)
    _tell(done, actor)
    return done


def forecast(voucher: Voucher) -> tuple[list[Line], str]:
    """The lines that agreeing to a voucher would write now, and why nobody can agree to it ("" if somebody can). Writes nothing."""
    try:
        with transaction.atomic():
            lines = _lines(voucher)
            transaction.set_rollback(True)  # an account that is not there yet is opened by whoever agrees
    except (Conflict, Invalid, Refused) as reason:
        return [], reason.message
    return lines, ""


def hindrance(viewer: User, voucher: Voucher) -> Hindrance | None:
    """Why this person cannot agree to it."""
    parties = [voucher.party] if voucher.party else []
    return independence.hindrance(viewer, prepared_by=[voucher.asked_by], beneficiaries=parties)


def _lines(voucher: Voucher) -> list[Line]:
    """What the kind writes, currency by currency, and behind it what the shortfall takes of it first."""
    found = [line for line in LINES[voucher.kind](voucher) if line.amount]
    codes = dict.fromkeys(line.debit.currency for line in found)
    return [line for code in codes for line in reserve.repaid_first([line for line in found if line.debit.currency == code])]


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
    return rows.select_related(*PAPER).get(pk=voucher.pk)
