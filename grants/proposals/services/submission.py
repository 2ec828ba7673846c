"""Submit, take back, withdraw, and the outcome that the committee hands down."""

from __future__ import annotations

from funding import clock
from funding.audit.services import audited
from funding.errors import Invalid, Refused
from funding.people.models import User
from funding.states import lifecycle
from grants.proposals import emails, policies, readiness, signals
from grants.proposals.models import Proposal, Revision
from grants.proposals.services.drafts import lock

State = Proposal.State
PROPOSAL = lifecycle(
    "proposal",
    draft="submitted withdrawn",
    submitted="draft funded approved declined deferred withdrawn",
    approved="funded withdrawn",
    funded="",
    declined="",
    deferred="",
    withdrawn="",
)


@audited("proposals.submit", subject="proposal")
def submit(*, actor: User, proposal: Proposal) -> Proposal:
    """Hand a draft to the committee at the applicant's approved day rate in force today, which the proposal then keeps.

    Writes the next revision and sends `proposal_submitted` inside the transaction. Raises Refused (rules applicant,
    call-closed, rate, rate-cap), Invalid naming the first part that is missing, IllegalTransition.
    """
    locked = lock(proposal)
    policies.require_applicant(actor, locked)
    PROPOSAL.check(locked.state, State.SUBMITTED)
    policies.require_open(locked.call)
    check = readiness.check(locked)
    if check.rate is None or check.rate > locked.call.rate_cap:
        raise Refused(check.rate_problem, rule="rate" if check.rate is None else "rate-cap")
    if check.missing:
        raise Invalid(check.missing[0].sentence, field=check.missing[0].field)
    now = clock.now()
    locked.state, locked.submitted_at, locked.updated_at = State.SUBMITTED, now, now
    locked.rate_amount, locked.rate_currency = check.rate.amount, check.rate.currency
    locked.version += 1
    locked.save()
    revision = _write_revision(locked)
    emails.confirm_submission(locked, revision)
    signals.proposal_submitted.send(sender=Proposal, proposal=locked)
    return locked


@audited("proposals.reopen", subject="proposal")
def reopen(*, actor: User, proposal: Proposal) -> Proposal:
    """Take a submitted proposal back to change it. What the committee did with it so far stops counting once it returns.

    Raises Refused, IllegalTransition.
    """
    locked = lock(proposal)
    policies.require_applicant(actor, locked)
    PROPOSAL.check(locked.state, State.DRAFT)
    policies.require_open(locked.call)
    locked.state = State.DRAFT
    locked.version += 1
    locked.updated_at = clock.now()
    locked.save()
    signals.proposal_reopened.send(sender=Proposal, proposal=locked)
    return locked


@audited("proposals.withdraw", subject="proposal")
def withdraw(*, actor: User, proposal: Proposal) -> Proposal:
    """End a proposal that is not decided, or that is approved and still waits for money. Raises Refused, IllegalTransition."""
    locked = lock(proposal)
    policies.require_applicant(actor, locked)
    PROPOSAL.check(locked.state, State.WITHDRAWN)
    locked.state = State.WITHDRAWN
    locked.version += 1
    locked.updated_at = clock.now()
    locked.save()
    signals.proposal_withdrawn.send(sender=Proposal, proposal=locked)
    return locked


def settle(*, proposal: Proposal, outcome: str) -> Proposal:
    """Write the committee's outcome (funded, approved, declined or deferred) on a proposal that the caller has locked.

    Part of the committee's determination and of no page; it runs in that transaction. Approved becomes funded later, and keeps
    the date of the decision. Raises IllegalTransition.
    """
    PROPOSAL.check(proposal.state, outcome)
    proposal.state, proposal.decided_at = outcome, proposal.decided_at or clock.now()
    proposal.save(update_fields=["state", "decided_at"])
    return proposal


def _write_revision(proposal: Proposal) -> Revision:
    return Revision.objects.create(
        proposal=proposal,
        number=proposal.revisions.count() + 1,
        project_name=proposal.project.name,
        payee_name=proposal.payee.name,
        title=proposal.title,
        story=proposal.story,
        outcome=proposal.outcome,
        half_days=proposal.half_days or 0,
        rate_amount=proposal.rate.amount,
        rate_currency=proposal.rate.currency,
        submitted_at=clock.now(),
    )
