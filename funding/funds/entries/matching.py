"""A promise to match gifts: the whole cap is paid in first and held, and each gift to the fund draws its match.

A gift that is given back, or was booked to the wrong fund, releases of its match what is neither spent nor promised to work, by pin; it
is held for later gifts again while the promise runs. Source of the entries: docs/ledger.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.funds import moves, provenance, reserve, whereabouts
from funding.funds.entries import vouchers
from funding.funds.flows import FROM_OUTSIDE, MOVED
from funding.funds.models import Carried, Fund, Matched, Voucher
from funding.ledger import links
from funding.ledger import services as ledger
from funding.ledger.models import Transfer
from funding.ledger.services import Fact, Line
from funding.money import Money
from funding.people import roles
from funding.people.models import User

Kind, State = Voucher.Kind, Voucher.State
SOURCE = "match"
CORRECTED = frozenset({"wrong_fund", "made_up"})
AT_ONCE = 100
"""Gifts, and rows by which money went back, that one press looks at: each takes some queries while the books are held."""


@audited("funds.ask_matching", subject="fund")
def ask(*, actor: User, fund: Fund, taker: Fund, cap: Money, reason: str) -> Voucher:
    """Promise that each gift to `taker` from now on is matched one to one out of `fund`, up to `cap`, which `fund` has now.

    A treasurer; somebody else agrees, and from then on the cap is held. Raises Refused (as a move would be), Invalid.
    """
    if fund == taker or {fund.currency, taker.currency} != {cap.currency}:
        raise Invalid(_("Choose another fund of the same currency."), field="taker")
    if cap > vouchers.available(fund):
        raise Invalid(_("{fund} has {available} available.").format(fund=fund.name, available=vouchers.available(fund)), field="amount")
    _require(fund, taker)
    voucher, new = vouchers.write(actor=actor, kind=Kind.MATCHING, money=cap, reason=reason, fund=fund, taker=taker)
    if new:
        vouchers.tell_approvers(voucher)
    return voucher


@audited("funds.ask_matching_end", subject="held")
def ask_end(*, actor: User, held: Voucher, reason: str) -> Voucher:
    """Ask that the promise `held` ends: what came until then is matched, and what is still held of its cap is free again.

    A treasurer; somebody else agrees. Raises Refused, Invalid (no reason), Conflict (no promise that runs).
    """
    _require_promise(held)
    if ended(held):
        raise Conflict(_("{ref} was ended.").format(ref=held.ref))
    voucher, new = vouchers.write(
        actor=actor, kind=Kind.MATCHING_ENDED, money=held.money, reason=reason, of=held, fund=held.fund, taker=held.taker
    )
    if new:
        vouchers.tell_approvers(voucher)
    return voucher


def no_lines_to_hold(voucher: Voucher) -> list[Line]:
    """The cap is reserved and nothing moves. Raises Refused, Conflict (the fund has less by now)."""
    fund, taker = _funds(voucher)
    _require(fund, taker)
    if voucher.money > vouchers.available(fund):
        raise Conflict(_("{fund} has {available} available.").format(fund=fund.name, available=vouchers.available(fund)))
    return []


def hold(voucher: Voucher, actor: User) -> Voucher:
    """Reserve the cap, and note the last row that there is: later gifts are matched. Under `ledger.hold`."""
    fund, taker = _funds(voucher)
    last = Transfer.objects.order_by("-pk").first()
    before = Transfer.objects.filter(credit_account=taker.account_id).order_by("-credit_offset").first()
    held = ledger.reserve(
        account=fund.account, amount=voucher.amount, holder=(SOURCE, voucher.pk), key=f"{SOURCE}:{voucher.ref}", at=clock.now()
    )
    return vouchers.booked(voucher, actor, reservation=held, gifts_to=before, returns_to=last)


def no_lines_to_end(voucher: Voucher) -> list[Line]:
    """The rest of the cap is let go and nothing moves but what is still to be matched. Raises Conflict."""
    if voucher.of is None:
        raise ValueError(f"{voucher.ref} ends nothing")
    _require_promise(voucher.of)
    return []


def end(voucher: Voucher, actor: User) -> Voucher:
    """Match what came until now, where the rules allow it, and let go of the rest. Under `ledger.hold`.

    Raises Conflict when more waits than is looked at at once.
    """
    if voucher.of is None:
        raise ValueError(f"{voucher.ref} ends nothing")
    promise = _lock(voucher.of)
    _go_on(promise)
    if behind(promise):
        raise Conflict(_("More came in than is looked at in one press. Match what came in first, and then end it."))
    rest = left(promise)
    if promise.reservation is not None and rest:
        ledger.release(reservation=promise.reservation, amount=rest.amount, key=f"{SOURCE}:{voucher.ref}", at=clock.now())
    return vouchers.booked(voucher, actor)


@audited("funds.keep_matching", subject="promise")
def keep(*, actor: User, promise: Voucher) -> int:
    """Match the next gifts that came since, and release what belongs to gifts that went back: at most `AT_ONCE` of each. Returns how many
    entries; `behind` says if more waits, `hindrance` why gifts are not matched.

    A treasurer. Safe to repeat: each gift is matched once. Raises Conflict for a voucher that is no promise or waits for approval.
    """
    roles.require(actor, roles.Role.TREASURER)
    promise = _lock(promise)
    _require_promise(promise)
    ledger.hold(currency=promise.currency)
    return _go_on(promise)


def left(promise: Voucher) -> Money:
    """What of the cap is still held."""
    if promise.reservation is None:
        return Money.zero(promise.currency)
    promise.reservation.refresh_from_db()
    return Money(promise.reservation.reserved - promise.reservation.drawn - promise.reservation.released, promise.currency)


def ended(promise: Voucher) -> bool:
    return promise.followed_by.filter(kind=Kind.MATCHING_ENDED, state=State.BOOKED).exists()


def running() -> list[Voucher]:
    """Every promise that was agreed to and not ended."""
    over = Voucher.objects.filter(kind=Kind.MATCHING_ENDED, state=State.BOOKED)
    found = Voucher.objects.filter(kind=Kind.MATCHING, state=State.BOOKED).exclude(pk__in=over.values("of"))
    return list(found.select_related("fund", "taker").order_by("pk"))


def hindrance(promise: Voucher) -> str:
    """Why no gift is matched now; "" when gifts are."""
    if ended(promise):
        return _("It was ended, so no gift is matched any more.")
    try:
        _require(*_funds(promise))
    except Refused as refusal:
        return refusal.message
    return ""


def behind(promise: Voucher) -> bool:
    """True if a press would look at more than the last one did: money went back, what waits to is free, or a gift came that can be
    matched."""
    if _returns(promise).exists() or _due(promise).exists():
        return True
    return bool(left(promise)) and not hindrance(promise) and _gifts(promise).exists()


def _go_on(promise: Voucher) -> int:
    """One press: what went back, then what came, each from where the last press stopped. Under `ledger.hold`; returns how many entries."""
    rows = list(_returns(promise)[:AT_ONCE])
    done = _release_after(promise, rows) + _match_next(promise)
    promise.returns_to = rows[-1] if len(rows) == AT_ONCE else Transfer.objects.order_by("-pk").first()
    promise.save(update_fields=["gifts_to", "returns_to"])
    return done


def _match_next(promise: Voucher) -> int:
    """The next gifts in the order of the books. What comes while nothing is left waits for what may come back."""
    if hindrance(promise):
        return 0
    owed, room = [], left(promise).amount
    for gift in _gifts(promise)[:AT_ONCE]:
        if room <= 0:
            break
        amount = min(gift.amount - _gone(gift), room)
        if amount > 0:
            owed.append((gift, amount))
            room -= amount
        promise.gifts_to = gift
    # Each match changes what the next one has to repay, so all go in one call only while there is nothing to repay.
    size = 1 if reserve.shortfall(promise.currency) else AT_ONCE
    for first in range(0, len(owed), size):
        some = owed[first : first + size]
        entries = ledger.post_many([_fact(promise, gift, amount) for gift, amount in some])
        Matched.objects.bulk_create(
            Matched(promise=promise, line=gift, entry=entry, amount=amount) for (gift, amount), entry in zip(some, entries, strict=True)
        )
    return len(owed)


def _fact(promise: Voucher, gift: Transfer, amount: int) -> Fact:
    """dr match fund, drawing the promise / cr the gift's fund."""
    fund, taker = _funds(promise)
    line = Line(fund.account, taker.account, amount, "match", about=vouchers.about(promise), reservation=promise.reservation)
    return Fact("match", SOURCE, f"{promise.ref}:{gift.pk}", reserve.repaid_first([line]), clock.now(), clock.today())


def _release_after(promise: Voucher, rows: Iterable[Transfer]) -> int:
    """The matches of gifts that lost something by these rows, and the next ones of which something waits to be released."""
    wanted = promise.matches.filter(line__in=_losing(rows), released__lt=F("amount")).values_list("pk", flat=True)
    found = promise.matches.filter(pk__in={*wanted, *_due(promise)[:AT_ONCE]}).select_related("line__credit_account")
    return sum(_release(promise, match) for match in found.order_by("pk"))


def _due(promise: Voucher) -> QuerySet[Matched, int]:
    """The matches of which something waits to be released, once the gift's fund has anything free: until then no press could."""
    _fund, taker = _funds(promise)
    found = promise.matches.filter(due__gt=0).order_by("pk").values_list("pk", flat=True)
    return found if vouchers.available(taker) else found.none()


def _release(promise: Voucher, match: Matched) -> bool:
    """dr the gift's fund, pinned / cr the match fund: of the match as much as the gift has lost of what was matched, where it is unspent.

    A pin takes no money that is promised to somebody: that is kept as `match.due` for a later press. What was spent by then stays for
    good, also if the work's debt is cancelled later.
    """
    fund, taker = _funds(promise)
    rows = Transfer.objects.select_related("credit_account")
    brought, said = rows.get(entry=match.entry_id, credit_account=taker.account_id), vouchers.about(promise)
    unspent = links.unspent(brought)
    lost = max(0, match.amount - (match.line.amount - _gone(match.line))) - match.released
    due = max(0, min(lost, sum(stop - start for start, stop in unspent)))
    rest = amount = min(due, max(0, vouchers.available(taker).amount))
    lines = []
    for start, stop in reversed(unspent):
        if (part := min(rest, stop - start)) > 0:
            lines.append(Line(taker.account, fund.account, part, "match_released", about=said, pin=(stop - part, stop)))
            rest -= part
    match.due = due - amount
    if not lines:
        match.save(update_fields=["due"])
        return False
    held = promise.reservation if not ended(promise) else None
    key = f"{promise.ref}:{match.line_id}:{match.released + amount}"
    ledger.post(
        kind="match_released",
        source=SOURCE,
        reference=key,
        lines=lines if held else reserve.repaid_first(lines),
        at=clock.now(),
        effective_on=clock.today(),
    )
    if held is not None:
        ledger.increase(reservation=held, amount=amount, key=f"{SOURCE}:{key}", at=clock.now())
    match.released += amount
    match.save(update_fields=["released", "due"])
    return True


def _gifts(promise: Voucher) -> QuerySet[Transfer]:
    """What came from outside since the last one that was looked at, in the order of the books."""
    _fund, taker = _funds(promise)
    found = Transfer.objects.filter(credit_account=taker.account_id, kind__in=FROM_OUTSIDE).exclude(pk__in=promise.matches.values("line"))
    if promise.gifts_to is not None:
        found = found.filter(credit_offset__gt=promise.gifts_to.credit_offset)
    return found.order_by("credit_offset")


def _returns(promise: Voucher) -> QuerySet[Transfer]:
    """Rows since the last one that was looked at by which a gift may have ceased to be one: pinned, carried by others, corrected."""
    went = Q(pinned=True) & ~Q(kind__in=MOVED) | Q(kind__in=CORRECTED) | Q(pk__in=Carried.objects.values("by"))
    found = Transfer.objects.filter(went, currency=promise.currency, pk__gt=promise.returns_to_id or 0)
    return found.select_related("entry").order_by("pk")


def _losing(rows: Iterable[Transfer]) -> set[int]:
    """The first inflows of which these rows gave something back, or put it into another fund."""
    found = list(rows)
    origins = provenance.origins(row.pk for row in found if row.pinned)
    lost = {share.transfer.pk for shares in origins.values() for share in shares}
    lost |= set(Carried.objects.filter(by__in=found).values_list("inflow", flat=True))
    corrected = Voucher.objects.filter(kind=Kind.WRONG_FUND, entry__in={row.entry_id for row in found}, line__isnull=False)
    return lost | set(corrected.values_list("line", flat=True))


def _gone(gift: Transfer) -> int:
    """How much of a gift is one no more: its giver has it back, by pin or carried by others, or it was another fund's from the first."""
    if Voucher.objects.filter(kind=Kind.WRONG_FUND, line=gift, state=State.BOOKED).exists():
        return gift.amount
    back = sum(end - start for start, end in whereabouts.of(gift).given_back)
    carried = Carried.objects.filter(inflow=gift, undone_by=None).aggregate(sum=Sum("end") - Sum("start"))["sum"] or 0
    return back + int(carried)


def _lock(promise: Voucher) -> Voucher:
    rows = Voucher.objects.select_for_update(of=("self",))
    return rows.select_related("fund__account", "taker__account", "reservation", "gifts_to").get(pk=promise.pk)


def _funds(promise: Voucher) -> tuple[Fund, Fund]:
    if promise.fund is None or promise.taker is None:
        raise ValueError(f"{promise.ref} matches nothing")
    return promise.fund, promise.taker


def _require_promise(promise: Voucher) -> None:
    if promise.kind != Kind.MATCHING or promise.state != State.BOOKED or promise.reservation_id is None:
        raise Conflict(_("Only a promise to match gifts is kept, and only once somebody else has agreed to it."))


def _require(fund: Fund, taker: Fund) -> None:
    """As a move, but that the match of a goal's pledges comes with them."""
    moves.require_takes(taker, with_pledges=True)
    moves.require_giver(fund, taker)
