"""Who may edit which projects, for pages and lists. The services decide the same again."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from funding.funds.models import Project
from funding.people import roles
from funding.people.roles import Role, Viewer


def editable_projects(user: Viewer) -> QuerySet[Project]:
    """An administrator edits all, a maintainer their own."""
    if roles.has(user, Role.ADMIN):
        return Project.objects.all()
    return Project.objects.filter(slug__in=roles.subjects_of(user, Role.MAINTAINER, "project"))


DESK = {Role.TREASURER, Role.AUDITOR, Role.ADMIN}
"""Who reads the fund desk."""


def shows_funds(request: HttpRequest) -> bool:
    return roles.has_any(request.user, DESK)


def shows_projects(request: HttpRequest) -> bool:
    return roles.has(request.user, Role.ADMIN) or bool(roles.subjects_of(request.user, Role.MAINTAINER, "project"))


def visible_projects(user: Viewer) -> QuerySet[Project]:
    """Every project that has begun, and the drafts that this person may edit."""
    return Project.objects.exclude(state=Project.State.DRAFT) | editable_projects(user)
