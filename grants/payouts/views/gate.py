"""Forms that only a treasurer uses. The services ask again and put a refusal on record; this keeps a live button from others."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from funding.people import roles
from funding.web.views import SignedInActionView


class TreasurerForm(SignedInActionView):
    """A form page that is drawn for treasurers; whoever else may open its subject reads who may act."""

    def render_to_response(self, context: dict[str, Any], **response: Any) -> HttpResponse:
        roles.require(self.request.user, roles.Role.TREASURER)
        return super().render_to_response(context, **response)
