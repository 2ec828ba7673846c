"""Approved work that waits for money is not waited for any more: its committee's chair or an administrator says why."""

from __future__ import annotations

from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds import needs
from funding.funds.models import Need
from funding.people.models import User
from grants.committee import emails, policies
from grants.committee.models import Determination, Ending
from grants.proposals import services as proposals
from grants.proposals.models import Proposal
from grants.proposals.services.drafts import lock as lock_proposal


@audited("committee.end_waiting", subject="determination")
def end_waiting(*, actor: User, determination: Determination, reason: str) -> Ending:
    """End the wait: the need is dropped and the applicant is told. The record keeps the reason; money that was found stays in its fund.

    The chair of the committee that decided, or an administrator. Raises Refused (role chair; independence), Invalid (no reason),
    Conflict when it does not wait: it was never approved without money, was funded, or is over already.
    """
    proposal = lock_proposal(determination.panel.proposal)
    policies.require_ender(actor, determination)
    if not reason.strip():
        raise Invalid(_("Say why, for the record."), field="reason")
    if proposal.state != Proposal.State.APPROVED:
        raise Conflict(_("This does not wait for money, so there is nothing to end."))
    proposals.settle(proposal=proposal, outcome=Proposal.State.WITHDRAWN)
    for need in Need.objects.filter(about=proposal.subject, state=Need.State.WANTED):
        needs.drop(need=needs.lock(need))
    ending = Ending.objects.create(determination=determination, reason=reason.strip(), ended_by=actor, ended_at=clock.now())
    emails.tell_ended(ending, proposal)
    return ending
