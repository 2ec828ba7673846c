"""Unpaid renewals as they were left before there were steps: they begin them, once, and what was stopped ends."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from funding import clock
from funding.mail.models import Message
from sponsors.billing import services as billing
from sponsors.billing.services import Joined
from sponsors.dunning.models import Course
from sponsors.invoices.models import Invoice
from sponsors.sponsorships.models import Sponsorship
from tests.funding.payments.standin import FAILS_LATER, StandIn
from tests.sponsors import builders
from tests.sponsors.builders import JOINED

pytestmark = pytest.mark.django_db
Plan = Sponsorship.State


def on(month: int, day: int) -> Any:
    return clock.at(dt.datetime(2026, month, day, 12, tzinfo=dt.UTC))


@pytest.fixture
def old(stripe_stand_in: StandIn) -> Joined:
    """Refused on 28 February by code that knew no steps: past due at once, no course, no grace."""
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with on(2, 28):
        billing.run_billing()
    Course.objects.all().delete()
    Sponsorship.objects.update(state=Plan.PAST_DUE, grace_days=0)
    return joined


def test_what_was_refused_before_there_were_steps_begins_them_and_is_told(old: Joined) -> None:
    Message.objects.filter(kind="card_failed").update(kind="card_failed_before")
    with on(4, 10):
        billing.run_dunning()
        billing.run_dunning()
    course = Course.objects.get()
    assert (course.begun_on, course.next_on, course.lapse_on) == (dt.date(2026, 4, 10), dt.date(2026, 4, 13), dt.date(2026, 5, 1))
    letter = Message.objects.get(kind="card_failed")
    assert "lapses on Fri 1 May 2026" in letter.body
    assert "Your perks ended on Fri 27 Feb 2026." in letter.body
    for day in range(10, 31):
        with on(4, day):
            billing.run_dunning()
    with on(5, 1):
        assert billing.run_dunning().lapsed == 1
    old.sponsorship.refresh_from_db()
    assert old.sponsorship.state == Plan.LAPSED
    assert [invoice.state for invoice in Invoice.objects.order_by("pk")] == [Invoice.State.PAID, Invoice.State.VOID]


def test_what_was_stopped_while_it_was_unpaid_ends_in_silence(old: Joined) -> None:
    stopped_at = timezone.now() - dt.timedelta(days=5)
    Sponsorship.objects.update(stopped_at=stopped_at)
    before = Message.objects.count()
    with on(4, 10):
        billing.run_dunning()
    old.sponsorship.refresh_from_db()
    assert (old.sponsorship.state, old.sponsorship.stopped_at) == (Plan.ENDED, stopped_at)
    assert Invoice.objects.latest("pk").state == Invoice.State.VOID
    assert (Message.objects.count(), Course.objects.count()) == (before, 0)


def test_a_renewal_that_is_in_its_steps_is_left_alone(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with on(2, 28):
        billing.run_billing()
        course = Course.objects.values().get()
        billing.run_dunning()
        assert Course.objects.values().get() == course
        assert Message.objects.filter(kind="card_failed").count() == 1
