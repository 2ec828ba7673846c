from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from funding.funds import needs
from funding.funds.models import Need
from funding.funds.signals import need_met
from funding.people.models import Relation, RoleGrant, User
from funding.people.roles import Role
from funding.people.signals import relation_settled, role_ended, role_given, ties_changed
from funding.web.queue import enqueue
from grants.committee import emails, policies, services
from grants.committee.models import Committee, Determination, Panel
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
    if not Determination.objects.filter(panel__proposal=proposal).exists():
        _tell(proposal, withdrawn=True)


@receiver(proposal_withdrawn)
def want_no_money(sender: Any, proposal: Proposal, **kwargs: Any) -> None:
    """Approved work that its applicant gave up needs no money; what was found for it stays in its fund."""
    for need in Need.objects.filter(about=proposal.subject, state=Need.State.WANTED):
        needs.drop(need=needs.lock(need))


@receiver(need_met)
def begin_approved_work(sender: Any, need: Need, **kwargs: Any) -> None:
    """Sent after the commit; the sweeper finds what this does not reach."""
    enqueue("grants.committee.tasks.fund_need", need.pk)


@receiver(role_given)
def seat_who_joins(sender: Any, grant: RoleGrant, **kwargs: Any) -> None:
    """Raises Refused, and so undoes the role: where it is the giver's own proposal that the committee decides, and where the
    committee has as many of that employer as its rules allow."""
    committee = _committee_of(grant)
    if committee is not None:
        services.require_no_own_proposal(committee, grant.granted_by)
    if committee is not None and grant.role in policies.SEATS:
        services.require_within_limit(committee, grant.user)
        services.seat_newcomer(user=grant.user, committee=committee)
    if committee is not None:
        services.refresh_committee(committee=committee)
    elif grant.role == Role.MAINTAINER:
        services.refresh_about(users=[grant.user])


@receiver(role_ended)
def let_alternates_follow(sender: Any, grant: RoleGrant, actor: User, **kwargs: Any) -> None:
    """Raises Refused, and so undoes it, where the committee decides a proposal of whoever ends the role."""
    committee = _committee_of(grant)
    if committee is not None:
        services.require_no_own_proposal(committee, actor)
        services.refresh_committee(committee=committee)


@receiver(ties_changed)
def look_again(sender: Any, users: list[User], **kwargs: Any) -> None:
    services.refresh_about(users=users)


@receiver(relation_settled)
def give_seats_back(sender: Any, relation: Relation, **kwargs: Any) -> None:
    if relation.state == Relation.State.DISMISSED:
        services.reinstate(relation=relation)
    elif relation.other is not None:
        services.refresh_about(users=[relation.user, relation.other])


def _committee_of(grant: RoleGrant) -> Committee | None:
    kind, _, slug = grant.subject.partition(":")
    return Committee.objects.filter(slug=slug).first() if kind == "committee" else None


def _tell(proposal: Proposal, *, withdrawn: bool) -> None:
    for panel in Panel.objects.filter(proposal=proposal).select_related("proposal", "committee"):
        emails.tell_taken_back(panel, withdrawn=withdrawn)
