"""Who may write a project's prices."""

from __future__ import annotations

from funding.errors import Refused
from funding.funds import services as funds
from funding.funds.models import Project
from funding.people.roles import Viewer


def require_editor(user: Viewer, project: Project) -> None:
    """Raise Refused unless the user maintains the project or is an administrator."""
    if not funds.may_edit(user, project):
        raise Refused(f"Only the maintainers of {project} and administrators set its tiers.", rule="role")
