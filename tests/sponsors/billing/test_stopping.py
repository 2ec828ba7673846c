"""Stopping, in every state, against the real stand-in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from funding import clock
from funding.mail.models import Message
from funding.payments import gateway
from sponsors.billing import services as billing
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship
from tests.funding import builders as people
from tests.funding.payments.standin import FAILS_LATER, StandIn
from tests.sponsors import builders
from tests.sponsors.builders import JOINED

pytestmark = pytest.mark.django_db

State = Payment.State


def at(year: int, month: int, day: int) -> Any:
    return clock.at(dt.datetime(year, month, day, 12, tzinfo=dt.UTC))


def test_stopping_lets_the_paid_period_run_out(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
        sponsorship = billing.stop(actor=people.user(), sponsorship=joined.sponsorship)
        assert (sponsorship.state, sponsorship.next_charge_on) == (Sponsorship.State.ACTIVE, None)
        billing.stop(actor=people.user(), sponsorship=joined.sponsorship)
        assert Message.objects.filter(kind="sponsorship_stopped").count() == 1
    with at(2026, 2, 27):
        assert billing.run_billing().ended == 0
    with at(2026, 2, 28):
        run = billing.run_billing()
        assert (run.renewed, run.ended) == (0, 1)
    sponsorship.refresh_from_db()
    assert sponsorship.state == Sponsorship.State.ENDED


def test_stopping_what_is_past_due_forgives_the_invoice_and_closes_its_card_page(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with at(2026, 2, 28):
        billing.run_billing()
        page = billing.pay(actor=people.user(), sponsorship=joined.sponsorship)
        stopped = billing.stop(actor=people.user(), sponsorship=joined.sponsorship)
    assert stopped.state == Sponsorship.State.ENDED
    assert [invoice.state for invoice in Invoice.objects.order_by("pk")] == [Invoice.State.PAID, Invoice.State.VOID]
    billing.sweep()
    last = builders.payments_of(joined)[-1]
    assert last.state == State.ABANDONED
    assert not gateway.read_checkout(last.checkout_id).open
    assert stripe_stand_in.press(page, "pay").status != 303


@pytest.mark.parametrize("over", [False, True])
def test_a_charge_that_is_declined_after_the_stop_ends_it_and_asks_for_nothing(stripe_stand_in: StandIn, over: bool) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with at(2026, 2, 28):
        payment = billing.renew(sponsorship_id=joined.sponsorship.pk, on=dt.date(2026, 2, 28))
        assert payment is not None
        # The worker has sent the charge and waits for its answer.
        Payment.objects.filter(pk=payment.pk).update(state=State.PROCESSING)
        billing.stop(actor=people.user(), sponsorship=joined.sponsorship)
        if over:
            assert billing.run_billing().ended == 1
        assert billing.collect(payment_id=payment.pk).state == State.FAILED
    joined.sponsorship.refresh_from_db()
    payment.invoice.refresh_from_db()
    assert (joined.sponsorship.state, payment.invoice.state) == (Sponsorship.State.ENDED, Invoice.State.VOID)
    assert not Message.objects.filter(kind="card_failed").exists()
