"""Who holds which role over which subject, today. The only place that reads `RoleGrant`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import reduce

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.people.lookback import binding
from funding.people.models import HOST, Host, Relation, RoleGrant, User
from funding.people.signals import role_ended, role_given
from funding.web import ahead, reading

Role = RoleGrant.Role
Viewer = User | AnonymousUser

HELD_OVER: dict[str, str] = {
    Role.ADMIN: HOST,
    Role.TREASURER: HOST,
    Role.AUDITOR: HOST,
    Role.MAINTAINER: "project",
    Role.CHAIR: "committee",
    Role.DEPUTY: "committee",
    Role.MEMBER: "committee",
    Role.ALTERNATE: "committee",
    Role.COSIGNER: HOST,
}
"""What each role is held over: the host itself, one project, or one committee."""


def in_force(day: dt.date | None = None) -> Q:
    day = day or clock.today()
    return Q(since__lte=day) & (Q(until=None) | Q(until__gt=day))


def has(user: Viewer, role: str, subject: str = HOST) -> bool:
    """True if `user` holds `role` over `subject` today. Superusers hold no role by being superusers."""
    return has_any(user, {role}, subject)


def has_any(user: Viewer, roles: Collection[str], subject: str = HOST) -> bool:
    return any(role in roles and over == subject for role, over in _held(user))


def _held(user: Viewer) -> Collection[tuple[str, str]]:
    """Role and subject of all that the user holds today. One query, and for a page with all who ask on it."""
    if not isinstance(user, User):
        return ()
    return reading.once(("held", user.pk), lambda: ahead.rows(held_by(user)))


def held_by(user: User) -> QuerySet[RoleGrant, tuple[str, str]]:
    """What `_held` asks, for a page that looks ahead."""
    return RoleGrant.objects.filter(in_force(), user=user).values_list("role", "subject")


def _ever_over(subject: str) -> Collection[tuple[str, int, dt.date | None]]:
    """Each role that was ever held over the subject: which, by whom, and its end."""
    return reading.once(("over", subject), lambda: ahead.rows(ever_over(subject)))


def ever_over(subject: str) -> QuerySet[RoleGrant, tuple[str, int, dt.date | None]]:
    """What `_ever_over` asks, for a page that looks ahead."""
    return RoleGrant.objects.filter(subject=subject, since__lte=clock.today()).values_list("role", "user", "until")


def look_ahead(user: User, *subjects: str) -> None:
    """For a page that will ask what the user holds and who holds what over the subjects: one query for all of it."""
    if not reading.on():
        return
    today = clock.today()
    found = RoleGrant.objects.filter(Q(user=user) | Q(subject__in=subjects), since__lte=today)
    rows = list(found.values_list("user", "role", "subject", "until"))
    reading.learn(("held", user.pk), [(role, over) for pk, role, over, until in rows if pk == user.pk and (until is None or until > today)])
    for subject in subjects:
        reading.learn(("over", subject), [(role, pk, until) for pk, role, over, until in rows if over == subject])


def holders(role: str, subject: str = HOST, *, on: dt.date | None = None) -> QuerySet[User]:
    """The users who hold the role over the subject on that day (today unless told), by name."""
    grants = RoleGrant.objects.filter(in_force(on), role=role, subject=subject)
    return User.objects.filter(pk__in=grants.values("user")).order_by("name", "pk")


def held_since(role: str, subject: str, day: dt.date) -> set[int]:
    """Ids of the users who hold the role over the subject today, or whose role ended after `day`."""
    return {pk for held, pk, until in _ever_over(subject) if held == role and (until is None or until > day)}


def ever_held(user: User, role: str) -> bool:
    return RoleGrant.objects.filter(user=user, role=role).exists()


def subjects_of(user: Viewer, role: str, prefix: str) -> list[str]:
    """The names after `prefix:` over which the user holds the role: `subjects_of(u, "maintainer", "project")` → slugs."""
    return subjects_of_any(user, [role], prefix)


def subjects_of_any(user: Viewer, roles: Collection[str], prefix: str) -> list[str]:
    """The same for whoever holds at least one of the roles, each name once."""
    return sorted({over.partition(":")[2] for role, over in _held(user) if role in roles and over.startswith(f"{prefix}:")})


def held_over(subject: str) -> set[tuple[str, int]]:
    """Every role over the subject today, each with the id of a user who holds it."""
    today = clock.today()
    return {(role, pk) for role, pk, until in _ever_over(subject) if until is None or until > today}


def require(user: Viewer, *roles: str, subject: str = HOST) -> None:
    """Raise Refused unless the user holds one of the roles over the subject today."""
    if not has_any(user, set(roles), subject):
        require_host(user)
        names = reduce(_either, (str(Role(role).label).lower() for role in roles))
        raise Refused(_("Only the {names} may do this.").format(names=names), rule="role")


def require_host(user: Viewer) -> None:
    """Raise Refused, with what comes first, for whoever opens the installation and has not named its host yet."""
    if isinstance(user, User) and user.is_superuser and Host.get() is None:
        raise Refused(_("The host comes first. Name it and its currency, and you are its administrator."), rule="role")


def _either(one: str, other: str) -> str:
    return _("{one} or {other}").format(one=one, other=other)


def may_manage_people(user: Viewer) -> bool:
    """Administrators manage people. Before the first one exists, the installation's superuser does."""
    if has(user, Role.ADMIN):
        return True
    return isinstance(user, User) and user.is_superuser and not holders(Role.ADMIN).exists()


@audited("people.grant_role", subject="user")
def grant(*, actor: User, user: User, role: str, subject: str = HOST, until: dt.date | None = None) -> RoleGrant:
    """Give a role from today, and with `until` for a term: that day is the first without it.

    Raises Refused for anybody but an administrator (role), for treasurer and co-signer in one person (outside), and when an
    app above forbids it (a committee's limit); Conflict if the role is held already; Invalid for a role over something else, or
    a term that ends before it begins.
    """
    require_giver(actor, role, subject, until)
    if role in OUTSIDE:
        _require_outside(actor, user, role)
    if has(user, role, subject):
        raise Conflict(_("{user} holds this role already.").format(user=user))
    given = RoleGrant.objects.create(user=user, role=role, subject=subject, since=clock.today(), until=until, granted_by=actor)
    role_given.send(sender=RoleGrant, grant=given)
    return given


def require_giver(actor: User, role: str, subject: str, until: dt.date | None) -> None:
    """Whether the actor may give this role over this subject to anybody at all. Raises Refused, Invalid as `grant` does."""
    if not may_manage_people(actor):
        raise Refused(_("Only an administrator gives roles."), rule="role")
    if role not in Role.values:
        raise Invalid(_("Choose a role from the list."), field="role")
    if subject.partition(":")[0] != HELD_OVER[role]:
        raise Invalid(_held_over(role), field="subject")
    if until is not None and until <= clock.today():
        raise Invalid(_("The last day of a term is still to come."), field="until")


OUTSIDE = {Role.COSIGNER: Role.TREASURER, Role.TREASURER: Role.COSIGNER}
"""Roles that no one person holds together: a co-signer is the second pair of eyes on what a treasurer prepares."""


def _require_outside(actor: User, user: User, role: str) -> None:
    """A co-signer is no treasurer, is not named by themselves, and has no declared relation with a treasurer."""
    other = OUTSIDE[Role(role)]
    if has(user, other):
        role_name = str(Role(other).label).lower()
        raise Refused(_("{user} is a {role}, and nobody is both.").format(user=user, role=role_name), rule="outside")
    if role != Role.COSIGNER:
        return
    if user == actor:
        raise Refused(_("Somebody else has to name you as the co-signer."), rule="outside")
    treasurers = holders(Role.TREASURER)
    if Relation.objects.filter(binding(), Q(user=user, other__in=treasurers) | Q(other=user, user__in=treasurers)).exists():
        raise Refused(_("A relation between {user} and a treasurer is declared, so they cannot co-sign.").format(user=user), rule="outside")


def _held_over(role: str) -> str:
    words = {
        HOST: _("The role “{role}” is held over the host."),
        "project": _("The role “{role}” is held over one project."),
        "committee": _("The role “{role}” is held over one committee."),
    }
    return words[HELD_OVER[role]].format(role=Role(role).label)


@audited("people.end_role", subject="user")
def end(*, actor: User, user: User, grant: RoleGrant) -> RoleGrant:
    """End a role today. The last administrator stays, so that somebody can still give roles."""
    if not may_manage_people(actor):
        raise Refused(_("Only an administrator ends roles."), rule="role")
    # In id order, so that two administrators who end each other's role wait for one another instead of both leaving.
    administrators = list(RoleGrant.objects.select_for_update().filter(in_force(), role=Role.ADMIN, subject=HOST).order_by("pk"))
    ending = RoleGrant.objects.select_for_update(of=("self",)).select_related("user").get(pk=grant.pk, user=user)
    if ending.until is not None and ending.until <= clock.today():
        raise Conflict(_("This role has ended already."))
    if [admin.pk for admin in administrators] == [ending.pk]:
        raise Refused(_("The last administrator cannot leave. Give somebody else the role first."), rule="last-admin")
    ending.until = clock.today()
    ending.save(update_fields=["until"])
    role_ended.send(sender=RoleGrant, grant=ending, actor=actor)
    return ending
