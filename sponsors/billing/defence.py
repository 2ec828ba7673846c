"""Against those who try stolen cards on our card pages: limits on opening pages, and a brake when many cards are refused.

Card testers want a page that takes many cards and says why each was refused. So pages are counted by network, by sponsorship
and altogether; one page takes a few refusals and is closed; and while most cards are refused, only people who sign in get a
page. Renewals have no part in this: nobody stands behind them. Limits are constants here, not settings: an operator who
wants other ones has read this page.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from funding.errors import Refused
from funding.people.models import User
from funding.people.roles import Viewer
from funding.web import throttle
from sponsors.billing import emails
from sponsors.billing.models import Refusal
from sponsors.invoices.models import Payment

log = logging.getLogger(__name__)

HOUR = dt.timedelta(hours=1)
SIGN_UPS_OF_A_NETWORK = 40
"""An hour, paid or not. A whole office may share one network."""
SIGN_UPS_OF_AN_ADDRESS = 20
SIGN_UPS_OF_STRANGERS = 300
"""An hour, over the whole site. People who are signed in are not counted here, so that a flood keeps out no sponsor who is known."""
PAGES_OF_A_SPONSORSHIP = 10
PAGES_OF_A_NETWORK = 40
PAGES_ALTOGETHER = 600
REFUSALS_A_PAGE = 6
"""Somebody with a drawer full of cards has fewer. The page is closed then."""
BRAKE_REFUSALS = 20
BRAKE_WINDOW = dt.timedelta(minutes=30)
"""The brake holds while so many refusals lie in this window and outnumber the payments, and lets go by itself."""
KEPT = dt.timedelta(days=7)

PAYMENT_REFUSED, CARD_REFUSED = "payment_intent.payment_failed", "setup_intent.setup_failed"


def sign_up(*, actor: Viewer, email: str, place: str) -> None:
    """Count a sign-up on a public page, whose next step is a card page. `place` is the network address; empty is not counted.

    Raises Throttled, Refused while the brake holds, Unavailable while nobody can count.
    """
    known = isinstance(actor, User)
    if not known and braking():
        raise Refused(
            _("Many cards are being refused here at this moment, so a card page needs somebody who is signed in. Nothing was charged."),
            rule="card-brake",
        )
    if place:
        throttle.hit("sponsor-sign-up", throttle.network(place), limit=SIGN_UPS_OF_A_NETWORK, per=HOUR, when_down=throttle.REFUSE)
    throttle.hit("sponsor-sign-up-as", email.lower(), limit=SIGN_UPS_OF_AN_ADDRESS, per=HOUR, when_down=throttle.REFUSE)
    if not known:
        throttle.hit("sponsor-sign-ups", limit=SIGN_UPS_OF_STRANGERS, per=HOUR, when_down=throttle.REFUSE)


def card_page(*, place: str, about: str) -> None:
    """Count a card page that a signed link opens for the sponsorship `about`. Raises Throttled, Unavailable."""
    if place:
        throttle.hit("card-page", throttle.network(place), limit=PAGES_OF_A_NETWORK, per=HOUR, when_down=throttle.REFUSE)
    throttle.hit("card-page-of", about, limit=PAGES_OF_A_SPONSORSHIP, per=HOUR, when_down=throttle.REFUSE)
    throttle.hit("card-pages", limit=PAGES_ALTOGETHER, per=HOUR, when_down=throttle.REFUSE)


def refused(page: str) -> None:
    """A card was refused on that page. When the brake takes hold, treasurers get one mail a day."""
    now = timezone.now()
    with transaction.atomic():
        Refusal.objects.filter(at__lt=now - KEPT).delete()
        Refusal.objects.create(page=page, at=now)
        if braking():
            log.warning("many cards are refused on our card pages")
            emails.brake(now.date(), _recent())


def too_many_refusals(page: str) -> bool:
    """Whether so many cards were refused on that page that it is to be closed."""
    return Refusal.objects.filter(page=page).count() >= REFUSALS_A_PAGE


def braking() -> bool:
    """Whether only people who are signed in get a card page now."""
    refusals = _recent()
    if refusals < BRAKE_REFUSALS:
        return False
    since = timezone.now() - BRAKE_WINDOW
    paid = Payment.objects.filter(method=Payment.Method.CHECKOUT, state__in=Payment.TAKEN, paid_at__gt=since).count()
    return refusals > paid


def _recent() -> int:
    return Refusal.objects.filter(at__gt=timezone.now() - BRAKE_WINDOW).count()
