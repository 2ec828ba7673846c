"""What the page of recovery shows."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding.site.recovery import jobs, pulse
from funding.web import attention
from funding.web.attention import Act, Found, Item
from funding.web.models import Trouble


def job_words(trouble: Trouble) -> str:
    said = jobs.words(trouble.job)
    return f"{said} ({trouble.about})" if trouble.about else said


def times(trouble: Trouble) -> str:
    return ngettext("{count} time", "{count} times", trouble.times).format(count=trouble.times)


def troubles(limit: int) -> Found:
    """Open troubles, the oldest first."""
    found = Trouble.objects.filter(over_at=None).order_by("first_at")
    items = [
        Item(
            what=job_words(row),
            since=row.first_at,
            why=f"{row.error} ({times(row)})" if row.times > 1 else row.error,
            acts=(
                Act(_("Try again"), reverse("recovery:trouble-again", args=[row.pk])),
                Act(_("Close"), reverse("recovery:trouble-close", args=[row.pk])),
            ),
        )
        for row in found[:limit]
    ]
    return Found(items, found.count())


def count(request: HttpRequest) -> int:
    """How much waits, for the desk. A schedule that has stopped is one thing more."""
    return sum(attention.counts().values()) + bool(pulse.silence())
