"""Renewals on their day, against the real stand-in."""

from __future__ import annotations

import datetime as dt
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import signing
from django.db import connection

from funding import clock
from funding.errors import Conflict, Unavailable
from funding.mail.models import Message
from sponsors.billing import services as billing
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship
from tests.funding import builders as people
from tests.funding.payments.standin import ASKS_ALWAYS, FAILS_LATER, StandIn
from tests.sponsors import builders
from tests.sponsors.builders import JOINED

pytestmark = pytest.mark.django_db
real_commits = pytest.mark.django_db(transaction=True)

State = Payment.State


def at(year: int, month: int, day: int) -> Any:
    return clock.at(dt.datetime(year, month, day, 12, tzinfo=dt.UTC))


def test_renewals_keep_to_the_joining_day(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
    dates = []
    for year, month, day in [(2026, 2, 27), (2026, 2, 28), (2026, 3, 30), (2026, 3, 31), (2026, 4, 30), (2026, 5, 31)]:
        with at(year, month, day):
            run = billing.run_billing()
            again = billing.run_billing()
            assert again.renewed == 0
            if run.paid:
                dates.append((month, day))
    assert dates == [(2, 28), (3, 31), (4, 30), (5, 31)]
    starts = list(Invoice.objects.order_by("period_start").values_list("period_start", flat=True))
    assert starts == [dt.date(2026, 1, 31), *(dt.date(2026, month, day) for month, day in dates)]
    assert builders.in_fund(joined.sponsorship.project) == 5 * 9_180


def test_a_run_says_counts_and_sums(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        tier = builders.tier()
        builders.sponsor(stripe_stand_in, tier)
        builders.sponsor(stripe_stand_in, tier, email="bo@example.org", name="Bo", card=FAILS_LATER)
    with at(2026, 2, 28):
        text = str(billing.run_billing())
    assert text == ("Renewed 2: 1 paid ($100.00), 1 refused ($100.00), 0 waiting for the processor. Ended 0. Errors 0.")


def test_until_a_date_bills_every_period_up_to_it_and_never_ahead(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
        with pytest.raises(Conflict, match="2026-04-30 has not come yet"):
            billing.run_billing(until=dt.date(2026, 4, 30))
    assert len(builders.payments_of(joined)) == 1
    with at(2026, 5, 31):
        run = billing.run_billing(until=dt.date(2026, 4, 30))
    joined.sponsorship.refresh_from_db()
    assert (run.paid, joined.sponsorship.paid_through) == (3, dt.date(2026, 5, 30))


@real_commits
def test_two_runs_at_once_charge_once(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
    barrier, failures = threading.Barrier(2), []

    def run() -> None:
        try:
            barrier.wait(10)
            billing.run_billing()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    with at(2026, 2, 28):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert failures == []
    billing.sweep()
    assert [payment.state for payment in builders.payments_of(joined)] == [State.BOOKED, State.BOOKED]
    assert builders.in_fund(joined.sponsorship.project) == 2 * 9_180


def test_a_card_page_whose_answer_was_lost_is_opened_by_another_press_later(
    stripe_stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same key has to say the same, or the processor refuses it for ever: the way back in it is signed as of the key."""
    with clock.at(JOINED):
        joined = builders.sign_up()
        stripe_stand_in.press(billing.start_checkout(payment=joined.payment), "pay", FAILS_LATER)
        builders.settled(joined)
    with at(2026, 2, 28):
        billing.run_billing()
        stripe_stand_in.trouble("timeout_after", 1, "checkout/sessions")
        with pytest.raises(Unavailable):
            billing.pay(actor=people.user(), sponsorship=joined.sponsorship)
        monkeypatch.setattr(signing, "time", SimpleNamespace(time=lambda: time.time() + 90))
        assert "/c/pay/" in billing.pay(actor=people.user(), sponsorship=joined.sponsorship)


@pytest.mark.parametrize(("card", "code"), [(FAILS_LATER, "generic_decline"), (ASKS_ALWAYS, "authentication_required")])
def test_a_declined_renewal_is_made_good_with_another_card(stripe_stand_in: StandIn, card: str, code: str) -> None:
    with clock.at(JOINED):
        joined = builders.sign_up()
        page = billing.start_checkout(payment=joined.payment)
        stripe_stand_in.press(page, "pay", card)
        if card == ASKS_ALWAYS:
            stripe_stand_in.press(page, "confirm", card)
        builders.settled(joined)
        assert joined.payment.state == State.BOOKED
    with at(2026, 2, 28):
        billing.run_billing()
        sponsorship = joined.sponsorship
        sponsorship.refresh_from_db()
        failed = builders.payments_of(joined)[1]
        assert (sponsorship.state, failed.state, failed.failure_code) == (Sponsorship.State.GRACE, State.FAILED, code)
        letter = Message.objects.get(kind="card_failed")
        assert "/giving/card/" in letter.body and "/giving/pay/" in letter.body
        assert ("wants you to confirm" in letter.body) == (code == "authentication_required")
        assert billing.run_billing().renewed == 0, "a sponsorship that is unpaid is not billed further"
    with at(2026, 3, 5):
        stripe_stand_in.press(billing.pay(actor=people.user(), sponsorship=sponsorship), "pay", "5555555555554444")
        billing.sweep()
        billing.settle(payment_id=builders.payments_of(joined)[2].pk)
    sponsorship.refresh_from_db()
    assert (sponsorship.state, sponsorship.card_label) == (Sponsorship.State.ACTIVE, "Mastercard ending 4444")
    assert sponsorship.next_charge_on == dt.date(2026, 3, 31)
    with at(2026, 3, 31):
        assert billing.run_billing().paid == 1


def test_what_was_paid_months_too_late_is_not_charged_for_the_time_between(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with at(2026, 2, 28):
        billing.run_billing()
    with at(2026, 5, 10):
        stripe_stand_in.press(billing.pay(actor=people.user(), sponsorship=joined.sponsorship), "pay")
        billing.settle(payment_id=builders.payments_of(joined)[2].pk)
        joined.sponsorship.refresh_from_db()
        assert joined.sponsorship.next_charge_on == dt.date(2026, 5, 31)
        assert billing.run_billing().renewed == 0


def test_charges_whose_outcome_is_open_leave_the_run_to_others(stripe_stand_in: StandIn, settings: Any) -> None:
    with clock.at(JOINED):
        tier = builders.tier()
        builders.sponsor(stripe_stand_in, tier)
        builders.sponsor(stripe_stand_in, tier, email="bo@example.org")
    there = settings.STRIPE_API_BASE
    with at(2026, 2, 28):
        settings.STRIPE_API_BASE = "http://127.0.0.1:1"
        assert billing.run_billing(limit=1).waiting == 1
        settings.STRIPE_API_BASE = there
        assert billing.run_billing(limit=1).paid == 1


def test_one_sponsor_that_cannot_be_billed_does_not_stop_the_others(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        tier = builders.tier()
        broken = builders.sponsor(stripe_stand_in, tier)
        builders.sponsor(stripe_stand_in, tier, email="bo@example.org")
    # A currency that nobody takes: somebody's hand in the database.
    with at(2026, 2, 28):
        Sponsorship.objects.filter(pk=broken.sponsorship.pk).update(currency="XXX")
        run = billing.run_billing()
    assert (run.paid, run.failed) == (1, 1)


def test_a_one_time_payment_is_never_charged_again(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, builders.tier(interval="once"))
    assert joined.sponsorship.next_charge_on is None
    with at(2026, 2, 28):
        run = billing.run_billing()
    assert (run.renewed, run.ended) == (0, 1)
