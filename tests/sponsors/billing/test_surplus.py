"""Two payments for one invoice, and a card fee that never comes: money that a person has to know of."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from funding import clock
from funding.errors import Conflict
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.mail.models import Message
from funding.payments import gateway
from funding.people.roles import Role
from sponsors.billing import links
from sponsors.billing import services as billing
from sponsors.billing.services import recording
from sponsors.invoices import selectors
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship
from tests.funding import builders as people
from tests.funding.payments.standin import FAILS_LATER, StandIn
from tests.sponsors import builders
from tests.sponsors.builders import JOINED

pytestmark = pytest.mark.django_db

REFUSED_AT = dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC)
State = Payment.State


def paid_beside(joined: builders.Joined, first: Payment) -> Payment:
    """An attempt that was given up, and of which the processor says now that it took the money after all."""
    late = Payment.objects.create(
        ref="PAY-7777", invoice=first.invoice, attempt=90, method="checkout", state=State.ABANDONED, idempotency_key="late",
        key_at=first.key_at, currency="USD", gross=first.gross, created_at=clock.now(), next_look_at=first.key_at,
    )  # fmt: skip
    charge = gateway.read_charge(first.charge_id)
    recording.record(
        payment_id=late.pk,
        charge=replace(charge, id="pi_late", balance_transaction="txn_late", metadata={"kind": "payment", "reference": late.ref}),
    )
    late.refresh_from_db()
    return late


def test_a_second_payment_of_an_invoice_is_owed_back_and_buys_nothing(stripe_stand_in: StandIn, client: Any) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
        before = Sponsorship.objects.values().get()
        late = paid_beside(joined, joined.payment)
        again = recording.record(payment_id=late.pk)
    assert (late.state, late.surplus, late.net, late.host_fee) == (State.BOOKED, True, 9_680, 0)
    assert again.entry == late.entry and Entry.objects.count() == 2
    assert builders.entry_lines(late.entry) == [
        ("surplus", "cash:stripe:USD", "clearing:USD", 10_000),
        ("processor_fee", "clearing:USD", "cash:stripe:USD", 320),
        ("owed_back", "clearing:USD", "owed:unidentified:USD", 9_680),
    ]
    owed = ledger.account("owed:unidentified:USD")
    assert (owed.credits - owed.debits, builders.in_fund(joined.sponsorship.project)) == (9_680, 9_180)
    assert Sponsorship.objects.values().get() == before, "it extends nothing"
    assert selectors.sponsors_in_month(joined.sponsorship.project, JOINED.date())[0].net.amount == 9_180
    assert "owed back to you" in Message.objects.get(kind="paid_twice").body
    assert Message.objects.filter(kind="receipt").count() == 1
    call_command("verify_books", stdout=StringIO())

    assert list(selectors.stuck()) == [late]
    page = people.browser(people.holder(Role.TREASURER)).get("/desk/payments/").text
    assert late.ref in page and "owed back to the sponsor" in page and "100.00" in page
    receipt = client.get(links.paid(late).removeprefix("http://127.0.0.1:8000")).text
    assert "was paid twice" in receipt
    assert client.get(f"/books/payments/{late.ref}/").status_code == 404


def test_an_old_page_that_is_paid_first_pays_and_closes_the_other(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with clock.at(REFUSED_AT):
        billing.run_billing()
        billing.pay(actor=people.user(), sponsorship=joined.sponsorship)
        page = builders.payments_of(joined)[-1]
        old = paid_beside(joined, Payment.objects.get(pk=page.pk, state=State.PROCESSING) and _as_of(joined, page))
    page.refresh_from_db()
    assert (old.state, old.surplus, page.state) == (State.BOOKED, False, State.ABANDONED)
    billing.settle(payment_id=page.pk)
    assert not gateway.read_checkout(page.checkout_id).open
    assert Invoice.objects.get(pk=page.invoice_id).state == Invoice.State.PAID


def test_while_the_saved_card_is_charged_its_outcome_comes_first(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
    with clock.at(REFUSED_AT):
        charging = billing.renew(sponsorship_id=joined.sponsorship.pk, on=REFUSED_AT.date())
        assert charging is not None
        with pytest.raises(Conflict, match="outcome comes first"):
            paid_beside(joined, _as_of(joined, charging))
    assert Payment.objects.get(ref="PAY-7777").state == State.ABANDONED


def _as_of(joined: builders.Joined, of: Payment) -> Payment:
    """That payment with the charge of the first one, to take an answer of the processor from."""
    of.charge_id = joined.payment.charge_id
    return of


def test_a_fee_that_does_not_come_in_a_day_needs_a_person(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    stripe_stand_in.fees_later(True)
    stripe_stand_in.press(billing.start_checkout(payment=joined.payment), "pay")
    builders.settled(joined)
    assert (joined.payment.state, joined.sponsorship.state) == (State.PAID, Sponsorship.State.ACTIVE)
    Payment.objects.update(looks=40)
    assert not selectors.stuck().exists(), "a fee may take hours"
    Payment.objects.update(paid_at=joined.payment.paid_at - dt.timedelta(hours=25))
    stuck = selectors.stuck().get()
    assert "has not told its fee" in selectors.why_stuck(stuck)
    stripe_stand_in.fees_later(False)
    Payment.objects.update(next_look_at=joined.payment.key_at)
    billing.sweep()
    assert not selectors.stuck().exists()
    assert Payment.objects.get().state == State.BOOKED
