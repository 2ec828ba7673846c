"""Who may look at the pages about people."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from funding.errors import Refused
from funding.people import roles, selectors, ties
from funding.people.models import ActingChange, User
from funding.people.roles import Role, Viewer


def require_manager(user: Viewer) -> None:
    """Raise Refused unless the user gives and ends roles."""
    if not roles.may_manage_people(user):
        raise Refused(_("Only an administrator sees who holds which role."), rule="role")


def may_read_audit(user: Viewer) -> bool:
    return roles.has_any(user, {Role.ADMIN, Role.AUDITOR})


def require_audit(user: Viewer) -> None:
    """Raise Refused unless the user is an administrator or an auditor."""
    if not may_read_audit(user):
        raise Refused(_("Only administrators and auditors read the audit log."), rule="role")


def shows_people(request: HttpRequest) -> bool:
    return roles.may_manage_people(request.user)


def shows_audit(request: HttpRequest) -> bool:
    return may_read_audit(request.user)


KEEPERS = (Role.ADMIN, Role.TREASURER)
"""Who looks after what does not come right by itself."""


def may_keep(user: Viewer) -> bool:
    return roles.has_any(user, set(KEEPERS))


def require_keeper(user: Viewer) -> None:
    """Raise Refused unless the user is an administrator or a treasurer."""
    roles.require(user, *KEEPERS)


def shows_ties(request: HttpRequest) -> bool:
    return ties.may_settle(request.user)


def count_ties(request: HttpRequest) -> int:
    return len(ties.to_settle(request.user)) if isinstance(request.user, User) else 0


def closed_subjects(request: HttpRequest) -> set[str]:
    return selectors.stepped_back_from(request.user)


def may_ask_acting(user: Viewer) -> bool:
    return roles.has(user, Role.ADMIN)


def sees_organisations(user: Viewer) -> bool:
    return roles.has_any(user, {Role.ADMIN, Role.TREASURER})


def require_organisations(user: Viewer) -> None:
    """Raise Refused unless the user is an administrator or a treasurer."""
    if not sees_organisations(user):
        raise Refused(_("Only administrators and treasurers see who acts for an organisation."), rule="role")


def shows_organisations(request: HttpRequest) -> bool:
    return sees_organisations(request.user)


def count_acting(request: HttpRequest) -> int:
    """Changes of who acts for an organisation that this person could decide."""
    if not sees_organisations(request.user):
        return 0
    waiting = ActingChange.objects.filter(state=ActingChange.State.ASKED)
    return waiting.exclude(asked_by=request.user.pk).exclude(user=request.user.pk).count()
