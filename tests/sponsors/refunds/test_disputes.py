"""What a bank does is booked as it is: opened, won, lost, asked; whatever the order and number of the news."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from funding import clock
from funding.errors import Conflict
from funding.funds import reserve
from funding.ledger import checks
from funding.ledger.models import Entry
from funding.mail.models import Message
from sponsors.billing import services as billing
from sponsors.dunning.models import Course
from sponsors.invoices.models import Invoice
from sponsors.refunds import services as refunds
from sponsors.refunds.models import Dispute
from sponsors.sponsorships.models import Sponsorship
from tests.funding.ledger import books
from tests.funding.payments.standin import FAILS_LATER, StandIn
from tests.sponsors import builders as sponsors
from tests.sponsors.builders import JOINED, entry_lines
from tests.sponsors.refunds import builders
from tests.sponsors.refunds.builders import ask, balance, treasurer, usd

pytestmark = pytest.mark.django_db
State = Dispute.State


def sound() -> None:
    assert [problem for result in checks.run() for problem in result.problems] == []


def news(stand_in: StandIn) -> None:
    from funding.payments.tasks import sweep_inbox

    stand_in.deliver_to(Client())
    sweep_inbox()


def learned(processor_id: str) -> Dispute:
    found = refunds.learn(processor_id=processor_id)
    assert found is not None
    return found


def test_a_dispute_takes_the_money_out_of_the_fund_and_the_host_bears_the_fee(stripe_stand_in: StandIn) -> None:
    treasurer()
    joined = builders.paid(stripe_stand_in)
    cash = builders.cash()
    stripe_stand_in.dispute(joined.payment.charge_id)
    news(stripe_stand_in)

    dispute = Dispute.objects.get()
    assert (dispute.state, dispute.money, dispute.fee) == (State.OPEN, usd(10_000), 1_500)
    assert dispute.taking is not None
    kinds = [(kind, debit, credit) for kind, debit, credit, _ in entry_lines(dispute.taking.entry)]
    assert ("lost_fee", "fund:host-usd:USD", "cash:stripe:USD") in kinds
    assert ("disputed", "cash:disputed:USD", "cash:stripe:USD") in kinds
    assert (balance("owed:disputes:USD"), builders.cash("disputed"), builders.cash()) == (10_000, 10_000, cash - 11_500)
    assert balance("fund:quillon:USD") == 0
    assert Message.objects.filter(kind="dispute_opened").count() == 1
    sound()


def test_won_brings_everything_back(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    cash = builders.cash()
    made = stripe_stand_in.dispute(joined.payment.charge_id)
    news(stripe_stand_in)
    stripe_stand_in.close_dispute(made, "won")
    news(stripe_stand_in)
    assert Dispute.objects.get().state == State.WON
    assert (balance("owed:disputes:USD"), builders.cash("disputed"), builders.cash()) == (0, 0, cash - 1_500)
    assert balance("fund:quillon:USD") == 9_180
    sound()


def test_a_fee_that_comes_back_is_the_hosts_again(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    cash, host = builders.cash(), balance("fund:host-usd:USD")
    made = stripe_stand_in.dispute(joined.payment.charge_id)
    news(stripe_stand_in)
    stripe_stand_in.close_dispute(made, "won", fee_back=True)
    news(stripe_stand_in)
    assert (builders.cash(), balance("fund:host-usd:USD")) == (cash, host)
    sound()


def test_lost_settles_it_and_the_perks_end(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.paid(stripe_stand_in)
        made = stripe_stand_in.dispute(joined.payment.charge_id)
        news(stripe_stand_in)
        stripe_stand_in.close_dispute(made, "lost")
        news(stripe_stand_in)
    assert Dispute.objects.get().state == State.LOST
    assert (balance("owed:disputes:USD"), builders.cash("disputed")) == (0, 0)
    joined.sponsorship.refresh_from_db()
    assert joined.sponsorship.paid_through is not None and joined.sponsorship.paid_through < JOINED.date()
    sound()


def test_whoever_disputes_is_not_charged_again(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    stripe_stand_in.dispute(joined.payment.charge_id)
    news(stripe_stand_in)
    joined.sponsorship.refresh_from_db()
    assert joined.sponsorship.next_charge_on is None


def test_a_dispute_while_a_renewal_is_unpaid_ends_its_steps(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = sponsors.sponsor(stripe_stand_in, card=FAILS_LATER)
    with clock.at(dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC)):
        billing.run_billing()
        learned(stripe_stand_in.dispute(joined.payment.charge_id))
    joined.sponsorship.refresh_from_db()
    assert (joined.sponsorship.state, joined.sponsorship.stopped_at is None) == (Sponsorship.State.ENDED, False)
    assert Invoice.objects.latest("pk").state == Invoice.State.VOID
    assert Course.objects.get().outcome == Course.Outcome.STOPPED
    tried = len(sponsors.payments_of(joined))
    for _ in range(2):
        with clock.at(dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)):
            run = billing.run_dunning()
        assert (run.steps, run.failed) == (0, 0)
    assert len(sponsors.payments_of(joined)) == tried


def test_a_dispute_never_shrinks_a_reservation_and_is_never_refused(stripe_stand_in: StandIn) -> None:
    joined = sponsors.sponsor(stripe_stand_in)
    fund = builders.fresh(joined.sponsorship.fund.account)
    books.reserve(fund, 9_180)
    stripe_stand_in.dispute(joined.payment.charge_id)
    news(stripe_stand_in)
    assert builders.fresh(fund).reserved == 9_180
    assert reserve.shortfall("USD") == usd(9_180 + 320 + 1_500)
    sound()


def test_no_refund_of_a_disputed_charge(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    stripe_stand_in.dispute(joined.payment.charge_id)
    news(stripe_stand_in)
    with pytest.raises(Conflict, match="never refunded"):
        ask(joined.payment)


def test_an_inquiry_moves_nothing_until_it_becomes_a_dispute(stripe_stand_in: StandIn) -> None:
    treasurer()
    joined = builders.paid(stripe_stand_in)
    entries = Entry.objects.count()
    made = stripe_stand_in.dispute(joined.payment.charge_id, inquiry=True)
    news(stripe_stand_in)
    assert (Dispute.objects.get().state, Entry.objects.count()) == (State.WATCHED, entries)
    assert Message.objects.filter(kind="dispute_inquiry").count() == 1
    stripe_stand_in.escalate_dispute(made)
    news(stripe_stand_in)
    assert Dispute.objects.get().state == State.OPEN
    sound()


def test_an_inquiry_that_ends_is_closed(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    made = stripe_stand_in.dispute(joined.payment.charge_id, inquiry=True)
    stripe_stand_in.close_dispute(made, "lost")
    news(stripe_stand_in)
    assert Dispute.objects.get().state == State.CLOSED


def test_news_in_any_order_and_number_books_once(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    made = stripe_stand_in.dispute(joined.payment.charge_id)
    stripe_stand_in.close_dispute(made, "lost")
    late = list(reversed(stripe_stand_in.pull()))
    entries = Entry.objects.count()
    for _ in range(2):
        stripe_stand_in.deliver_to(Client(), late)
    from funding.payments.tasks import sweep_inbox

    sweep_inbox()
    for _ in range(2):
        learned(made)
    assert Entry.objects.count() == entries + 2
    assert Dispute.objects.get().state == State.LOST
    sound()


def test_a_dispute_that_no_news_told_of_is_found_by_the_sweeper_once_it_is_known(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    made = stripe_stand_in.dispute(joined.payment.charge_id)
    learned(made)
    stripe_stand_in.close_dispute(made, "won")
    stripe_stand_in.pull()
    Dispute.objects.update(next_look_at=timezone.now())
    assert refunds.sweep().failed == 0
    assert Dispute.objects.get().state == State.WON


def test_a_dispute_before_the_payment_is_booked_waits_for_it(stripe_stand_in: StandIn) -> None:
    joined = sponsors.sign_up()
    stripe_stand_in.fees_later(True)
    stripe_stand_in.press(billing.start_checkout(payment=joined.payment), "pay")
    sponsors.settled(joined)
    made = stripe_stand_in.dispute(joined.payment.charge_id)
    assert learned(made).state == State.WATCHED
    stripe_stand_in.fees_later(False)
    sponsors.settled(joined)
    assert learned(made).state == State.OPEN
    sound()


def test_a_partly_refunded_payment_that_is_disputed(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    refunds.send(refund_id=ask(joined.payment, 4_000).pk)
    made = stripe_stand_in.dispute(joined.payment.charge_id)
    dispute = learned(made)
    assert dispute.money == usd(6_000)
    assert balance("fund:quillon:USD") == 0
    sound()


def test_a_dispute_of_a_charge_that_is_not_ours_is_nobodys(stripe_stand_in: StandIn, db: Any) -> None:
    from funding.payments import gateway

    customer = gateway.create_customer(name="X", email="x@example.org", metadata={}, key="k1")
    card = stripe_stand_in.attach_card(customer)
    charge = gateway.charge_off_session(
        customer=customer, payment_method=card, amount=usd(100), description="", kind="other", reference="O-1", key="k2"
    )
    assert refunds.learn(processor_id=stripe_stand_in.dispute(charge.id)) is None
    assert not Dispute.objects.exists()
