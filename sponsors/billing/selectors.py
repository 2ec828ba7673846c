"""What of billing waits for a person: payments that will not come right, and renewals that nobody made."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _

from funding import clock
from funding.web.attention import Act, Found, Item
from sponsors.invoices import selectors as payments
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Interval

LATE = dt.timedelta(days=2)
"""A renewal is made on its day. One that is not made two days later was skipped, whatever the schedule says of itself."""


def stuck(limit: int) -> Found:
    """Payments that the processor or the books refuse, or whose outcome nobody knows."""
    found = payments.stuck()
    items = [
        Item(
            what=_("{ref}, {money} for {project}").format(
                ref=payment.ref, money=payment.money, project=payment.invoice.sponsorship.project
            ),
            since=payment.created_at,
            why=payments.why_stuck(payment),
            url=reverse("billing:stuck"),
            acts=(Act(_("Look again"), reverse("billing:look", args=[payment.ref])),),
        )
        for payment in found[:limit]
    ]
    return Found(items, found.count())


def late(limit: int) -> Found:
    """Sponsorships whose next period began days ago and has no invoice."""
    before = clock.today() - LATE
    found = Sponsorship.objects.filter(state=Sponsorship.State.ACTIVE, stopped_at=None, paid_through__lt=before)
    found = found.exclude(interval=Interval.ONCE).select_related("project").order_by("paid_through", "pk")
    items = [
        Item(
            what=_("{ref}, {price} {period} for {project}").format(
                ref=row.ref, price=row.price, period=row.period_words, project=row.project
            ),
            since=row.next_charge_on or row.anchor_on,
            why=_("Its period has begun and nothing was charged. The log of the job that renews sponsorships (run_billing) says why."),
        )
        for row in found[:limit]
    ]
    return Found(items, found.count())
