from __future__ import annotations

from django.urls import reverse

from funding.mail import services as mail
from grants.proposals.models import Proposal, Revision


def confirm_submission(proposal: Proposal, revision: Revision) -> None:
    """To the applicant: what was handed in, and what happens next."""
    context = {"proposal": proposal, "revision": revision, "url": mail.absolute(reverse("proposals:proposal", args=[proposal.ref]))}
    mail.queue(
        kind="proposal_submitted",
        to=proposal.applicant.email,
        key=f"proposal_submitted:{proposal.ref}:{revision.number}",
        context=context,
        about=proposal.subject,
    )
