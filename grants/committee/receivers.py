from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from funding.people.models import RoleGrant
from funding.people.signals import role_given
from grants.committee import emails, policies, services
from grants.committee.models import Committee, Panel
from grants.proposals.models import Proposal
from grants.proposals.signals import proposal_reopened, proposal_submitted, proposal_withdrawn


@receiver(proposal_submitted)
def seat_on_submission(sender: Any, proposal: Proposal, **kwargs: Any) -> None:
    services.seat_panel(proposal=proposal)


@receiver(proposal_reopened)
def tell_panel_of_reopening(sender: Any, proposal: Proposal, **kwargs: Any) -> None:
    _tell(proposal, withdrawn=False)


@receiver(proposal_withdrawn)
def tell_panel_of_withdrawal(sender: Any, proposal: Proposal, **kwargs: Any) -> None:
    _tell(proposal, withdrawn=True)


@receiver(role_given)
def seat_who_joins(sender: Any, grant: RoleGrant, **kwargs: Any) -> None:
    kind, _, slug = grant.subject.partition(":")
    if kind == "committee" and grant.role in policies.SEATS:
        for committee in Committee.objects.filter(slug=slug):
            services.seat_newcomer(user=grant.user, committee=committee)


def _tell(proposal: Proposal, *, withdrawn: bool) -> None:
    for panel in Panel.objects.filter(proposal=proposal).select_related("proposal", "committee"):
        emails.tell_taken_back(panel, withdrawn=withdrawn)
