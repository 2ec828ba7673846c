from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from funding import clock
from funding.ledger.models import Reservation
from grants.committee.models import Funding
from grants.committee.signals import determination_published, money_found
from grants.engagements import policies, services
from grants.proposals.models import Proposal


@receiver(determination_published)
def begin_engagement(sender: Any, *, proposal: Proposal, determination: Any, reservations: Sequence[Reservation], **kwargs: Any) -> None:
    """A funded proposal becomes an engagement in the transaction that decided it. Other outcomes reserve nothing and begin nothing.

    Raises Refused (rule approver), which undoes the determination, when nobody independent could approve its days.
    """
    if reservations:
        _begin(proposal, determination.half_days, reservations)


@receiver(money_found)
def begin_engagement_later(
    sender: Any, *, proposal: Proposal, funding: Funding, reservations: Sequence[Reservation], **kwargs: Any
) -> None:
    """Approved work begins when its money is found, for as many half days as the money buys. Raises Refused (approver) as above."""
    _begin(proposal, funding.half_days, reservations)


def _begin(proposal: Proposal, half_days: int, reservations: Sequence[Reservation]) -> None:
    engagement = services.adopt(
        proposal=proposal, half_days=half_days, rate=proposal.rate, reservations=reservations, starts_on=clock.today()
    )
    policies.require_approver(engagement)
