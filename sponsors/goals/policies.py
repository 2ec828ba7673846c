"""Who may write a project's goals, and who sees a draft."""

from __future__ import annotations

from funding.errors import Refused
from funding.funds import services as funds
from funding.funds.models import Project
from funding.people.roles import Viewer
from sponsors.goals.models import Goal


def require_editor(user: Viewer, project: Project) -> None:
    """Raise Refused unless the user maintains the project or is an administrator."""
    if not funds.may_edit(user, project):
        raise Refused(f"Only the maintainers of {project} and administrators write its goals.", rule="role")


def may_see(user: Viewer, goal: Goal) -> bool:
    """A draft exists for its editors only."""
    return goal.state != Goal.State.DRAFT or funds.may_edit(user, goal.project)
