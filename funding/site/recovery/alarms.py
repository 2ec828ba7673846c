"""Tell somebody: a mail for each scheduled task that has gone silent or keeps failing, and one a day for what waits.

Mails need a worker. Where nothing runs at all nobody can send one, so the desk says it and `/readyz` does; point a
monitor of another machine at `/readyz?all=1`.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from funding.mail import services as mail
from funding.payments.policies import KEEPERS
from funding.people import roles
from funding.people.models import User
from funding.site.recovery import pulse
from funding.site.recovery.models import Pulse
from funding.web import attention


def raise_due() -> int:
    """Queue what is due. Returns how many mails that was; each incident is told once, and what waits once a day."""
    pulse.meet()
    return _silent_tasks() + _waiting()


def keepers() -> list[User]:
    """Administrators and treasurers, each once."""
    found = {user.pk: user for role in KEEPERS for user in roles.holders(role)}
    return list(found.values())


@transaction.atomic
def _silent_tasks() -> int:
    told = 0
    now = timezone.now()
    for beat in pulse.overdue():
        known = Pulse.objects.select_for_update().filter(Q(task=beat.task)).first()
        if known is None or known.alarmed_at is not None:
            continue  # told already
        known.alarmed_at = now
        known.save(update_fields=["alarmed_at"])
        for user in keepers():
            mail.queue(
                kind="task_silent",
                to=user.email,
                key=f"silent:{beat.task}:{now.isoformat()}:{user.pk}",
                context={"beat": beat, "pulse": known, "url": _url()},
            )
            told += 1
    return told


@transaction.atomic
def _waiting() -> int:
    counts = attention.counts()
    if not counts:
        return 0
    today, told = timezone.now().date(), 0
    for user in keepers():
        key = f"waiting:{today.isoformat()}:{user.pk}"
        if not mail.promised(key):
            mail.queue(kind="waiting", to=user.email, key=key, context={"counts": sorted(counts.items()), "url": _url()})
            told += 1
    return told


def _url() -> str:
    return mail.absolute(reverse("recovery:waiting"))
