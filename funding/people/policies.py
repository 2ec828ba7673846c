"""Who may look at the pages about people."""

from __future__ import annotations

from django.http import HttpRequest

from funding.errors import Refused
from funding.people import roles
from funding.people.roles import Role, Viewer


def require_manager(user: Viewer) -> None:
    """Raise Refused unless the user gives and ends roles."""
    if not roles.may_manage_people(user):
        raise Refused("Only an administrator sees who holds which role.", rule="role")


def may_read_audit(user: Viewer) -> bool:
    return roles.has_any(user, {Role.ADMIN, Role.AUDITOR})


def require_audit(user: Viewer) -> None:
    """Raise Refused unless the user is an administrator or an auditor."""
    if not may_read_audit(user):
        raise Refused("Only administrators and auditors read the audit log.", rule="role")


def shows_people(request: HttpRequest) -> bool:
    return roles.may_manage_people(request.user)


def shows_audit(request: HttpRequest) -> bool:
    return may_read_audit(request.user)
