"""Nothing that only served a moment is kept for ever: presses of buttons, bodies of old webhooks, ended troubles, drafts left behind."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.sessions.models import Session
from django.utils import timezone

from funding import clock
from funding.payments.models import InboxEvent
from funding.web.models import Draft, Submission, Trouble

PRESSES = dt.timedelta(days=7)
"""A form that is older has been reloaded from somebody's history; it meets the service's own rules."""
PAYLOADS = dt.timedelta(days=90)
TROUBLES = dt.timedelta(days=180)
DRAFTS = dt.timedelta(days=180)
"""Since the last save, in business time as it is stored. Words that were handed in are emptied at once; their row goes by this too."""


@dataclass(frozen=True, slots=True)
class Pruned:
    presses: int
    payloads: int
    troubles: int
    drafts: int
    sessions: int

    def __str__(self) -> str:
        return (
            f"Removed {self.presses} presses, {self.payloads} webhook bodies, {self.troubles} ended troubles, "
            f"{self.drafts} drafts, {self.sessions} sessions."
        )


def prune() -> Pruned:
    """Remove what is older than its time. An event's row stays, so that a repeat is still a repeat; only its body goes."""
    now = timezone.now()
    settled = (InboxEvent.State.DONE, InboxEvent.State.IGNORED)
    old = InboxEvent.objects.filter(state__in=settled, handled_at__lt=now - PAYLOADS).exclude(payload=b"")
    return Pruned(
        presses=Submission.objects.filter(at__lt=now - PRESSES).delete()[0],
        payloads=old.update(payload=b""),
        troubles=Trouble.objects.filter(over_at__lt=now - TROUBLES).delete()[0],
        drafts=Draft.objects.filter(saved_at__lt=clock.now() - DRAFTS).delete()[0],
        sessions=Session.objects.filter(expire_date__lt=now).delete()[0],
    )
