"""Whether mail arrives: a code sent to oneself, and typed in again. docs/first-run.md."""

from __future__ import annotations

import secrets

from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Invalid
from funding.mail import services as mail
from funding.mail.models import Probe
from funding.people.models import User
from funding.people.policies import require_keeper


def last() -> Probe | None:
    return Probe.objects.select_related("message", "asked_by").first()


def passed() -> Probe | None:
    """The latest one whose code came back, or None."""
    return Probe.objects.exclude(confirmed_at=None).select_related("message").first()


@audited("mail.probe", subject="actor")
def send(*, actor: User) -> Probe:
    """Mail a code of six digits to the actor. Raises Refused for anybody but an administrator or treasurer."""
    require_keeper(actor)
    code = f"{secrets.randbelow(10**6):06d}"
    message = mail.queue(kind="mail_probe", to=actor.email, key=f"mail-probe:{secrets.token_hex(8)}", context={"user": actor, "code": code})
    return Probe.objects.create(message=message, code=code, asked_by=actor)


@audited("mail.confirm_probe", subject="actor")
def confirm(*, actor: User, code: str) -> Probe:
    """The code of the actor's own latest probe. Raises Invalid(field="code") for another one, or where none was sent."""
    probe = Probe.objects.select_for_update(of=("self",)).filter(asked_by=actor).first()
    if probe is None or not constant_time_compare(probe.code, "".join(code.split())):
        raise Invalid(_("This is not the code of the latest mail."), field="code")
    if probe.confirmed_at is None:
        probe.confirmed_at = clock.now()
        probe.save(update_fields=["confirmed_at"])
    return probe
