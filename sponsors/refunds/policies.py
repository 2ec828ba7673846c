"""Who sees refunds and disputes: the host's desk. Sponsors see their own on their receipts."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from funding.errors import Refused
from funding.people import roles
from funding.people.roles import Role, Viewer
from sponsors.refunds.models import Dispute, Refund

DESK = {Role.TREASURER, Role.AUDITOR, Role.ADMIN}


def sees_refunds(user: Viewer) -> bool:
    return roles.has_any(user, DESK)


def require_desk(user: Viewer) -> None:
    """Raise Refused unless the user is a treasurer, an auditor or an administrator."""
    if not sees_refunds(user):
        raise Refused(_("Refunds and disputes are read by treasurers, administrators and auditors."), rule="role")


def shows_refunds(request: HttpRequest) -> bool:
    return sees_refunds(request.user)


def may_decide(user: Viewer, refund: Refund) -> bool:
    """Whether the page offers to approve it; the service asks for independence too."""
    return roles.has_any(user, {Role.TREASURER, Role.ADMIN}) and refund.state == Refund.State.REQUESTED


def count_waiting(request: HttpRequest) -> int:
    """Refunds that this person could approve, and disputes that wait for an answer to the bank."""
    if not roles.has_any(request.user, {Role.TREASURER, Role.ADMIN}):
        return 0
    asked = Refund.objects.filter(state=Refund.State.REQUESTED).exclude(asked_by=request.user.pk).count()
    return asked + Dispute.objects.filter(state__in=Dispute.UNDER_WAY, status__endswith="needs_response").count()
