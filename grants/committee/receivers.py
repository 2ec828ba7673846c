from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from funding.people.models import Relation, RoleGrant, User
from funding.people.roles import Role
from funding.people.signals import relation_settled, role_ended, role_given, ties_changed
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
    """Raises Refused, and so undoes the role, where the committee has as many of that employer as its rules allow."""
    committee = _committee_of(grant)
    if committee is not None and grant.role in policies.SEATS:
        services.require_within_limit(committee, grant.user)
        services.seat_newcomer(user=grant.user, committee=committee)
    if committee is not None:
        services.refresh_committee(committee=committee)
    elif grant.role == Role.MAINTAINER:
        services.refresh_about(users=[grant.user])


@receiver(role_ended)
def let_alternates_follow(sender: Any, grant: RoleGrant, **kwargs: Any) -> None:
    committee = _committee_of(grant)
    if committee is not None:
        services.refresh_committee(committee=committee)


@receiver(ties_changed)
def look_again(sender: Any, users: list[User], **kwargs: Any) -> None:
    services.refresh_about(users=users)


@receiver(relation_settled)
def give_seats_back(sender: Any, relation: Relation, **kwargs: Any) -> None:
    if relation.state == Relation.State.DISMISSED:
        services.reinstate(relation=relation)


def _committee_of(grant: RoleGrant) -> Committee | None:
    kind, _, slug = grant.subject.partition(":")
    return Committee.objects.filter(slug=slug).first() if kind == "committee" else None


def _tell(proposal: Proposal, *, withdrawn: bool) -> None:
    for panel in Panel.objects.filter(proposal=proposal).select_related("proposal", "committee"):
        emails.tell_taken_back(panel, withdrawn=withdrawn)
