"""What a request may do at all: signed in where a resource is somebody's own, and within the scopes of its token.

Which rows it then finds is decided by each app's policies and selectors, as for the pages.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework.permissions import SAFE_METHODS, BasePermission

from funding.errors import Refused

READ = "read"
SCOPES = {
    READ: gettext_noop("Read what you may read"),
    "days:write": gettext_noop("Log and withdraw half days"),
    "proposals:write": gettext_noop("Write, submit and withdraw proposals"),
}
"""What a token may be made for, with words that are translated where they are shown. A scope never gives what its person may not do."""


class Scoped(BasePermission):
    """A method that the address does not take passes, because the answer to that is 405."""

    def has_permission(self, request: Any, view: Any) -> bool:
        handler = getattr(view, view.action or "", None) if hasattr(view, "action") else None
        scope = READ if request.method in SAFE_METHODS else getattr(handler, "scope", "")
        if request.method not in SAFE_METHODS and handler is None:
            return True
        if not scope:
            return False  # somebody forgot `writes`, and with it the scope and the key
        if (scope != READ or getattr(view, "signed_in", False)) and not request.user.is_authenticated:
            return False
        scopes = getattr(request.auth, "scopes", None)
        if scopes is not None and scope not in scopes:
            raise Refused(_("This token lacks the scope {scope}. Make another one on your profile.").format(scope=scope), rule="scope")
        return True
