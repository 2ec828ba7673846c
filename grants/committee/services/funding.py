"""Money is found for work that was approved without: reserve what it buys, begin the work, and write that down once."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from funding import clock, days
from funding.audit.services import record
from funding.funds import needs, restrictions
from funding.funds.models import Fund, Need
from funding.ledger import services as ledger
from funding.ledger.models import Reservation
from grants.committee import emails, signals
from grants.committee.models import Determination, DeterminationFund, Funding
from grants.proposals import services as proposals
from grants.proposals.models import Proposal
from grants.proposals.services.drafts import lock as lock_proposal

KIND = "proposal"


@transaction.atomic
def fund(*, need_id: int) -> Funding | None:
    """Fund the approved proposal of a need from the fund that was offered for it; a repeat returns what the first one wrote.

    Half days = what the fund has available ÷ the price of half a day, rounded down, at most what was approved, and not before
    it buys as many as whoever named the fund was told. They are reserved,
    `money_found` is sent, and the need is met, in this transaction. None while no fund is named, or it does not buy half a day,
    or the need is of another kind. Raises Refused (approver) when nobody independent could approve the days, and (purpose, line,
    period, closeout) when the fund may not pay for it any more; then it waits on.
    Locks the proposal, then the need, then its budget line, then the fund's account.
    """
    need = Need.objects.get(pk=need_id)
    if need.kind != KIND:
        return None
    proposal = lock_proposal(Proposal.objects.get(ref=need.about.partition(":")[2]))
    need = needs.lock(need)
    determination = Determination.objects.get(panel__proposal=proposal)
    if need.state != Need.State.WANTED:
        return determination.later
    # A first look without holding the books: what waits for weeks is asked every 20 seconds.
    held = _hold(proposal, need, need.fund) if need.fund and needs.affordable(need) else None
    return _begin(proposal, determination, need, held) if held else None


@dataclass(frozen=True, slots=True)
class _Held:
    """What was reserved of a fund, and what it had available just before, in minor units."""

    fund: Fund
    reservation: Reservation
    available: int


def _hold(proposal: Proposal, need: Need, fund: Fund) -> _Held | None:
    """Reserve what the fund buys now; None when that is nothing.

    The books are held before they are read, so that the days, what was available and what is left over are of one moment: the row
    that says so is never changed. Raises Refused where a restriction of the fund forbids it by now.
    """
    restrictions.lock([need.line])
    ledger.hold(currency=need.currency)
    available = needs.available(need)
    half_days = needs.bought(need, available)
    if not half_days:
        return None
    needs.require(fund, need, amount := days.price(half_days, need.rate))
    reservation = ledger.reserve(
        account=fund.account,
        amount=amount.amount,
        holder=(KIND, proposal.pk),
        key=f"funding:{proposal.ref}:{fund.slug}",
        at=clock.now(),
    )
    restrictions.charge(reservation, need.line)
    return _Held(fund, reservation, available.amount)


def _begin(proposal: Proposal, determination: Determination, need: Need, held: _Held) -> Funding:
    reservation = held.reservation
    share = DeterminationFund.objects.create(
        determination=determination, fund=held.fund, reservation=reservation, amount=reservation.reserved, position=0
    )
    funding = Funding.objects.create(
        determination=determination,
        share=share,
        half_days=reservation.reserved // days.price(1, need.rate).amount,
        available=held.available,
        funded_at=clock.now(),
    )
    proposals.settle(proposal=proposal, outcome=Proposal.State.FUNDED)
    needs.meet(need=need)
    signals.money_found.send(sender=Funding, proposal=proposal, funding=funding, reservations=[reservation])
    record(actor=None, act="committee.fund", subject=proposal)
    emails.tell_money_found(funding, proposal)
    return funding
