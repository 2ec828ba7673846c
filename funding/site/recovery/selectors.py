"""What the page of recovery shows."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from funding.site.recovery import pulse
from funding.web import attention
from funding.web.attention import Act, Found, Item
from funding.web.models import Trouble

JOBS = {
    "run_billing": "Renewing a sponsorship",
    "settle_payment": "Settling a payment",
    "execute_payout": "Sending a payout",
    "handle_event": "Acting on the processor's news",
    "send_message": "Sending a mail",
}
"""Words for the tasks that a person meets most; others are called by their name."""


def job_words(trouble: Trouble) -> str:
    name = trouble.job.rpartition(".")[2]
    return f"{JOBS.get(name, name)} ({trouble.about})" if trouble.about else JOBS.get(name, name)


def troubles(limit: int) -> Found:
    """Open troubles, the oldest first."""
    found = Trouble.objects.filter(over_at=None).order_by("first_at")
    items = [
        Item(
            what=job_words(row),
            since=row.first_at,
            why=f"{row.error} ({row.times} times)" if row.times > 1 else row.error,
            acts=(
                Act("Try again", reverse("recovery:trouble-again", args=[row.pk])),
                Act("Close", reverse("recovery:trouble-close", args=[row.pk])),
            ),
        )
        for row in found[:limit]
    ]
    return Found(items, found.count())


def count(request: HttpRequest) -> int:
    """How much waits, for the desk. A schedule that has stopped is one thing more."""
    return sum(attention.counts().values()) + bool(pulse.silence())
