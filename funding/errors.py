"""The root of the exception tree.

Every error that a person may read is one of these five kinds, and the site turns each into one kind of page:
`Invalid` becomes a message beside a field, `Refused` a page that names the rule (403), `Conflict` a page that
shows the present state (409), `Throttled` a page that says how long to wait (429), `Unavailable` a page that says what
is down and that nothing changed (503).
Messages are whole sentences for the reader; they never carry another person's private data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class DaybookError(Exception):
    """Something Daybook itself decided to say. `message` is a sentence for the reader."""

    def __init__(self, message: StrOrPromise) -> None:
        self.message = str(message)
        super().__init__(self.message)


class Invalid(DaybookError):
    """A value is not usable. `field` names the form field that it belongs to, or None for the whole form."""

    def __init__(self, message: StrOrPromise, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Refused(DaybookError):
    """A rule forbids this act for this person. `rule` is the rule's short code, for the audit log."""

    def __init__(self, message: StrOrPromise, *, rule: str = "policy") -> None:
        super().__init__(message)
        self.rule = rule


class Conflict(DaybookError):
    """What the person looked at has changed since, or was already done."""


class Unavailable(DaybookError):
    """A processor, bank or queue could not be reached, or did not say whether it acted. Trying again is safe."""


class Throttled(DaybookError):
    """This was tried too often. `seconds` is how long to wait; nothing was done."""

    def __init__(self, message: StrOrPromise = "", *, seconds: int) -> None:
        self.seconds = seconds
        said = _("This was tried too often. Nothing was done; try again in {wait}.").format(wait=waiting(seconds))
        super().__init__(message or said)


def waiting(seconds: int) -> str:
    """A wait in words, never shorter than it is: `40 seconds`, `12 minutes`, `3 hours`."""
    if seconds > 2 * 3600:
        hours = -(-seconds // 3600)
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    if seconds > 2 * 60:
        minutes = -(-seconds // 60)
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    return ngettext("{n} second", "{n} seconds", max(seconds, 1)).format(n=max(seconds, 1))
