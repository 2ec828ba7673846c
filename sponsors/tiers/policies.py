"""Who may write a project's prices."""

from __future__ import annotations

from django.utils.translation import gettext as _

from funding.errors import Refused
from funding.funds import services as funds
from funding.funds.models import Project
from funding.people.roles import Viewer


def require_editor(user: Viewer, project: Project) -> None:
    """Raise Refused unless the user maintains the project or is an administrator."""
    if not funds.may_edit(user, project):
        raise Refused(_("Only the maintainers of {project} and administrators set its tiers.").format(project=project), rule="role")
