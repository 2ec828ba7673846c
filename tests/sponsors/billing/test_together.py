"""Many charges of one run, booked in few calls to the books: each by itself, none lost, none twice."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.funds import reserve
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.ledger.services import Line
from funding.mail.models import Message
from funding.payments import gateway
from sponsors.billing import services as billing
from sponsors.billing.services import Joined, recording
from sponsors.invoices.models import Payment
from tests.funding.ledger import books
from tests.funding.payments.standin import StandIn
from tests.sponsors import builders

pytestmark = pytest.mark.django_db
State = Payment.State
FEBRUARY = dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC)


def joined(number: int) -> list[Joined]:
    tier = builders.tier()
    return [builders.sign_up(tier, name=f"Sponsor {n}", email=f"s{n}@example.org") for n in range(number)]


def charge(of: Joined, fee: int = 320) -> gateway.Charge:
    payment = of.payment
    return gateway.Charge(
        id=f"pi_{payment.ref}", status="succeeded", amount=payment.money, fee=builders.usd(fee),
        balance_transaction=f"txn_{payment.ref}", payment_method="pm_1", customer="cus_1", card_label="Visa ending 4242",
        failure_code=None, failure_message=None, metadata={"kind": "payment", "reference": payment.ref}, created=clock.now(),
    )  # fmt: skip


def states() -> list[str]:
    return list(Payment.objects.order_by("pk").values_list("state", flat=True))


def posts(queries: CaptureQueriesContext) -> int:
    return sum("ledger_post" in query["sql"] for query in queries)


def sound() -> bool:
    return [problem for result in checks.run() for problem in result.problems] == []


def test_what_came_together_is_booked_in_one_call_with_its_receipts() -> None:
    some = joined(3)
    with CaptureQueriesContext(connection) as queries, recording.together():
        for it in some:
            assert recording.record(payment_id=it.payment.pk, charge=charge(it)).state == State.PAID
        assert (posts(queries), states()) == (0, [State.PAID] * 3)
    assert (posts(queries), states()) == (1, [State.BOOKED] * 3)
    alone = builders.booked(builders.sign_up(builders.tier(builders.project("moss", "Moss")), email="z@example.org"))
    lines = [[(kind, amount) for kind, _debit, _credit, amount in builders.entry_lines(it)] for it in Entry.objects.order_by("number")]
    assert len(lines) == 4 and all(it == lines[-1] for it in lines), "as one by itself"
    first = Payment.objects.get(pk=some[0].payment.pk)
    assert (first.fee, first.host_fee, first.net) == (alone.payment.fee, alone.payment.host_fee, alone.payment.net)
    assert first.balance_transaction == f"txn_{first.ref}"
    assert (Message.objects.filter(kind="receipt").count(), sound()) == (4, True)


def test_a_call_holds_no_more_than_somebody_may_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "AT_ONCE", 2)
    some = joined(3)
    with CaptureQueriesContext(connection) as queries, recording.together():
        for number, it in enumerate(some, start=1):
            recording.record(payment_id=it.payment.pk, charge=charge(it))
            assert posts(queries) == number // 2
    assert posts(queries) == 2


def test_a_fee_that_does_not_fit_waits_for_a_person_and_the_others_are_booked() -> None:
    some = joined(3)
    with recording.together():
        for it, fee in zip(some, (320, 10_001, 320), strict=True):
            recording.record(payment_id=it.payment.pk, charge=charge(it, fee))
    assert states() == [State.BOOKED, State.PAID, State.BOOKED]
    waits = Payment.objects.get(pk=some[1].payment.pk)
    assert "does not fit" in waits.trouble and waits.entry_id is None
    assert (Message.objects.filter(kind="receipt").count(), sound()) == (2, True)


def test_what_the_books_refuse_waits_and_the_others_are_booked() -> None:
    some = joined(3)
    line = Line(books.cash(), books.fund(), 5, "gift")
    ledger.post(
        kind="gift", source="payment", reference=some[1].payment.ref, lines=[line], at=clock.now(), effective_on=clock.today()
    )  # the same key with other content
    with CaptureQueriesContext(connection) as queries, recording.together():
        for it in some:
            recording.record(payment_id=it.payment.pk, charge=charge(it))
    assert (posts(queries), states()) == (1, [State.BOOKED, State.PAID, State.BOOKED])
    assert Payment.objects.get(pk=some[1].payment.pk).trouble


def test_an_error_that_nobody_foresaw_stops_one_payment_and_not_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    some = joined(3)
    bad, tell = some[1].payment.pk, recording._tell

    def breaks(payment: Payment) -> None:
        if payment.pk == bad:
            raise RuntimeError("the mail's template")
        tell(payment)

    monkeypatch.setattr(recording, "_tell", breaks)
    with recording.together():
        for it in some:
            recording.record(payment_id=it.payment.pk, charge=charge(it))
    assert states() == [State.BOOKED, State.PAID, State.BOOKED]
    assert "the mail's template" in Payment.objects.get(pk=bad).trouble


def test_what_a_webhook_booked_meanwhile_is_booked_once() -> None:
    (it,) = joined(1)
    with recording.together():
        recording.record(payment_id=it.payment.pk, charge=charge(it))
        recording._book(it.payment.pk, builders.usd(320), "txn_1")
    assert (states(), Entry.objects.count(), Message.objects.filter(kind="receipt").count()) == ([State.BOOKED], 1, 1)


def test_what_a_dead_process_had_gathered_is_found_by_the_sweeper(stripe_stand_in: StandIn) -> None:
    it = builders.sign_up()
    stripe_stand_in.press(billing.start_checkout(payment=it.payment), "pay")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "_flush", lambda waiting: None)  # it dies before it books
        with recording.together():
            billing.settle(payment_id=it.payment.pk)
    assert states() == [State.PAID]
    assert billing.sweep().looked == 1
    assert (states(), Entry.objects.count()) == ([State.BOOKED], 1)


def test_while_the_host_is_short_each_payment_repays_by_itself() -> None:
    some = joined(2)
    line = Line(reserve.shortfall_account("USD"), books.cash(), 700, "fee")
    ledger.post(kind="fee", source="test", reference="fee", lines=[line], at=clock.now(), effective_on=clock.today())
    with recording.together():
        for it in some:
            recording.record(payment_id=it.payment.pk, charge=charge(it))
    assert states() == [State.BOOKED] * 2
    assert reserve.shortfall("USD") == builders.usd(0)
    assert sorted(Entry.objects.filter(kind="shortfall_repaid").values_list("reference", flat=True)) == [it.payment.ref for it in some]
    assert sound()


def test_a_billing_run_books_its_charges_together(stripe_stand_in: StandIn) -> None:
    with clock.at(builders.JOINED):
        tier = builders.tier()
        for number in range(3):
            builders.sponsor(stripe_stand_in, tier, name=f"Sponsor {number}", email=f"s{number}@example.org")
    with clock.at(FEBRUARY), CaptureQueriesContext(connection) as queries:
        run = billing.run_billing()
    assert (run.renewed, run.paid, run.failed) == (3, 3, 0)
    assert (posts(queries), states()) == (1, [State.BOOKED] * 6)
    assert (Entry.objects.count(), Message.objects.filter(kind="receipt").count(), sound()) == (6, 6, True)


def test_surpluses_are_booked_together_too() -> None:
    (it,) = joined(1)
    first = builders.booked(it).payment
    late = Payment.objects.create(
        ref="PAY-7777", invoice=first.invoice, attempt=90, method="checkout", state=State.ABANDONED, idempotency_key="late",
        key_at=first.key_at, currency="USD", gross=first.gross, created_at=clock.now(), next_look_at=first.key_at,
    )  # fmt: skip
    late_charge = replace(charge(it), id="pi_late", balance_transaction="txn_late")
    with recording.together():
        recording.record(payment_id=late.pk, charge=replace(late_charge, metadata={"kind": "payment", "reference": late.ref}))
    late.refresh_from_db()
    assert (late.state, late.surplus, late.net, late.host_fee) == (State.BOOKED, True, 9_680, 0)
    assert Message.objects.filter(kind="paid_twice").exists()
