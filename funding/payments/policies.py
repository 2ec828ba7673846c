"""Who may look into the inbox and act on it."""

from __future__ import annotations

from django.http import HttpRequest

from funding.payments.models import InboxEvent
from funding.people import roles
from funding.people.roles import Role, Viewer

KEEPERS = (Role.ADMIN, Role.TREASURER)


def may_keep(user: Viewer) -> bool:
    return roles.has_any(user, set(KEEPERS))


def require_keeper(user: Viewer) -> None:
    """Raise Refused unless the user is an administrator or a treasurer."""
    roles.require(user, *KEEPERS)


def shows_inbox(request: HttpRequest) -> bool:
    return may_keep(request.user)


def parked(request: HttpRequest) -> int:
    """How many events wait for a person."""
    return InboxEvent.objects.filter(state=InboxEvent.State.PARKED).count()
