"""Who may see an engagement and who may approve its days. The rules of I10 themselves stay in `people.independence`."""

from __future__ import annotations

from typing import TypedDict

from django.db.models import Exists, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from funding.errors import Refused
from funding.people import independence, roles
from funding.people.models import Membership, Party, User
from funding.web import ahead
from funding.web.ahead import Question
from grants.engagements.models import Engagement
from grants.proposals.models import Proposal

Role = roles.Role
DESK = {Role.ADMIN, Role.TREASURER, Role.AUDITOR}


class Interests(TypedDict):
    """The arguments of `independence.require` for one engagement's days."""

    prepared_by: list[User]
    beneficiaries: list[User | Party]
    subjects: list[str]


def interests(engagement: Engagement) -> Interests:
    """Who worked, who is paid, and which proposal somebody may have stepped back from."""
    return {
        "prepared_by": [engagement.worker],
        "beneficiaries": [engagement.worker, engagement.payee],
        "subjects": [engagement.proposal.subject],
    }


def visible(user: User) -> QuerySet[Engagement]:
    """Every engagement that `user` may see: their own work, what pays a party they act for, their projects', or all for the host's desk."""
    found = Engagement.objects.select_related("proposal", "project", "worker", "payee")
    if roles.has_any(user, DESK):
        return found
    paid = Membership.objects.filter(user=user, role=Membership.Role.OWNER).values("party")
    maintained = roles.subjects_of(user, Role.MAINTAINER, "project")
    return found.filter(Q(worker=user) | Q(payee__in=paid) | Q(project__slug__in=maintained))


def engaged(user: User) -> tuple[bool, bool]:
    """Whether the user works or worked under an engagement, and whether that or one that pays a party of theirs is there. One query."""
    ((works, paid),) = ahead.rows(engagements_of(user))
    return works, works or paid


def engagements_of(user: User) -> QuerySet[User, tuple[bool, bool]]:
    """What `engaged` asks, for a page that looks ahead."""
    parties = Membership.objects.filter(user=user, role=Membership.Role.OWNER).values("party")
    works, paid = (Exists(Engagement.objects.filter(**about)) for about in ({"worker": user.pk}, {"payee__in": parties}))
    return User.objects.filter(pk=user.pk).order_by().values_list(works, paid)


def asks(request: HttpRequest) -> list[Question]:
    """The same for whoever reads a page."""
    return [engagements_of(request.user)] if isinstance(request.user, User) else []


def may_approve_for(user: roles.Viewer, engagement: Engagement) -> bool:
    """True if the user's role lets them approve days here. Independence is asked separately, so that a refusal can say why."""
    return roles.has(user, Role.MAINTAINER, engagement.project.subject) or roles.has(user, Role.ADMIN)


def require_ender(user: roles.Viewer, engagement: Engagement) -> None:
    """Raise Refused unless the user works under the engagement or has a role that may end it. Asks nothing about independence."""
    if engagement.worker_id != user.pk and not may_approve_for(user, engagement):
        raise Refused(_("You cannot end this engagement. The worker, a maintainer or an administrator can."), rule="role")


def approvers(engagement: Engagement) -> list[User]:
    """Everybody who could approve this engagement's days today: role and independence both. Empty means that no work can start."""
    maintainers = roles.holders(Role.MAINTAINER, engagement.project.subject)
    candidates = {user.pk: user for user in [*maintainers, *roles.holders(Role.ADMIN)]}
    hindered = independence.hindrances(candidates.values(), **interests(engagement))
    return [user for pk, user in candidates.items() if pk not in hindered]


def require_approver(engagement: Engagement) -> None:
    """Raise Refused (rule approver) unless somebody independent could approve the days."""
    if sentence := without_approver(engagement):
        raise Refused(sentence, rule="approver")


def without_approver(engagement: Engagement) -> str:
    """Why no work could start: who was looked at, and not their ties. Empty when somebody could approve the days."""
    if approvers(engagement):
        return ""
    asked = sorted({user.name for user in [*roles.holders(Role.MAINTAINER, engagement.project.subject), *roles.holders(Role.ADMIN)]})
    why = (
        _(
            "The work could not start, because nobody independent of {worker} and {payee} could approve its days. Each of those who may "
            "approve them ({asked}) is tied to the work or stepped back. The host has to name another maintainer of {project} first."
        )
        if asked
        else _(
            "The work could not start, because nobody independent of {worker} and {payee} could approve its days. Nobody has the role. "
            "The host has to name another maintainer of {project} first."
        )
    )
    return why.format(worker=engagement.worker, payee=engagement.payee, asked=", ".join(asked), project=engagement.project)


def foresee(proposal: Proposal) -> str:
    """The same for a proposal that may become one, before it is decided."""
    return without_approver(Engagement(proposal=proposal, project=proposal.project, worker=proposal.applicant, payee=proposal.payee))
