"""Who may see and decide day rates."""

from __future__ import annotations

from django.http import HttpRequest

from funding.people import roles
from funding.people.roles import Role, Viewer
from grants.rates import selectors

DECIDERS = {Role.ADMIN, Role.TREASURER}


def may_decide(user: Viewer) -> bool:
    """By role. Whether this person is independent of that one is asked at the decision."""
    return roles.has_any(user, set(DECIDERS))


def shows_desk(request: HttpRequest) -> bool:
    return may_decide(request.user)


def waiting(request: HttpRequest) -> int:
    return selectors.waiting(request.user).count()
