"""Whose navigation and desk show days, approvals and engagements."""

from __future__ import annotations

from django.http import HttpRequest

from funding.people import roles
from funding.people.models import User
from grants.engagements.policies import DESK, engaged
from grants.timesheets import selectors

Role = roles.Role


def shows_days(request: HttpRequest) -> bool:
    """Everybody who works or has worked under an engagement."""
    return isinstance(request.user, User) and engaged(request.user)[0]


def shows_approvals(request: HttpRequest) -> bool:
    """Maintainers of any project, and administrators."""
    return roles.has(request.user, Role.ADMIN) or bool(roles.subjects_of(request.user, Role.MAINTAINER, "project"))


def count_waiting(request: HttpRequest) -> int:
    return len(selectors.waiting_for(request.user)) if isinstance(request.user, User) else 0


def shows_engagements(request: HttpRequest) -> bool:
    return roles.has_any(request.user, DESK) or shows_approvals(request) or shows_days(request)
