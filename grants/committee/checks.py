"""I7 for approved work, recomputed from the rows: what `manage.py verify_books` says about money that was found later."""

from __future__ import annotations

from collections.abc import Iterator

from funding import days
from funding.funds.models import Need
from funding.ledger.checks import Tally
from grants.committee.models import Determination, Funding
from grants.committee.services.funding import KIND
from grants.proposals.models import Proposal


def found_money_is_its_days(tally: Tally) -> Iterator[str]:
    """Money found later is its days at the rate, as many as the fund had money for, and its need is met."""
    found = Funding.objects.select_related("share__reservation", "determination__panel__proposal").order_by("pk")
    states = dict(Need.objects.filter(about__startswith=f"{KIND}:").values_list("about", "state"))
    for funding in found:
        tally.count("approvals funded later")
        proposal = funding.determination.panel.proposal
        half = days.price(1, proposal.rate).amount
        buys = min(funding.available // half, funding.determination.half_days)
        if funding.half_days != buys:
            yield f"{proposal.ref} was granted {days.figures(funding.half_days)} days, and its fund had money for {days.figures(buys)}."
        if not funding.share.amount == funding.half_days * half == funding.share.reservation.reserved:
            yield f"{proposal.ref}: {funding.share.money} is not the price of its days, or not what is reserved."
        if states.get(proposal.subject) != Need.State.MET:
            yield f"{proposal.ref} is funded, and its need is not met."
    yield from _waiting(tally)


def _waiting(tally: Tally) -> Iterator[str]:
    """Approved proposals without money, and needs that wait for it, are the same."""
    waiting = Determination.objects.filter(
        outcome=Determination.Outcome.APPROVED, funding=None, panel__proposal__state=Proposal.State.APPROVED
    )
    approved = {f"{KIND}:{ref}" for ref in waiting.values_list("panel__proposal__ref", flat=True)}
    wanted = set(Need.objects.filter(about__startswith=f"{KIND}:", state=Need.State.WANTED).values_list("about", flat=True))
    tally.count("approvals that wait for money", len(approved))
    for about in sorted(approved ^ wanted):
        yield f"{about} waits for money on one side only: as a decision or as a need."
