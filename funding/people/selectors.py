"""Reads for the pages about people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Prefetch, Q

from funding.people import factors, roles, subjects, ties
from funding.people.lookback import cooling_since
from funding.people.models import Bar, Membership, Party, Relation, RoleGrant, User


@dataclass(frozen=True, slots=True)
class Held:
    """One role as the list shows it; `over` names the subject in words."""

    grant: RoleGrant
    role: str
    over: str


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the list. `second_factor`: whether one is set up."""

    user: User
    held: list[Held]
    second_factor: bool


def people(*, search: str = "", page: int = 1, size: int = 50) -> tuple[list[Person], Page[Any]]:
    """Users by name with the roles they hold today. Three queries and one for the names of subjects, whatever the number."""
    grants = RoleGrant.objects.filter(roles.in_force()).select_related("granted_by").order_by("role", "subject")
    found = (
        User.objects.annotate(second_factor=factors.set_up())
        .order_by("name", "pk")
        .prefetch_related(Prefetch("role_grants", queryset=grants, to_attr="held_today"))
    )
    if search:
        found = found.filter(Q(name__icontains=search) | Q(email__icontains=search))
    screen = Paginator(found, size).get_page(page)
    names = dict(subjects.choices())
    return [
        Person(
            user,
            [Held(grant, str(RoleGrant.Role(grant.role).label), names.get(grant.subject, grant.subject)) for grant in user.held_today],  # type: ignore[attr-defined]
            user.second_factor,  # type: ignore[attr-defined]
        )
        for user in screen
    ], screen


@dataclass(frozen=True, slots=True)
class Profile:
    """What the site knows about somebody's ties, for their own eyes."""

    parties: list[Party]
    employers: list[Party]
    left: list[Membership]
    declared: list[Relation]
    about: list[Relation]
    confirmed: set[int]
    held: list[Held]


def profile(user: User) -> Profile:
    memberships = list(Membership.objects.filter(user=user).select_related("party").order_by("party__name", "pk"))
    relations = ties.of(user)
    names = dict(subjects.choices())
    grants = RoleGrant.objects.filter(roles.in_force(), user=user).order_by("role", "subject")
    return Profile(
        parties=[row.party for row in memberships if row.role == Membership.Role.OWNER],
        employers=[row.party for row in memberships if row.role == Membership.Role.EMPLOYEE and row.until is None],
        left=[row for row in memberships if row.until is not None and row.until > cooling_since()],
        declared=[relation for relation in relations if relation.user_id == user.pk],
        about=[relation for relation in relations if relation.other_id == user.pk],
        confirmed={row.other_id for row in relations if row.user_id == user.pk and row.other_id and row.state != Relation.State.DISMISSED},
        held=[Held(grant, str(RoleGrant.Role(grant.role).label), names.get(grant.subject, grant.subject)) for grant in grants],
    )


def stepped_back_from(user: roles.Viewer) -> set[str]:
    """The subjects that this person may read nothing about, as roles name them and as the audit log does (without the kind)."""
    subjects = Bar.objects.filter(user=user.pk).values_list("subject", flat=True)
    return {name for subject in subjects for name in (subject, subject.partition(":")[2])}
