"""A card that is going to expire before its next charge: the sponsor is told a month ahead, once for each card."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F, Q

from funding import clock
from funding.web import trouble
from sponsors.billing import emails
from sponsors.billing.services import recording
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Interval

TASK = "sponsors.billing.tasks.warn_of_expiry"
AHEAD = dt.timedelta(days=31)


def warn_of_expiry(*, limit: int = 200) -> int:
    """Mail each sponsor whose card expires within a month and before its next charge. Safe to repeat. Returns how many mails."""
    today = clock.today()
    untold = Q(expiry_told=None) | ~Q(expiry_told=F("card_expires_on"))
    running = Sponsorship.objects.filter(state=Sponsorship.State.ACTIVE, stopped_at=None, tier__isnull=False).exclude(
        interval=Interval.ONCE
    )
    found = running.filter(untold, card_expires_on__gte=today, card_expires_on__lte=today + AHEAD)
    told, watch = 0, trouble.Watch(TASK)
    for pk in list(found.order_by("card_expires_on", "pk").values_list("pk", flat=True)[:limit]):
        with watch.item(f"sponsorship:{pk}"):
            told += _tell(pk)
    return told


@transaction.atomic
def _tell(pk: int) -> int:
    """One that is charged once more before its card expires is told after that charge."""
    sponsorship = recording.lock_sponsorship(pk)
    expires, charged = sponsorship.card_expires_on, sponsorship.next_charge_on
    if expires is None or charged is None or charged <= expires or sponsorship.expiry_told == expires:
        return 0
    sponsorship.expiry_told = expires
    sponsorship.save(update_fields=["expiry_told"])
    emails.card_expires(sponsorship)
    return 1
