"""Who may see and keep awards. An active award is everybody's to read; the others, the host's desk's."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from funding.people import roles
from funding.people.roles import Role, Viewer
from grants.awards.models import Asked, Award, Correction, GivingBack, Tranche

DESK = {Role.TREASURER, Role.ADMIN, Role.AUDITOR}


def shows(request: HttpRequest) -> bool:
    return roles.has_any(request.user, DESK)


def may_write(user: Viewer) -> bool:
    return roles.has(user, Role.TREASURER)


def may_decide(user: Viewer) -> bool:
    """True if the user's role lets them activate an award or agree to a condition; independence is asked separately."""
    return roles.has_any(user, {Role.TREASURER, Role.ADMIN})


def public() -> QuerySet[Award]:
    return Award.objects.filter(state__in=Award.PUBLIC)


def waiting(request: HttpRequest) -> int:
    """Awards, conditions, money back and corrections that this person could decide about."""
    if not may_decide(request.user):
        return 0
    own = Q(agreed_by=request.user.pk) | Q(written_by=request.user.pk)
    agreed = Award.objects.filter(state=Award.State.AGREED).exclude(own).count()
    asked = sum(it.objects.filter(state=Asked.State.ASKED).exclude(asked_by=request.user.pk).count() for it in (GivingBack, Correction))
    return agreed + asked + Tranche.objects.filter(met_at=None).exclude(claimed_by=None).exclude(claimed_by=request.user.pk).count()
