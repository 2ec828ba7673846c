"""A card that expires before its next charge: told a month ahead, once, and not when another charge comes before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from funding import clock
from funding.mail.models import Message
from sponsors.billing import services as billing
from sponsors.billing.services import Joined
from sponsors.billing.tasks import warn_of_expiry
from sponsors.sponsorships.models import Sponsorship
from tests.funding import builders as people
from tests.funding.payments.standin import StandIn
from tests.sponsors import builders
from tests.sponsors.builders import JOINED

pytestmark = pytest.mark.django_db
MASTERCARD = "5555555555554444"


def on(month: int, day: int) -> Any:
    return clock.at(dt.datetime(2026, month, day, 12, tzinfo=dt.UTC))


@pytest.fixture
def joined(stripe_stand_in: StandIn) -> Joined:
    """Joined on 31 January, charged next on 28 February and 31 March."""
    with clock.at(JOINED):
        return builders.sponsor(stripe_stand_in)


def expires(day: dt.date) -> None:
    Sponsorship.objects.update(card_expires_on=day)


def test_the_date_comes_with_the_card(joined: Joined) -> None:
    assert joined.sponsorship.card_expires_on == dt.date(2034, 12, 31)


def test_it_is_told_once_a_month_ahead(joined: Joined) -> None:
    expires(dt.date(2026, 2, 27))
    with clock.at(JOINED - dt.timedelta(days=5)):
        assert warn_of_expiry() == 0
    with on(2, 1):
        assert [warn_of_expiry() for _ in range(3)] == [1, 0, 0]
    letter = Message.objects.get(kind="card_expires")
    for words in ("Visa ending 4242", "good through Fri 27 Feb 2026", "$100.00 on Sat 28 Feb 2026", "/giving/card/", "/giving/stop/"):
        assert words in letter.body


def test_not_while_another_charge_comes_before(joined: Joined) -> None:
    expires(dt.date(2026, 2, 28))
    with on(2, 10):
        assert warn_of_expiry() == 0
    with on(2, 28):
        assert billing.run_billing().paid == 1
        assert Sponsorship.objects.get().card_expires_on == dt.date(2034, 12, 31), "the charge told a later date"
        expires(dt.date(2026, 3, 30))
        assert warn_of_expiry() == 1


def test_not_for_what_was_stopped_nor_after_the_card_was_changed(joined: Joined, stripe_stand_in: StandIn) -> None:
    expires(dt.date(2026, 2, 27))
    with on(2, 1):
        page = billing.change_card(actor=people.user(), sponsorship=joined.sponsorship)
        stripe_stand_in.press(page, "pay", MASTERCARD)
        billing.sweep_cards()
        from sponsors.billing.models import CardChange

        billing.settle_card(change_id=CardChange.objects.get().pk)
        assert warn_of_expiry() == 0
        expires(dt.date(2026, 2, 27))
        billing.stop(actor=people.user(), sponsorship=Sponsorship.objects.get())
        assert warn_of_expiry() == 0
