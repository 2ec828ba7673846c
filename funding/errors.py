"""The root of the exception tree.

Every error that a person may read is one of these five kinds, and the site turns each into one kind of page:
`Invalid` becomes a message beside a field, `Refused` a page that names the rule (403), `Conflict` a page that
shows the present state (409), `Throttled` a page that says how long to wait (429), `Unavailable` a page that says what
is down and that nothing changed (503).
Messages are whole sentences for the reader; they never carry another person's private data.
"""

from __future__ import annotations

from django.utils.translation import gettext as _


class DaybookError(Exception):
    """Something Daybook itself decided to say. `message` is a sentence for the reader."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Invalid(DaybookError):
    """A value is not usable. `field` names the form field that it belongs to, or None for the whole form."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Refused(DaybookError):
    """A rule forbids this act for this person. `rule` is the rule's short code, for the audit log."""

    def __init__(self, message: str, *, rule: str = "policy") -> None:
        super().__init__(message)
        self.rule = rule


class Conflict(DaybookError):
    """What the person looked at has changed since, or was already done."""


class Unavailable(DaybookError):
    """A processor, bank or queue could not be reached, or did not say whether it acted. Trying again is safe."""


class Throttled(DaybookError):
    """This was tried too often. `seconds` is how long to wait; nothing was done."""

    def __init__(self, message: str = "", *, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(
            message or _("This was tried too often. Nothing was done; try again in {waiting}.").format(waiting=waiting(seconds))
        )


def waiting(seconds: int) -> str:
    """A wait in words, never shorter than it is: `40 seconds`, `12 minutes`, `3 hours`."""
    for size, word in ((3600, "hours"), (60, "minutes")):
        if seconds > 2 * size:
            return f"{-(-seconds // size)} {word}"
    return "1 second" if seconds <= 1 else _("{seconds} seconds").format(seconds=seconds)
