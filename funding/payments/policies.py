"""Who may look into the inbox and act on it, and who sees how the processor and the books compare."""

from __future__ import annotations

from django.http import HttpRequest

from funding.payments.models import Difference
from funding.people import roles
from funding.people.policies import KEEPERS, may_keep, require_keeper
from funding.people.roles import Role, Viewer


def require_reader(user: Viewer) -> None:
    """Raise Refused unless the user may see how the processor and the books compare: keepers, and auditors."""
    roles.require(user, *KEEPERS, Role.AUDITOR)


def may_explain(user: Viewer) -> bool:
    return roles.has(user, Role.TREASURER)


def shows_reconciliation(request: HttpRequest) -> bool:
    return roles.has_any(request.user, {*KEEPERS, Role.AUDITOR})


def shows_cash(request: HttpRequest) -> bool:
    return roles.has_any(request.user, {*KEEPERS, Role.AUDITOR})


def count_differences(request: HttpRequest) -> int:
    """How many wait for a treasurer."""
    return Difference.objects.filter(state=Difference.State.OPEN).count()


def shows_inbox(request: HttpRequest) -> bool:
    return may_keep(request.user)


__all__ = [
    "KEEPERS",
    "count_differences",
    "may_explain",
    "may_keep",
    "require_keeper",
    "require_reader",
    "shows_cash",
    "shows_inbox",
    "shows_reconciliation",
]
