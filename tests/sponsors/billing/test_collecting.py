"""What became of a payment, against the real stand-in: every fact once, whatever door it comes through."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from funding import clock
from funding.errors import Conflict
from funding.ledger.models import Entry
from funding.mail.models import Message
from funding.payments import gateway, inbox
from sponsors.billing import services as billing
from sponsors.billing.services import recording
from sponsors.invoices import services as invoices
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship
from tests.funding.payments.standin import FAILS_LATER, StandIn
from tests.sponsors import builders
from tests.sponsors.builders import JOINED

pytestmark = pytest.mark.django_db
real_commits = pytest.mark.django_db(transaction=True)

State = Payment.State
DAY = dt.timedelta(days=1)


def at(year: int, month: int, day: int) -> Any:
    return clock.at(dt.datetime(year, month, day, 12, tzinfo=dt.UTC))


def test_a_payment_of_a_hundred_dollars_is_one_entry_of_four_lines(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)

    payment, sponsorship = joined.payment, joined.sponsorship
    assert builders.entry_lines(payment.entry) == [
        ("contribution", "cash:stripe:USD", "clearing:USD", 10_000),
        ("processor_fee", "clearing:USD", "cash:stripe:USD", 320),
        ("host_fee", "clearing:USD", "fund:host-usd:USD", 500),
        ("allocation", "clearing:USD", "fund:quillon:USD", 9_180),
    ]
    assert (payment.state, payment.fee, payment.host_fee, payment.net) == (State.BOOKED, 320, 500, 9_180)
    assert (payment.entry.source, payment.entry.reference, payment.entry.effective_on) == ("payment", payment.ref, dt.date(2026, 1, 31))
    assert {row.party_id for row in payment.entry.transfers.filter(kind__in=["contribution", "allocation"])} == {joined.party.pk}
    assert joined.invoice.state == Invoice.State.PAID
    assert (sponsorship.state, sponsorship.paid_through) == (Sponsorship.State.ACTIVE, dt.date(2026, 2, 27))
    assert (sponsorship.next_charge_on, sponsorship.card_label) == (dt.date(2026, 2, 28), "Visa ending 4242")
    receipt = Message.objects.get(kind="receipt")
    assert receipt.to == "ada@example.org"
    for words in (
        "Card fee: −$3.20",
        "Host, 5%: −$5.00",
        "Buys time: $91.80",
        "Sat 28 Feb 2026",
        "nothing to do",
        "/giving/stop/",
    ):
        assert words in receipt.body
    assert stripe_stand_in.refusals() == []


def test_settling_again_changes_nothing(stripe_stand_in: StandIn) -> None:
    joined = builders.sponsor(stripe_stand_in)
    for _ in range(3):
        billing.settle(payment_id=joined.payment.pk)
    assert Entry.objects.count() == 1
    assert Message.objects.filter(kind="receipt").count() == 1


@real_commits
def test_three_doors_at_once_post_once(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    stripe_stand_in.press(billing.start_checkout(payment=joined.payment), "pay")
    barrier, failures = threading.Barrier(6), []

    def door() -> None:
        try:
            barrier.wait(10)
            billing.settle(payment_id=joined.payment.pk)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=door) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert failures == []
    assert Entry.objects.count() == 1
    assert builders.in_fund(joined.sponsorship.project) == 9_180
    assert Message.objects.filter(kind="receipt").count() == 1


def test_a_fee_that_is_not_known_yet_leaves_the_payment_being_booked(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    stripe_stand_in.fees_later(True)
    stripe_stand_in.press(billing.start_checkout(payment=joined.payment), "pay")
    builders.settled(joined)

    assert (joined.payment.state, joined.payment.entry) == (State.PAID, None)
    assert joined.sponsorship.state == Sponsorship.State.ACTIVE
    assert not Message.objects.exists()

    stripe_stand_in.fees_later(False)
    Payment.objects.update(next_look_at=joined.payment.key_at)
    assert billing.sweep().looked == 1
    joined.payment.refresh_from_db()
    assert (joined.payment.state, joined.payment.fee) == (State.BOOKED, 320)
    assert Message.objects.filter(kind="receipt").count() == 1


def test_money_that_cannot_be_booked_is_known_and_waits_for_a_person(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    stripe_stand_in.press(billing.start_checkout(payment=joined.payment), "pay")
    joined.payment.refresh_from_db()
    charge = gateway.read_charge(gateway.read_checkout(joined.payment.checkout_id).payment_intent or "")
    recording.record(payment_id=joined.payment.pk, charge=replace(charge, fee=builders.usd(10_001)))
    for row in (joined.sponsorship, joined.invoice, joined.payment):
        row.refresh_from_db()
    assert (joined.payment.state, joined.payment.charge_id, joined.payment.entry) == (State.PAID, charge.id, None)
    assert (joined.invoice.state, joined.sponsorship.state) == (Invoice.State.PAID, Sponsorship.State.ACTIVE)
    assert "does not fit" in joined.payment.trouble
    assert not Message.objects.exists()

    builders.settled(joined)
    assert (joined.payment.state, joined.payment.trouble) == (State.BOOKED, "")
    assert Message.objects.filter(kind="receipt").count() == 1


def test_news_that_is_two_days_late_is_booked_on_the_day_of_the_charge(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    stripe_stand_in.press(billing.start_checkout(payment=joined.payment), "pay")
    joined.payment.refresh_from_db()
    charge = gateway.read_charge(gateway.read_checkout(joined.payment.checkout_id).payment_intent or "")
    earlier = replace(charge, created=charge.created - 2 * DAY)
    paid = recording.record(payment_id=joined.payment.pk, charge=earlier)
    assert (paid.paid_on, paid.entry.effective_on) == (earlier.created.date(), earlier.created.date())


def test_webhooks_twice_late_and_out_of_order_change_nothing(stripe_stand_in: StandIn, client: Client) -> None:
    joined = builders.sign_up()
    stripe_stand_in.press(billing.start_checkout(payment=joined.payment), "pay")
    deliveries = stripe_stand_in.pull()
    stripe_stand_in.deliver_to(client, deliveries[::-1])
    for pk in inbox.due():
        inbox.handle(event_pk=pk)
    joined.payment.refresh_from_db()
    assert joined.payment.state == State.BOOKED
    stripe_stand_in.deliver_to(client, deliveries)
    for pk in inbox.due():
        inbox.handle(event_pk=pk)
    assert Entry.objects.count() == 1


def test_news_that_overtakes_our_own_note_of_the_page_is_not_lost(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    stripe_stand_in.press(billing.start_checkout(payment=joined.payment), "pay")
    # As if the process had died after the processor's answer and before it was stored.
    Payment.objects.update(checkout_id="")
    billing.on_news(joined.payment.ref, "cs_whatever", "checkout.session.completed")
    joined.payment.refresh_from_db()
    assert joined.payment.state == State.BOOKED


def test_news_of_an_unknown_payment_is_kept_and_seen() -> None:
    with pytest.raises(Conflict):
        billing.on_news("PAY-9999", "pi_1", "payment_intent.succeeded")


def test_an_outcome_that_nobody_heard_is_asked_for_with_the_same_key(stripe_stand_in: StandIn, settings: Any) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
    there = settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    with at(2026, 2, 28):
        assert billing.run_billing().waiting == 1
        waiting = builders.payments_of(joined)[1]
        key = waiting.idempotency_key
        assert waiting.state == State.PROCESSING
        assert billing.run_billing().renewed == 0
    settings.STRIPE_API_BASE = there
    # The processor had acted although we never heard: the same key finds that charge instead of making another.
    charge = gateway.charge_off_session(
        customer=gateway.read_charge(joined.payment.charge_id).customer or "",
        payment_method=waiting.payment_method,
        amount=waiting.money,
        description=waiting.description,
        kind="payment",
        reference=waiting.ref,
        key=key,
    )
    Payment.objects.filter(pk=waiting.pk).update(next_look_at=waiting.key_at)
    billing.sweep()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.charge_id, waiting.idempotency_key) == (State.BOOKED, charge.id, key)
    assert builders.in_fund(joined.sponsorship.project) == 2 * 9_180


def test_a_key_that_the_processor_forgot_is_looked_up_before_anything_is_sent_again(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
    with at(2026, 2, 28):
        payment = billing.renew(sponsorship_id=joined.sponsorship.pk, on=dt.date(2026, 2, 28))
    assert payment is not None
    customer = gateway.read_charge(joined.payment.charge_id).customer or ""
    charge = gateway.charge_off_session(
        customer=customer,
        payment_method=payment.payment_method,
        amount=payment.money,
        description=payment.description,
        kind="payment",
        reference=payment.ref,
        key="the key that was forgotten",
    )
    Payment.objects.filter(pk=payment.pk).update(state=State.PROCESSING, key_at=payment.key_at - 2 * DAY)
    billing.settle(payment_id=payment.pk)
    payment.refresh_from_db()
    assert (payment.state, payment.charge_id) == (State.BOOKED, charge.id)


@real_commits
def test_two_workers_that_both_find_a_forgotten_key_take_the_money_once(stripe_stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
    with at(2026, 2, 28):
        payment = billing.renew(sponsorship_id=joined.sponsorship.pk, on=dt.date(2026, 2, 28))
    assert payment is not None
    Payment.objects.filter(pk=payment.pk).update(state=State.PROCESSING, key_at=payment.key_at - 2 * DAY)
    both, find, failures = threading.Barrier(2), gateway.find_charge, []

    def find_and_meet(**asked: Any) -> gateway.Charge | None:
        found = find(**asked)
        both.wait(20)
        return found

    monkeypatch.setattr(gateway, "find_charge", find_and_meet)

    def worker() -> None:
        try:
            billing.settle(payment_id=payment.pk)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    now = timezone.now()
    moved = gateway.balance_transactions(since=now - DAY, until=now + DAY)
    assert failures == []
    assert sum(movement.kind == "charge" for movement in moved) == 2, "the first payment, and the renewal once"


def test_a_charge_of_another_payment_is_not_booked(stripe_stand_in: StandIn) -> None:
    tier = builders.tier()
    paid = builders.sponsor(stripe_stand_in, tier)
    other = builders.sign_up(tier, email="bo@example.org")
    charge = gateway.read_charge(paid.payment.charge_id)
    with pytest.raises(Conflict):
        recording.record(payment_id=other.payment.pk, charge=charge)
    other.payment.refresh_from_db()
    assert other.payment.state == State.CREATED


def test_the_database_lets_an_invoice_have_one_live_payment() -> None:
    joined = builders.sign_up()
    with pytest.raises(IntegrityError), transaction.atomic():
        invoices.attempt(invoice=joined.invoice, method=Payment.Method.CHECKOUT)


def test_the_books_verify_after_a_month_of_everything(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        tier = builders.tier()
        builders.sponsor(stripe_stand_in, tier)
        builders.sponsor(stripe_stand_in, tier, email="bo@example.org", card=FAILS_LATER)
        builders.sponsor(stripe_stand_in, builders.tier(tier.project, 1_537, interval="once"), email="cy@example.org")
    with at(2026, 2, 28):
        billing.run_billing()
    call_command("verify_books", stdout=StringIO())
    # Four payments were taken: 100.00 three times and 15.37, less 3.20, 0.75 and the host's share of each.
    assert builders.in_fund(tier.project) == 3 * 9_180 + (1_537 - 75 - 76)
