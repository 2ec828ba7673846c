"""A card that we said is not kept: it is taken from its customer at the processor too, where it could be charged otherwise.

1. `forget_card` (the caller's transaction): the sponsorship no longer names the card, and the card is written down.
2. `detach_cards` (network): the sweeper asks the processor for each, until it says that it is done; then the row goes.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef
from django.utils import timezone

from funding import clock
from funding.payments import gateway
from funding.web import trouble
from sponsors.billing.models import ForgottenCard
from sponsors.sponsorships.models import Sponsorship

TASK = "sponsors.billing.tasks.detach_cards"
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(seconds=20), dt.timedelta(hours=6)


def forget_card(sponsorship: Sponsorship) -> None:
    """Keep the card of a locked sponsorship no longer. Safe to repeat. Call it in the transaction that makes it so."""
    if not sponsorship.payment_method:
        return
    ForgottenCard.objects.get_or_create(
        payment_method=sponsorship.payment_method, defaults={"since": clock.now(), "next_try_at": timezone.now()}
    )
    sponsorship.payment_method = ""
    sponsorship.save(update_fields=["payment_method"])


def detach_cards(*, limit: int = 200) -> int:
    """Take what is forgotten from its customers. Safe to repeat. Returns how many are done. A card that is still in use is left alone."""
    in_use = Exists(Sponsorship.objects.filter(payment_method=OuterRef("payment_method")))
    due = ForgottenCard.objects.filter(~in_use, next_try_at__lte=timezone.now()).order_by("next_try_at")
    done, watch = 0, trouble.Watch(TASK)
    for row in due[:limit]:
        with watch.item(f"card:{row.pk}"):
            done += _detach(row)
    return done


def _detach(row: ForgottenCard) -> int:
    wait = min(FIRST_WAIT * 2 ** min(row.tries, 10), LONGEST_WAIT)
    ForgottenCard.objects.filter(pk=row.pk).update(tries=row.tries + 1, next_try_at=timezone.now() + wait)
    try:
        gateway.detach_card(row.payment_method)
    except gateway.Rejected as error:
        # An answer that was lost, or somebody took it away in the dashboard: it has no customer either way.
        if error.code != "resource_missing" and "not attached" not in error.message:
            raise
    ForgottenCard.objects.filter(pk=row.pk).delete()
    return 1
