"""Changing the saved card, against the real stand-in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from funding import clock
from funding.errors import Conflict
from funding.mail.models import Message
from funding.payments import gateway, inbox
from funding.web.models import Trouble
from sponsors.billing import services as billing
from sponsors.billing.models import CardChange
from sponsors.dunning.models import Course
from sponsors.invoices.models import Payment
from sponsors.sponsorships.models import Sponsorship
from tests.funding import builders as people
from tests.funding.payments.standin import ASKS_ALWAYS, FAILS_LATER, StandIn
from tests.sponsors import builders
from tests.sponsors.builders import JOINED

pytestmark = pytest.mark.django_db

MASTERCARD = "5555555555554444"
State, Plan = CardChange.State, Sponsorship.State
REFUSED_AT = dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC)


def change(sponsorship: Sponsorship) -> str:
    return billing.change_card(actor=people.user(), sponsorship=sponsorship)


def settled() -> CardChange:
    return billing.settle_card(change_id=CardChange.objects.latest("pk").pk)


def test_a_card_is_changed_while_all_is_well_and_nothing_is_charged(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
        page = change(joined.sponsorship)
        assert change(joined.sponsorship) == page, "one page is open, however often it is asked for"
        stripe_stand_in.press(page, "pay", MASTERCARD)
        assert settled().state == State.SAVED
        assert settled().retried is None
    joined.sponsorship.refresh_from_db()
    assert joined.sponsorship.card_label == "Mastercard ending 4444"
    letter = Message.objects.get(kind="card_changed").body
    assert "Mastercard ending 4444" in letter and "Sat 28 Feb 2026" in letter
    assert Payment.objects.count() == 1
    with clock.at(REFUSED_AT):
        assert billing.run_billing().paid == 1
    assert builders.payments_of(joined)[1].card_label == "Mastercard ending 4444"
    assert stripe_stand_in.refusals() == []


def test_a_new_card_is_charged_at_once_for_what_is_owed(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with clock.at(REFUSED_AT):
        billing.run_billing()
        joined.sponsorship.refresh_from_db()
        stripe_stand_in.press(change(joined.sponsorship), "pay", MASTERCARD)
        found = settled()
    assert found.retried is not None and found.retried.state == Payment.State.BOOKED
    joined.sponsorship.refresh_from_db()
    assert (joined.sponsorship.state, joined.sponsorship.next_charge_on) == (Plan.ACTIVE, dt.date(2026, 3, 31))
    assert Course.objects.get().outcome == Course.Outcome.PAID
    assert builders.in_fund(joined.sponsorship.project) == 2 * 9_180
    settled()
    assert len(builders.payments_of(joined)) == 3


@pytest.mark.parametrize(("card", "code"), [(FAILS_LATER, "generic_decline"), (ASKS_ALWAYS, "authentication_required")])
def test_a_new_card_that_is_refused_too_moves_no_step(stripe_stand_in: StandIn, card: str, code: str) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with clock.at(REFUSED_AT):
        billing.run_billing()
        joined.sponsorship.refresh_from_db()
        before = Course.objects.values().get()
        page = change(joined.sponsorship)
        stripe_stand_in.press(page, "pay", card)
        if card == ASKS_ALWAYS:
            stripe_stand_in.press(page, "confirm", card)
        found = settled()
    assert found.state == State.SAVED and found.retried is not None
    assert (found.retried.state, found.retried.failure_code) == (Payment.State.FAILED, code)
    assert Course.objects.values().get() == before
    assert Message.objects.filter(kind="card_failed").count() == 1


def test_a_worker_killed_after_the_card_was_kept_still_charges_it_once(stripe_stand_in: StandIn, monkeypatch: Any) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with clock.at(REFUSED_AT):
        billing.run_billing()
        joined.sponsorship.refresh_from_db()
        stripe_stand_in.press(change(joined.sponsorship), "pay", MASTERCARD)

        class Killed(BaseException):
            pass

        def killed(**kwargs: Any) -> None:
            raise Killed

        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr("sponsors.billing.services.carding.collect", killed)
            settled()
        attempt = builders.payments_of(joined)[-1]
        assert attempt.state == Payment.State.CREATED
        Payment.objects.filter(pk=attempt.pk).update(next_look_at=attempt.key_at)
        billing.sweep()
        settled()
    attempt.refresh_from_db()
    assert (attempt.state, len(builders.payments_of(joined))) == (Payment.State.BOOKED, 3)


def test_news_and_sweeper_find_a_card_that_nobody_came_back_for(stripe_stand_in: StandIn, client: Client) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
        stripe_stand_in.deliver_to(client)
        stripe_stand_in.press(change(joined.sponsorship), "pay", MASTERCARD)
        stripe_stand_in.deliver_to(client)
        for pk in inbox.due():
            inbox.handle(event_pk=pk)
        assert CardChange.objects.get().state == State.SAVED
        stripe_stand_in.press(change(joined.sponsorship), "pay")
        CardChange.objects.update(next_look_at=CardChange.objects.latest("pk").key_at)
        assert billing.sweep_cards() == 1
    joined.sponsorship.refresh_from_db()
    assert joined.sponsorship.card_label == "Visa ending 4242"
    with pytest.raises(Conflict):
        billing.on_card_news("CARD-9999", "cs_1", "checkout.session.completed")


def test_a_stopped_sponsorship_has_no_card_to_change_and_its_open_page_is_closed(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
        page = change(joined.sponsorship)
        billing.stop(actor=people.user(), sponsorship=joined.sponsorship)
        with pytest.raises(Conflict):
            change(joined.sponsorship)
        CardChange.objects.update(next_look_at=CardChange.objects.get().key_at)
        billing.sweep_cards()
    found = CardChange.objects.get()
    assert found.state == State.ABANDONED
    assert not gateway.read_checkout(found.checkout_id).open
    assert stripe_stand_in.press(page, "pay").status != 303
    joined.sponsorship.refresh_from_db()
    assert joined.sponsorship.card_label == "Visa ending 4242"


def test_the_processor_away_leaves_the_change_to_the_next_press(stripe_stand_in: StandIn, settings: Any) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
        there, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:1"
        with pytest.raises(gateway.Unavailable):
            change(joined.sponsorship)
        settings.STRIPE_API_BASE = there
        stripe_stand_in.press(change(joined.sponsorship), "pay", MASTERCARD)
        assert settled().state == State.SAVED
    assert CardChange.objects.count() == 1


def test_a_charge_of_the_old_card_that_was_on_its_way_does_not_bring_it_back(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
        page = change(joined.sponsorship)
    with clock.at(REFUSED_AT):
        payment = billing.renew(sponsorship_id=joined.sponsorship.pk, on=REFUSED_AT.date())
        assert payment is not None
        stripe_stand_in.press(page, "pay", MASTERCARD)
        settled()
        assert billing.collect(payment_id=payment.pk).card_label == "Visa ending 4242"
    joined.sponsorship.refresh_from_db()
    assert joined.sponsorship.card_label == "Mastercard ending 4444"


def test_a_page_that_cannot_be_read_is_shown_to_a_person_and_stops_no_other(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        tier = builders.tier()
        for name in ("Ada Example", "Bea Example"):
            joined = builders.sponsor(stripe_stand_in, tier, name=name)
            stripe_stand_in.press(change(joined.sponsorship), "pay", MASTERCARD)
        first, second = CardChange.objects.order_by("pk")
        CardChange.objects.update(next_look_at=timezone.now())
        CardChange.objects.filter(pk=first.pk).update(checkout_id="cs_of_nobody")
        assert billing.sweep_cards() == 2
    second.refresh_from_db()
    assert second.state == State.SAVED
    row = Trouble.objects.get()
    assert (row.job, row.about) == ("sponsors.billing.tasks.sweep_cards", f"card page:{first.pk}")
    page = people.browser(people.holder("treasurer")).get("/desk/waiting/").content.decode()
    assert "Look again at cards that are being changed" in page
