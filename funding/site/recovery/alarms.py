"""Tell somebody: a mail about the scheduled tasks that have gone silent or keep failing, and one a day for what waits.

Mails need a worker. Where nothing runs at all nobody can send one, so the desk says it and `/readyz` does; point a
monitor of another machine at `/readyz?all=1`.
"""

from __future__ import annotations

from django.db import transaction
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
    """One mail to each keeper that names every job which fell silent since the last one: a standstill silences all of them at once."""
    now, silent = timezone.now(), []
    for beat in pulse.overdue():
        known = Pulse.objects.select_for_update().filter(task=beat.task, alarmed_at=None).first()
        if known is None:
            continue  # told already
        known.alarmed_at = now
        known.save(update_fields=["alarmed_at"])
        silent.append((beat, known))
    told = keepers() if silent else []
    for user in told:
        mail.queue(kind="task_silent", to=user.email, key=f"silent:{now.isoformat()}:{user.pk}", context={"silent": silent, "url": _url()})
    return len(told)


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
