"""Roles for people who have no account yet: asked now, given once the address is proven to be theirs."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, DaybookError, Invalid
from funding.people import roles, subjects
from funding.people.models import HOST, Invitation, User
from funding.people.signals import invited

State = Invitation.State
LONGEST = 254
"""Characters of an address in small letters, which some scripts write longer."""
LASTS = dt.timedelta(days=30)
"""After that the address may be somebody else's."""


@audited("people.invite", subject="role")
def invite(*, actor: User, email: str, role: str, subject: str = HOST, until: dt.date | None = None) -> Invitation:
    """Promise a role to an address and mail it. Raises Refused and Invalid as `roles.grant` does; Conflict where it is promised already."""
    roles.require_giver(actor, role, subject, until)
    address = email.strip().lower()
    if len(address) > LONGEST:
        raise Invalid(_("This address is too long to be one."), field="email")
    made, created = Invitation.objects.get_or_create(
        email=address, role=role, subject=subject, state=State.OPEN,
        defaults={"until": until, "invited_by": actor, "invited_at": clock.now()},
    )  # fmt: skip
    if not created:
        raise Conflict(_("{address} is invited to this role already.").format(address=address))
    invited.send(sender=Invitation, invitation=made)
    return made


@audited("people.withdraw_invitation", subject="invitation")
def withdraw(*, actor: User, invitation: Invitation) -> Invitation:
    """Take an open invitation back. Raises Refused for anybody but an administrator, Conflict when it is not open."""
    roles.require(actor, roles.Role.ADMIN)
    return _close(Invitation.objects.select_for_update().get(pk=invitation.pk), State.WITHDRAWN)


def take(*, user: User, email: str) -> list[Invitation]:
    """Give what was promised to this proven address, in the name of whoever promised it. One that the rules refuse now says why."""
    waiting = Invitation.objects.filter(email=email.lower(), state=State.OPEN).values_list("pk", flat=True)
    return [_take(pk, user) for pk in list(waiting)]


@transaction.atomic
def _take(pk: int, user: User) -> Invitation:
    row = Invitation.objects.select_for_update(of=("self",)).select_related("invited_by").get(pk=pk)
    if row.state != State.OPEN:  # withdrawn, or taken in another window, while we waited
        return row
    if row.invited_at < clock.now() - LASTS:
        return _close(row, State.REFUSED, reason=_("The invitation was too old."))
    try:
        roles.grant(actor=row.invited_by, user=user, role=row.role, subject=row.subject, until=row.until)
    except DaybookError as error:
        return _close(row, State.REFUSED, reason=error.message)
    return _close(row, State.TAKEN)


def _close(row: Invitation, state: Invitation.State, reason: str = "") -> Invitation:
    Invitation.LIFECYCLE.check(row.state, state)
    row.state, row.ended_at, row.reason = state, clock.now(), reason[:300]
    row.save()
    return row


def still_open() -> list[tuple[Invitation, str]]:
    """Open invitations, the newest first, each with its subject in words. Two queries."""
    found = list(Invitation.objects.filter(state=State.OPEN).select_related("invited_by"))
    names = dict(subjects.choices()) if found else {}
    return [(row, names.get(row.subject, row.subject)) for row in found]
