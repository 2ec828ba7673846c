"""The second factor: who needs one, whether this session showed one, and what happens when one is lost.

A second factor is an authenticator app or a passkey; a recovery code stands in for it. allauth keeps them and checks them; here is what
they are needed for. `middleware.SecondFactor` asks these questions before every act, so that no page can forget to. While `DEMO=1`
everybody counts as having shown one: the demo's bar says so, and live keys are refused.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils.translation import gettext as _

from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.people import roles, sessions, signals
from funding.people.models import RoleGrant, User
from funding.people.roles import Role, Viewer

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What counts as set up. Recovery codes come with these and are gone with the last of them."""

_resetting: ContextVar[bool] = ContextVar("resetting", default=False)


def needed(user: Viewer) -> bool:
    """Whether this person must show a second factor before any act: whoever holds a role, and staff.

    Every role counts, one that is added later too: an administrator gives roles, a treasurer moves money, members vote, a maintainer
    approves days that are then paid, an auditor reads what is private.
    """
    if not isinstance(user, User):
        return False
    return user.is_superuser or user.is_staff or RoleGrant.objects.filter(roles.in_force(), user=user).exists()


def has(user: Viewer) -> bool:
    """Whether a second factor is set up."""
    return isinstance(user, User) and Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def set_up() -> Exists:
    """The same as `has`, to annotate a query of users."""
    return Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS))


def passed(request: HttpRequest) -> bool:
    """Whether this session showed a second factor that its person still has."""
    return settings.DEMO or bool(_shown(request))


def fresh(request: HttpRequest) -> bool:
    """The same within the last ten minutes (`ACCOUNT_REAUTHENTICATION_TIMEOUT`). Real time, as all of sign-in."""
    return settings.DEMO or any(_recent(at) for at in _shown(request))


def just_signed_in(request: HttpRequest) -> bool:
    """Whether allauth may skip asking again: a fresh second factor, or, for people without one, any proof as fresh as that."""
    if has(request.user):
        return fresh(request)
    return any(_recent(record["at"]) for record in get_authentication_records(request, request.user))


def _recent(at: float) -> bool:
    return 0 <= time.time() - at < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def _shown(request: HttpRequest) -> list[float]:
    """When this session showed a factor. One that was removed since, here or by an administrator, counts no more."""
    records = [record for record in get_authentication_records(request, request.user) if record.get("method") == "mfa"]
    if not records:
        return []
    kept = set(Authenticator.objects.filter(user=request.user.pk).values_list("pk", flat=True))
    return [float(record["at"]) for record in records if record.get("id") in kept]


def remember(request: HttpRequest, authenticator: Authenticator) -> None:
    """Whoever adds a factor has just shown it, so that they need not show it again at once."""
    if authenticator.type in FACTORS:
        record_authentication(request, request.user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)


def is_last(authenticator: Authenticator) -> bool:
    """Whether somebody who needs a second factor would be left without one."""
    if authenticator.type not in FACTORS or not needed(authenticator.user):
        return False
    return not Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS).exclude(pk=authenticator.pk).exists()


def require_not_last(authenticator: Authenticator) -> None:
    """Raise Refused (rule last-factor) where `is_last`, unless an administrator is resetting them."""
    if not _resetting.get() and is_last(authenticator):
        raise Refused(
            _("Your role needs a second factor, so the last one stays. Add another first, then remove this one."), rule="last-factor"
        )


@audited("people.reset_factors", subject="user")
def reset(*, actor: User | None, user: User, reason: str) -> int:
    """Take away every second factor of somebody who lost theirs, and sign them out everywhere. Returns how many there were.

    They sign in with their password or a code by mail, and set up a new one before they can act again. They are told by mail.
    Only an administrator does this, never for themselves; `actor` is None for the operator's command.
    Raises Refused, Invalid without a reason, Conflict where nothing is set up.
    """
    if actor is not None:
        if not roles.has(actor, Role.ADMIN):
            raise Refused(_("Only an administrator resets a second factor."), rule="role")
        if actor == user:
            raise Refused(_("You cannot reset your own second factor. Ask another administrator."), rule="self")
    if not reason.strip():
        raise Invalid(_("Say why, and how you made sure that it is them who ask."), field="reason")
    User.objects.select_for_update().get(pk=user.pk)
    with _reset():
        found = list(Authenticator.objects.filter(user=user))
        if not found:
            raise Conflict(_("{user} has no second factor set up.").format(user=user))
        Authenticator.objects.filter(pk__in=[authenticator.pk for authenticator in found]).delete()
    sessions.end(user)
    signals.factors_reset.send(sender=User, user=user, actor=actor)
    return sum(authenticator.type in FACTORS for authenticator in found)


@contextmanager
def _reset() -> Iterator[None]:
    token = _resetting.set(True)
    try:
        yield
    finally:
        _resetting.reset(token)


def listed(user: User) -> list[Authenticator]:
    """What is set up, oldest first, for the person's own profile."""
    return list(Authenticator.objects.filter(user=user, type__in=FACTORS).order_by("pk"))


def minutes() -> int:
    """How long a shown factor is fresh."""
    return int(dt.timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT).total_seconds() // 60)
