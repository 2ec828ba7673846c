"""Money in, against the real stand-in: every fact once, whatever door it comes through."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from funding import clock
from funding.errors import Conflict, Invalid, Refused
from funding.ledger.models import Entry
from funding.mail.models import Message
from funding.payments import gateway, inbox
from funding.people.models import Membership, Party
from sponsors.billing import services as billing
from sponsors.billing.services import joining, recording
from sponsors.invoices import services as invoices
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers import services as tiers
from tests.funding import builders as people
from tests.funding.payments.standin import ASKS_ALWAYS, DECLINED, FAILS_LATER, StandIn
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
        "Card fee: USD −3.20",
        "Host, 5%: USD −5.00",
        "Buys time: USD 91.80",
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
    assert text == ("Renewed 2: 1 paid (USD 100.00), 1 refused (USD 100.00), 0 waiting for the processor. Ended 0. Errors 0.")


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
        assert (sponsorship.state, failed.state, failed.failure_code) == (Sponsorship.State.PAST_DUE, State.FAILED, code)
        letter = Message.objects.get(kind="card_failed")
        assert "/giving/card/" in letter.body and failed.bank_reason in letter.body
        assert ("The reason that the bank gave" in letter.body) == (failed.failure_message != "Your card was declined.")
        assert billing.run_billing().renewed == 0, "a sponsorship that is past due is not billed further"
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


def test_pressing_pay_twice_opens_one_page(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with at(2026, 2, 28):
        billing.run_billing()
        first = billing.pay(actor=people.user(), sponsorship=joined.sponsorship)
        assert billing.pay(actor=people.user(), sponsorship=joined.sponsorship) == first
        stripe_stand_in.press(first, "pay")
        assert "/giving/paid/" in billing.pay(actor=people.user(), sponsorship=joined.sponsorship)
    assert builders.in_fund(joined.sponsorship.project) == 2 * 9_180
    with pytest.raises(Conflict):
        billing.pay(actor=people.user(), sponsorship=joined.sponsorship)


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


def test_a_one_time_payment_is_never_charged_again(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, builders.tier(interval="once"))
    assert joined.sponsorship.next_charge_on is None
    with at(2026, 2, 28):
        run = billing.run_billing()
    assert (run.renewed, run.ended) == (0, 1)


def test_a_page_that_expired_unpaid_ends_the_sign_up(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    billing.start_checkout(payment=joined.payment)
    joined.payment.refresh_from_db()
    gateway.expire_checkout(joined.payment.checkout_id)
    builders.settled(joined)
    assert (joined.payment.state, joined.sponsorship.state) == (State.ABANDONED, Sponsorship.State.ENDED)
    assert joined.invoice.state == Invoice.State.VOID


def test_a_sign_up_whose_page_was_never_opened_is_given_up_after_a_day(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    builders.settled(joined)
    assert joined.payment.state == State.CREATED
    Payment.objects.update(key_at=joined.payment.key_at - 2 * DAY)
    builders.settled(joined)
    assert (joined.payment.state, joined.sponsorship.state) == (State.ABANDONED, Sponsorship.State.ENDED)


def test_coming_back_from_the_card_page_replaces_the_sign_up(stripe_stand_in: StandIn) -> None:
    tier = builders.tier()
    first = builders.sign_up(tier)
    page = billing.start_checkout(payment=first.payment)
    details = {"kind": "person", "name": "Ada Example", "email": "ada@example.org"}
    second = billing.join(actor=people.user(), tier=tier, replaces=first.sponsorship, **details)
    assert second != page
    first.sponsorship.refresh_from_db()
    assert first.sponsorship.state == Sponsorship.State.ENDED

    third = Sponsorship.objects.exclude(pk=first.sponsorship.pk).get()
    stripe_stand_in.press(second, "pay")
    assert "/giving/paid/" in billing.join(actor=people.user(), tier=tier, replaces=third, **details)
    assert Sponsorship.objects.count() == 2


def test_a_declined_card_leaves_its_reason_and_another_try_works(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    page = billing.start_checkout(payment=joined.payment)
    stripe_stand_in.press(page, "pay", DECLINED)
    builders.settled(joined)
    assert (joined.payment.state, joined.payment.failure_code) == (State.PROCESSING, "generic_decline")
    stripe_stand_in.press(page, "pay")
    builders.settled(joined)
    assert (joined.payment.state, joined.payment.failure_code) == (State.BOOKED, "")


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


def test_who_signs_in_pays_through_their_own_party() -> None:
    tier, ada = builders.tier(), people.user("Ada Example")
    first, second = builders.sign_up(tier, ada), builders.sign_up(tier, ada)
    company = builders.sign_up(tier, ada, kind="organisation", name="Bracken  & Lowe", country="GB")
    same = builders.sign_up(tier, ada, kind="organisation", name="bracken & lowe", country="GB")
    assert first.party == second.party != company.party == same.party
    assert Membership.objects.filter(user=ada, role=Membership.Role.OWNER).count() == 2
    stranger = builders.sign_up(tier, email="ada.example@example.org")
    assert stranger.party != first.party and not stranger.party.memberships.exists()
    assert Party.objects.filter(name="Bracken & Lowe").count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " \u202e "}, "name"),
        ({"kind": "organisation", "country": ""}, "country"),
        ({"kind": "bank"}, "kind"),
        ({"naming": "loud"}, "naming"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_field(fields: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        builders.sign_up(**fields)
    assert refused.value.field == field
    assert not Sponsorship.objects.exists()


def test_a_tier_for_companies_is_not_for_people_and_a_retired_one_for_nobody() -> None:
    tier = builders.tier(audience="company")
    with pytest.raises(Invalid):
        builders.sign_up(tier)
    tiers.retire_tier(actor=builders.maintainer(tier.project), tier=tier)
    with pytest.raises(Conflict):
        builders.sign_up(tier, kind="organisation", country="NO")


def test_public_names_keep_scripts_and_lose_tricks() -> None:
    joined = builders.sign_up(public_name="  שרה\u202e\n Ödön 🦉 ")
    assert joined.sponsorship.public_name == "שרה Ödön 🦉"
    assert builders.sign_up(joined.sponsorship.tier, naming="secret").sponsorship.shown_name == "A sponsor"
    assert outbox.outbox == []


def test_an_address_that_signs_up_again_and_again_without_paying_has_to_wait(stripe_stand_in: StandIn) -> None:
    tier = builders.tier()
    for _ in range(10):
        builders.sign_up(tier)
    with pytest.raises(Refused):
        builders.sign_up(tier)
    builders.sign_up(tier, email="bo@example.org")
    with clock.at(clock.now() + dt.timedelta(minutes=61)):
        builders.sign_up(tier)


def test_sign_ups_from_one_place_and_of_one_tier_are_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    tier = builders.tier()
    monkeypatch.setattr(joining, "FROM_ONE_PLACE", 2)
    for number in range(2):
        builders.sign_up(tier, email=f"a{number}@example.org", place="2001:db8::7")
    with pytest.raises(Refused):
        builders.sign_up(tier, email="a2@example.org", place="2001:db8::7")
    builders.sign_up(tier, email="a3@example.org", place="2001:db8::8")
    monkeypatch.setattr(joining, "UNPAID_OF_A_TIER", 3)
    with pytest.raises(Refused):
        builders.sign_up(tier, email="a4@example.org")
    builders.sign_up(builders.tier(tier.project, 2_000), email="a4@example.org")


def test_a_cache_that_is_away_keeps_nobody_out(settings: Any) -> None:
    there = settings.CACHES["default"]
    settings.CACHES = {"default": {**there, "LOCATION": "redis://127.0.0.1:1/0"}}
    assert builders.sign_up(place="2001:db8::9").sponsorship.pk


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
