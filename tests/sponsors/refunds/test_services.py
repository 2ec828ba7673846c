"""Refunds against the real stand-in: asked, approved, sent, settled once, and put back when they fail."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.funds import reserve
from funding.ledger import checks
from funding.ledger.models import Entry
from funding.mail.models import Message
from funding.payments import gateway
from funding.people.models import Membership
from funding.people.roles import Role
from sponsors.billing import services as billing
from sponsors.invoices.models import Payment
from sponsors.refunds import services as refunds
from sponsors.refunds.models import Refund
from sponsors.refunds.services import sending
from sponsors.sponsorships.models import Sponsorship
from tests.funding import builders as people
from tests.funding.payments.standin import StandIn
from tests.sponsors import builders as sponsors
from tests.sponsors.builders import JOINED
from tests.sponsors.refunds import builders
from tests.sponsors.refunds.builders import ask, balance, treasurer, usd

pytestmark = pytest.mark.django_db
real_commits = pytest.mark.django_db(transaction=True)
State = Refund.State


def sound() -> None:
    assert [problem for result in checks.run() for problem in result.problems] == []


def sent(refund: Refund) -> Refund:
    refunds.send(refund_id=refund.pk)
    refund.refresh_from_db()
    return refund


def test_a_whole_refund_is_owed_then_paid_and_the_sponsor_reads_the_arithmetic(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    refund = ask(joined.payment)
    assert (refund.state, refund.from_others) == (State.APPROVED, 0)
    assert (balance("owed:refunds:USD"), balance("fund:quillon:USD")) == (10_000, 0)

    cash = builders.cash()
    refund = sent(refund)
    assert (refund.state, refund.credit_note) == (State.SUCCEEDED, refund.ref.replace("RF", "CN"))
    assert (balance("owed:refunds:USD"), builders.cash()) == (0, cash - 10_000)
    mail = Message.objects.get(kind="refunded")
    assert mail.to == "ada@example.org"
    for words in ("$100.00", f"Refunded, {refund.credit_note}: −$100.00", "Stays with the project and the host: $0.00"):
        assert words in mail.body
    sound()


def test_sending_again_changes_nothing(stripe_stand_in: StandIn) -> None:
    refund = sent(ask(builders.paid(stripe_stand_in).payment))
    entries = Entry.objects.count()
    for _ in range(2):
        sent(refund)
        refunds.on_news(refund.ref, refund.processor_id, "refund.updated")
    assert Entry.objects.count() == entries
    assert Message.objects.filter(kind="refunded").count() == 1
    assert len(gateway.find_refunds(refund.payment.charge_id)) == 1


def test_parts_add_up_and_nothing_more_goes_back(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    for amount in (3_333, 3_333, 3_334):
        sent(ask(joined.payment, amount))
    with pytest.raises(Invalid, match="All of this payment"):
        ask(joined.payment, 1)
    assert balance("fund:quillon:USD") == 0
    sound()


@pytest.mark.parametrize("amount", [0, -1, 10_001])
def test_a_sum_that_cannot_go_back_is_refused(stripe_stand_in: StandIn, amount: int) -> None:
    joined = builders.paid(stripe_stand_in)
    with pytest.raises(Invalid):
        ask(joined.payment, amount)


def test_a_whole_refund_ends_the_perks_and_charges_nobody_again_for_that_period(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.paid(stripe_stand_in)
        sent(ask(joined.payment))
    sponsorship = joined.sponsorship
    sponsorship.refresh_from_db()
    assert sponsorship.paid_through == dt.date(2026, 1, 30)
    assert sponsorship.next_charge_on == dt.date(2026, 2, 28)
    with clock.at(JOINED + dt.timedelta(days=3)):
        run = billing.run_billing()
        assert (run.renewed, run.ended, run.failed) == (0, 0, 0)
    with clock.at(dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC)):
        assert billing.run_billing().paid == 1
    sponsorship.refresh_from_db()
    assert (sponsorship.paid_through, sponsorship.next_charge_on) == (dt.date(2026, 3, 30), dt.date(2026, 3, 31))
    sound()


def test_a_part_leaves_the_perks_as_they_are(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    through = joined.sponsorship.paid_through
    sent(ask(joined.payment, 9_999))
    joined.sponsorship.refresh_from_db()
    assert joined.sponsorship.paid_through == through


def test_the_treasurer_may_stop_the_sponsorship_with_it(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.paid(stripe_stand_in)
        sent(ask(joined.payment, stop=True))
        joined.sponsorship.refresh_from_db()
        assert joined.sponsorship.stopped_at is not None
        assert "Your card is not charged again" in Message.objects.get(kind="refunded").body
        billing.run_billing()
    joined.sponsorship.refresh_from_db()
    assert joined.sponsorship.state == Sponsorship.State.ENDED


# Who may


def test_only_a_treasurer_asks_and_only_with_a_reason(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    for role in (Role.ADMIN, Role.AUDITOR):
        with pytest.raises(Refused):
            ask(joined.payment, actor=people.holder(role))
    with pytest.raises(Invalid):
        ask(joined.payment, reason=" ")
    assert Record.objects.filter(act="refunds.ask", outcome="refused").count() == 2


def test_nobody_refunds_themselves(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    actor = treasurer()
    people.tie(actor, joined.party, Membership.Role.OWNER)
    with pytest.raises(Refused) as refusal:
        ask(joined.payment, actor=actor)
    assert refusal.value.rule == "benefits"


def test_spent_money_takes_a_second_person_who_agreed_to_the_sum(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    builders.spend(joined, 5_000)
    builders.set_aside(20_000)
    refund = ask(joined.payment)
    assert (refund.state, refund.from_others, refund.from_reserve) == (State.REQUESTED, 5_000, 5_000)
    assert balance("owed:refunds:USD") == 0
    assert refund.asked_by is not None
    with pytest.raises(Refused) as refusal:
        refunds.approve(actor=refund.asked_by, refund=refund, from_others=5_000)
    assert refusal.value.rule == "prepared"
    assert Record.objects.get(act="refunds.approve").rule == "prepared"
    with pytest.raises(Conflict, match="not the ones that you agreed to"):
        refunds.approve(actor=treasurer(), refund=refund, from_others=4_999)
    refunds.approve(actor=treasurer(), refund=refund, from_others=5_000)
    assert sent(refund).state == State.SUCCEEDED
    # The sponsor's share of 5.00 for the host was set aside with the rest, and is given back from the reserve.
    assert balance("fund:reserve-usd:USD") == 20_000 - 5_000 - 500
    sound()


def test_an_approval_never_takes_more_than_was_agreed_to(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    builders.spend(joined, 5_000)
    builders.set_aside(20_000)
    refund = ask(joined.payment)
    builders.spend(joined, 1_000)
    with pytest.raises(Conflict, match="more than was agreed to"):
        refunds.approve(actor=treasurer(), refund=refund, from_others=5_000)
    refund.refresh_from_db()
    assert (refund.state, balance("owed:refunds:USD")) == (State.REQUESTED, 0)


def test_what_only_the_shortfall_could_bear_is_refused_with_the_sum(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    builders.spend(joined, 9_000)
    builders.set_aside(1_000)  # of which 5.00 are the sponsor's own share for the host
    with pytest.raises(Refused, match=r"\$85\.00 is missing") as refusal:
        ask(joined.payment)
    assert refusal.value.rule == "shortfall"
    assert not Refund.objects.exists()
    assert reserve.shortfall("USD") == usd(0)
    sound()


def test_a_request_is_declined_with_a_reason_and_another_can_be_made(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    builders.spend(joined, 5_000)
    builders.set_aside(20_000)
    refund = ask(joined.payment)
    with pytest.raises(Conflict, match="waits for its approval already"):
        ask(joined.payment)
    with pytest.raises(Invalid):
        refunds.decline(actor=treasurer(), refund=refund, reason=" ")
    refunds.decline(actor=treasurer(), refund=refund, reason="They agreed to wait.")
    with pytest.raises(Conflict):
        refunds.approve(actor=treasurer(), refund=refund, from_others=5_000)
    assert ask(joined.payment, 1_000).state == State.APPROVED


# When it goes wrong


def test_a_processor_that_is_away_leaves_it_owed_and_the_sweeper_sends_it(stripe_stand_in: StandIn, settings: Any) -> None:
    joined = builders.paid(stripe_stand_in)
    refund = ask(joined.payment)
    base, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    assert refunds.sweep() == sending.Sweep(1, 1)
    refund.refresh_from_db()
    assert (refund.state, balance("owed:refunds:USD")) == (State.APPROVED, 10_000)
    settings.STRIPE_API_BASE = base
    Refund.objects.update(next_look_at=timezone.now())
    refunds.sweep()
    refund.refresh_from_db()
    assert refund.state == State.SUCCEEDED
    sound()


def test_an_answer_that_nobody_heard_is_found_and_not_made_twice(stripe_stand_in: StandIn) -> None:
    refund = ask(builders.paid(stripe_stand_in).payment)
    gateway.refund(
        charge=refund.payment.charge_id, amount=refund.money, kind="refund", reference=refund.ref, reason="duplicate", key="another-key"
    )
    assert sent(refund).state == State.SUCCEEDED
    assert len(gateway.find_refunds(refund.payment.charge_id)) == 1


def test_a_refund_that_fails_later_is_put_back_and_both_sides_are_told(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    through, cash = joined.sponsorship.paid_through, builders.cash()
    stripe_stand_in.refunds_later(True)
    refund = sent(ask(joined.payment))
    assert refund.state == State.SENT
    stripe_stand_in.settle_refund(refund.processor_id, "failed", "expired_or_canceled_card")
    stripe_stand_in.deliver_to(Client())
    sent(refund)
    assert refund.state == State.FAILED
    assert (builders.cash(), balance("owed:refunds:USD"), balance("fund:quillon:USD")) == (cash, 0, 9_180)
    joined.sponsorship.refresh_from_db()
    assert joined.sponsorship.paid_through == through
    assert Message.objects.filter(kind="refund_came_back").count() == 1
    sound()
    assert sent(ask(joined.payment)).state in (State.SENT, State.SUCCEEDED)
    sound()


def test_a_refund_can_fail_weeks_after_it_succeeded(stripe_stand_in: StandIn) -> None:
    refund = sent(ask(builders.paid(stripe_stand_in).payment))
    stripe_stand_in.settle_refund(refund.processor_id, "failed")
    refunds.on_news(refund.ref, refund.processor_id, "refund.failed")
    refund.refresh_from_db()
    assert (refund.state, balance("fund:quillon:USD")) == (State.FAILED, 9_180)
    sound()


def test_the_processors_refusal_puts_everything_back(stripe_stand_in: StandIn) -> None:
    """The charge is disputed, and the news of that has not come yet."""
    joined = builders.paid(stripe_stand_in)
    refund = ask(joined.payment)
    stripe_stand_in.dispute(joined.payment.charge_id)
    sent(refund)
    assert (refund.state, balance("owed:refunds:USD"), balance("fund:quillon:USD")) == (State.FAILED, 0, 9_180)
    assert not Message.objects.filter(kind="refunded").exists()
    sound()


def test_a_refund_made_at_the_processor_is_booked_as_a_fact(stripe_stand_in: StandIn) -> None:
    treasurer()
    joined = builders.paid(stripe_stand_in)
    builders.spend(joined, 9_180)
    stripe_stand_in.dashboard_refund(joined.payment.charge_id, usd(5_000))
    stripe_stand_in.deliver_to(Client())
    sweep_inbox()
    refund = Refund.objects.get()
    assert (refund.origin, refund.state, refund.money) == (Refund.Origin.PROCESSOR, State.SUCCEEDED, usd(5_000))
    assert reserve.shortfall("USD").amount == refund.from_others
    assert Message.objects.filter(kind="refund_elsewhere").count() == 1
    with pytest.raises(Invalid):
        ask(joined.payment, 5_001)
    sound()


def test_a_refund_of_a_charge_that_is_not_ours_is_nobodys(stripe_stand_in: StandIn) -> None:
    customer = gateway.create_customer(name="X", email="x@example.org", metadata={}, key="k1")
    card = stripe_stand_in.attach_card(customer)
    charge = gateway.charge_off_session(
        customer=customer, payment_method=card, amount=usd(100), description="", kind="other", reference="O-1", key="k2"
    )
    refunds.on_refund(stripe_stand_in.dashboard_refund(charge.id), "refund.created")
    assert not Refund.objects.exists()


def test_host_income_repays_the_shortfall_that_a_fact_from_outside_left(stripe_stand_in: StandIn) -> None:
    joined = sponsors.sponsor(stripe_stand_in)
    builders.spend(joined, 9_180)
    stripe_stand_in.dashboard_refund(joined.payment.charge_id)
    stripe_stand_in.deliver_to(Client())
    sweep_inbox()
    short = reserve.shortfall("USD").amount
    assert short > 500
    sponsors.sponsor(stripe_stand_in, joined.sponsorship.tier, email="second@example.org", name="Second")
    assert reserve.shortfall("USD").amount == short - 500
    sound()


@real_commits
def test_two_requests_at_once_never_refund_more_than_was_paid(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    actors = [treasurer() for _ in range(4)]
    barrier, refused = threading.Barrier(4), []

    def one(actor: Any) -> None:
        try:
            barrier.wait(10)
            ask(joined.payment, 6_000, actor=actor)
        except Invalid:
            refused.append(actor)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(refused) == 3
    assert Refund.objects.count() == 1
    sound()


@real_commits
def test_three_doors_at_once_settle_once(stripe_stand_in: StandIn) -> None:
    refund = ask(builders.paid(stripe_stand_in).payment)
    barrier, failures = threading.Barrier(4), []

    def door() -> None:
        try:
            barrier.wait(10)
            refunds.send(refund_id=refund.pk)
        except gateway.Unavailable:
            pass  # the processor is at work on the same key: a sweeper comes again
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=door) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sent(refund)
    assert (failures, refund.state) == ([], State.SUCCEEDED)
    assert len(gateway.find_refunds(refund.payment.charge_id)) == 1
    assert Message.objects.filter(kind="refunded").count() == 1
    sound()


def sweep_inbox() -> None:
    from funding.payments.tasks import sweep_inbox as sweep

    sweep()


def test_a_payment_that_is_not_booked_waits(stripe_stand_in: StandIn) -> None:
    joined = sponsors.sign_up()
    stripe_stand_in.fees_later(True)
    stripe_stand_in.press(billing.start_checkout(payment=joined.payment), "pay")
    sponsors.settled(joined)
    assert joined.payment.state == Payment.State.PAID
    with pytest.raises(Conflict, match="not booked yet"):
        ask(joined.payment)
