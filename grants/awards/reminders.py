"""Mails to treasurers about tranches that are due soon or late. Found by a query each day, sent once for each moment."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.urls import reverse

from funding import clock
from funding.mail import services as mail
from funding.people import roles
from funding.people.roles import Role
from funding.web import trouble
from grants.awards.models import Award, Tranche

SWEEP = "grants.awards.tasks.remind"
SOON_DAYS = 14
AGAIN_DAYS = 30
"""How often a tranche that is late is told again."""


def stage(due_on: dt.date, today: dt.date) -> str:
    """`soon`, `late-0`, `late-1` … once more every 30 days; "" while there is nothing to tell."""
    days = (today - due_on).days
    if days > 0:
        return f"late-{(days - 1) // AGAIN_DAYS}"
    return "soon" if days >= -SOON_DAYS else ""


def sweep() -> int:
    """Remind of every tranche that is expected and near or past its date. Safe to repeat. Returns how many mails are new."""
    watch, sent = trouble.Watch(SWEEP), 0
    rows = Tranche.objects.filter(state=Tranche.State.SCHEDULED, award__state=Award.State.ACTIVE)
    near = rows.filter(due_on__lte=clock.today() + dt.timedelta(days=SOON_DAYS)).select_related("award__grantor")
    for tranche in near:
        with watch.item(f"tranche:{tranche.pk}"):
            sent += remind(tranche)
    return sent


@transaction.atomic
def remind(tranche: Tranche) -> int:
    """Queue what this moment asks for; a mail that was queued before is not queued again."""
    at = stage(tranche.due_on, clock.today())
    if not at:
        return 0
    url, new = mail.absolute(reverse("awards:desk-award", args=[tranche.award.slug])), 0
    for user in roles.holders(Role.TREASURER):
        key = f"tranche:{tranche.pk}:{tranche.due_on}:{at}:{user.pk}"
        if not mail.promised(key):
            kind = "tranche_due" if at == "soon" else "tranche_late"
            mail.queue(kind=kind, to=user.email, key=key, context={"tranche": tranche, "award": tranche.award, "url": url})
            new += 1
    return new
