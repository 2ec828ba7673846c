"""Which fund bears how much of a proposal: restricted funds first, down the call's list, until the sum is met or missing."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from funding import clock
from funding.errors import Refused
from funding.funds.models import Fund
from funding.ledger import services as ledger
from funding.ledger.errors import Overdrawn
from funding.ledger.models import Reservation
from funding.money import Money
from grants.proposals import selectors
from grants.proposals.models import Proposal

ATTEMPTS = 5
"""How often the plan is made anew when other decisions take from the same funds at the same moment."""


@dataclass(frozen=True, slots=True)
class Share:
    """One fund: what it has available now, and what this proposal would take of it. Both of one currency."""

    fund: Fund
    available: Money
    take: Money


@dataclass(frozen=True, slots=True)
class Plan:
    """How the funds would bear the sum. `missing` is zero when they can."""

    wanted: Money
    shares: tuple[Share, ...]
    missing: Money

    @property
    def shortfall(self) -> str:
        """What is missing and what each fund has, as sentences; "" when nothing is missing."""
        if not self.missing:
            return ""
        held = " ".join(f"{share.fund.name} has {share.available} available." for share in self.shares)
        return f"{self.missing} of {self.wanted} is missing. {held or 'No fund of this call may pay for work on this project.'}"


def plan(proposal: Proposal) -> Plan:
    """What would be reserved now. A read; two queries."""
    wanted = proposal.price
    left, shares = wanted.amount, []
    for fund in selectors.eligible_funds(proposal.call, proposal.project):
        available = max(0, fund.account.available.amount)
        take = min(left, available)
        left -= take
        shares.append(Share(fund, Money(available, wanted.currency), Money(take, wanted.currency)))
    return Plan(wanted, tuple(shares), Money(left, wanted.currency))


def reserve(proposal: Proposal) -> list[tuple[Fund, Reservation]]:
    """Hold the whole asked sum for the proposal, in the order in which the funds are to be spent.

    Call inside the determination's transaction. Raises Refused (rule funds-short) with the missing sum and each fund's
    availability; then nothing is held.
    """
    for _ in range(ATTEMPTS):
        proposed = plan(proposal)
        if proposed.missing:
            break
        try:
            with transaction.atomic():
                return _hold(proposal, proposed)
        except Overdrawn:
            continue  # another decision was quicker; its hold is visible to the next plan
    raise Refused(f"The votes carry, and the funds do not. {proposed.shortfall} Nothing was recorded.", rule="funds-short")


def _hold(proposal: Proposal, proposed: Plan) -> list[tuple[Fund, Reservation]]:
    """Reserve by account id, as everything locks accounts (docs/ledger.md), and answer in the order of spending."""
    taking = [share for share in proposed.shares if share.take]
    held: dict[int, Reservation] = {}
    for share in sorted(taking, key=lambda share: share.fund.account_id):
        held[share.fund.pk] = ledger.reserve(
            account=share.fund.account,
            amount=share.take.amount,
            holder=("proposal", proposal.pk),
            key=f"determination:{proposal.ref}:{share.fund.slug}",
            at=clock.now(),
        )
    return [(share.fund, held[share.fund.pk]) for share in taking]
