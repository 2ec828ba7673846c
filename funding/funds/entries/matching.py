"""A promise to match gifts: the whole cap is paid in first and held, and each gift to the fund draws its match.

A gift that is given back releases of its match what is unspent, by pin, and it is held for later gifts again; what was spent stays.
Source of the entries: docs/ledger.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Sum
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds import moves, whereabouts
from funding.funds.entries import vouchers
from funding.funds.flows import FROM_OUTSIDE
from funding.funds.models import Carried, Fund, Matched, Voucher
from funding.ledger import links
from funding.ledger import services as ledger
from funding.ledger.models import Transfer
from funding.ledger.services import Line
from funding.money import Money
from funding.people import roles
from funding.people.models import User

Kind, State = Voucher.Kind, Voucher.State
SOURCE = "match"


@audited("funds.ask_matching", subject="fund")
def ask(*, actor: User, fund: Fund, taker: Fund, cap: Money, reason: str, key: str = "") -> Voucher:
    """Promise that each gift to `taker` from now on is matched one to one out of `fund`, up to `cap`, which `fund` has now.

    A treasurer; somebody else agrees, and from then on the cap is held. Raises Refused (as a move would be), Invalid.
    """
    if fund == taker or {fund.currency, taker.currency} != {cap.currency}:
        raise Invalid(_("Choose another fund of the same currency."), field="taker")
    if cap > vouchers.available(fund):
        raise Invalid(_("{fund} has {available} available.").format(fund=fund.name, available=vouchers.available(fund)), field="amount")
    _require(fund, taker)
    voucher, new = vouchers.write(
        actor=actor, kind=Kind.MATCHING, money=cap, on=clock.today(), reason=reason, key=key, fund=fund, taker=taker
    )
    if new:
        vouchers.tell_approvers(voucher)
    return voucher


def hold(voucher: Voucher, actor: User) -> Voucher:
    """Reserve the cap, and note the last line of the fund that is not matched. Raises Overdrawn when the fund has less by now."""
    if voucher.fund is None or voucher.taker is None:
        raise ValueError(f"{voucher.ref} matches nothing")
    _require(voucher.fund, voucher.taker)
    ledger.hold(currency=voucher.currency)
    before = Transfer.objects.filter(credit_account=voucher.taker.account_id).order_by("-credit_offset").first()
    held = ledger.reserve(
        account=voucher.fund.account, amount=voucher.amount, holder=(SOURCE, voucher.pk), key=f"{SOURCE}:{voucher.ref}", at=clock.now()
    )
    return vouchers.booked(voucher, actor, reservation=held, line=before)


@audited("funds.keep_matching", subject="promise")
def keep(*, actor: User, promise: Voucher) -> int:
    """Match every gift that came since the promise, and release what belongs to gifts that were given back. Returns how many entries.

    A treasurer. Safe to repeat: each gift is matched once. Raises Conflict for a voucher that is no promise or waits for approval.
    """
    roles.require(actor, roles.Role.TREASURER)
    promise = (
        Voucher.objects.select_for_update(of=("self",))
        .select_related("fund__account", "taker__account", "reservation", "line")
        .get(pk=promise.pk)
    )
    if promise.kind != Kind.MATCHING or promise.state != State.BOOKED or promise.reservation is None:
        raise Conflict(_("Only a promise to match gifts is kept, and only once somebody else has agreed to it."))
    if promise.fund is None or promise.taker is None:
        raise ValueError(f"{promise.ref} matches nothing")
    ledger.hold(currency=promise.currency)
    released = [done for row in promise.matches.select_related("line", "entry").order_by("pk") if (done := _release(promise, row))]
    gifts = Transfer.objects.filter(credit_account=promise.taker.account_id, kind__in=FROM_OUTSIDE)
    if promise.line is not None:
        gifts = gifts.filter(credit_offset__gt=promise.line.credit_offset)
    matched = _match(promise, gifts.exclude(pk__in=promise.matches.values("line")).order_by("pk"))
    return len(released) + len(matched)


def left(promise: Voucher) -> Money:
    """What of the cap is still held."""
    if promise.reservation is None:
        return Money.zero(promise.currency)
    promise.reservation.refresh_from_db()
    return Money(promise.reservation.reserved - promise.reservation.drawn - promise.reservation.released, promise.currency)


def _match(promise: Voucher, gifts: Iterable[Transfer]) -> list[Matched]:
    """dr match fund, drawing the promise / cr the gift's fund: one entry for each gift, all of them in one call, while the cap lasts.

    A gift that is given back by now is matched for the rest only.
    """
    if promise.fund is None or promise.taker is None:
        return []
    giver, taker, said = promise.fund.account, promise.taker.account, vouchers.about(promise)
    rest, owed = left(promise).amount, []
    for gift in gifts:
        amount = min(gift.amount - _given_back(gift), rest)
        if amount > 0:
            owed.append((gift, amount))
            rest -= amount
        if not rest:
            break
    matched: list[Matched] = []
    for first in range(0, len(owed), ledger.MAX_LINES):
        some = owed[first : first + ledger.MAX_LINES]
        facts = [
            ledger.Fact(
                kind="match",
                source=SOURCE,
                reference=f"{promise.ref}:{gift.pk}",
                lines=[Line(giver, taker, amount, "match", about=said, reservation=promise.reservation)],
                at=clock.now(),
                effective_on=clock.today(),
            )
            for gift, amount in some
        ]
        rows = zip(some, ledger.post_many(facts), strict=True)
        matched += [Matched(promise=promise, line=gift, entry=entry, amount=amount) for (gift, amount), entry in rows]
    return Matched.objects.bulk_create(matched)


def _release(promise: Voucher, row: Matched) -> Matched | None:
    """dr the gift's fund, pinned / cr the match fund: of the match as much as the gift has lost of what was matched, if it is unspent."""
    kept = row.line.amount - _given_back(row.line)
    due = max(0, row.amount - kept) - row.released
    if due <= 0 or promise.fund is None or promise.taker is None or promise.reservation is None:
        return None
    brought, said = Transfer.objects.select_related("credit_account").get(entry=row.entry_id), vouchers.about(promise)
    lines, rest = [], due
    for start, end in reversed(links.unspent(brought)):
        part = min(rest, end - start)
        if part:
            lines.append(Line(promise.taker.account, promise.fund.account, part, "match_released", about=said, pin=(end - part, end)))
            rest -= part
    # A pin takes no money that is promised to somebody: then the match stays, as what was spent does.
    free = vouchers.available(promise.taker).amount
    amount = due - rest
    if not lines or free < amount:
        return None
    ledger.post(
        kind="match_released",
        source=SOURCE,
        reference=f"{promise.ref}:{row.line_id}:{row.released + amount}",
        lines=lines,
        at=clock.now(),
        effective_on=clock.today(),
    )
    key = f"{SOURCE}:{promise.ref}:{row.line_id}:{row.released + amount}"
    ledger.increase(reservation=promise.reservation, amount=amount, key=key, at=clock.now())
    row.released += amount
    row.save(update_fields=["released"])
    return row


def _given_back(gift: Transfer) -> int:
    """How much of a gift its giver has back, by pin or carried by others."""
    back = sum(end - start for start, end in whereabouts.of(gift).given_back)
    carried = Carried.objects.filter(inflow=gift, undone_by=None).aggregate(sum=Sum("end") - Sum("start"))["sum"] or 0
    return back + int(carried)


def _require(fund: Fund, taker: Fund) -> None:
    """A promise may be made to a goal that is not met yet; otherwise as a move."""
    moves.require_giver(fund, taker)
