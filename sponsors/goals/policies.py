"""Who may write a project's goals, and who sees a draft."""

from __future__ import annotations

from django.utils.translation import gettext as _

from funding.errors import Refused
from funding.funds import services as funds
from funding.funds.models import Project
from funding.people.roles import Viewer
from sponsors.goals.models import Goal


def require_editor(user: Viewer, project: Project) -> None:
    """Raise Refused unless the user maintains the project or is an administrator."""
    if not funds.may_edit(user, project):
        raise Refused(_("Only the maintainers of {project} and administrators write its goals.").format(project=project), rule="role")


def may_see(user: Viewer, goal: Goal) -> bool:
    """A draft exists for its editors only."""
    return goal.state != Goal.State.DRAFT or funds.may_edit(user, goal.project)
