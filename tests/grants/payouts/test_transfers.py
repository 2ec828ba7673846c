"""What the processor says of a payout's transfers: that they were made, that money came back, and what is not taken for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from funding import clock
from funding.errors import Conflict
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.mail.models import Message
from funding.money import Money
from funding.payments import gateway, inbox
from funding.payments.models import ConnectedAccount, InboxEvent
from grants.engagements.models import Engagement
from grants.payouts import executing, services
from grants.payouts.models import Payout, PayoutReturn, PayoutRun
from tests.funding.payments.standin import StandIn
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db
BALANCE = Money(1_000_000, "USD")


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


@pytest.fixture
def engagement(desk: builders.Desk, stripe_stand_in: StandIn) -> Engagement:
    """Marit with five approved half days of ten, and an account that can receive."""
    made = work.engagement(work.user("Marit Solheim"))
    builders.approved(made, 5, desk.lead)
    builders.onboarded(made.payee, made.worker, stripe_stand_in, balance=BALANCE)
    return made


@pytest.fixture
def payout(desk: builders.Desk, engagement: Engagement) -> Payout:
    return builders.released(desk)[0]


def test_the_webhook_confirms_what_the_answer_did_not(payout: Payout, stripe_stand_in: StandIn, client: Client) -> None:
    executing.send(payout=executing.owe(payout_id=payout.pk))
    deliveries = stripe_stand_in.pull()
    for _ in range(2):
        stripe_stand_in.deliver_to(client, deliveries)
        for event in InboxEvent.objects.all():
            inbox.handle(event_pk=event.pk)
    payout.refresh_from_db()
    assert payout.state == "confirmed"
    assert InboxEvent.objects.get(type="transfer.created").state == "done"
    assert Entry.objects.filter(kind="payout_confirmed").count() == 1


def test_money_that_comes_back_is_owed_again_and_can_be_sent_again(desk: builders.Desk, payout: Payout, stripe_stand_in: StandIn) -> None:
    done = executing.execute(payout_id=payout.pk)
    assert done.run.payouts.get().state == "confirmed"
    assert PayoutRun.objects.get().state == "done"
    stripe_stand_in.reverse(done.transfer_id)
    executing.on_news(payout.ref_at_processor, done.transfer_id, "transfer.reversed")
    executing.on_news(payout.ref_at_processor, done.transfer_id, "transfer.reversed")
    payout.refresh_from_db()
    assert (payout.state, payout.failure) == ("failed", "The money came back from the payee's account.")
    assert PayoutRun.objects.get().state == "released"
    (back,) = PayoutReturn.objects.all()
    assert builders.entry_lines(back.entry) == [("cash:stripe:USD", "owed:payouts:USD", 22950)] * 5
    assert Message.objects.get(kind="payout_returned").to == payout.payee.email
    assert builders.problems() == []
    services.retry(actor=desk.checker, payout=payout)
    again = executing.execute(payout_id=payout.pk)
    assert again.state == "confirmed"
    assert again.transfer_id != done.transfer_id
    assert PayoutRun.objects.get().state == "done"
    owed = ledger.account("owed:payouts:USD")
    assert owed.credits == owed.debits == 2 * payout.amount
    assert builders.problems() == []


def test_money_that_comes_back_before_its_answer_was_heard_is_booked_both_ways(
    desk: builders.Desk, payout: Payout, stripe_stand_in: StandIn
) -> None:
    """The processor shows two movements of its balance, so the books do too; nobody is told that they were paid."""
    first = executing.send(payout=executing.owe(payout_id=payout.pk))
    stripe_stand_in.reverse(first.id)
    with clock.at(work.NOW + executing.LEASE):
        assert executing.execute(payout_id=payout.pk).state == "failed"
    executing.on_news(payout.ref_at_processor, first.id, "transfer.reversed")
    payout.refresh_from_db()
    assert (payout.failure, payout.transfer_id) == ("The money came back from the payee's account.", first.id)
    assert [Entry.objects.filter(kind=kind).count() for kind in ("payout_confirmed", "payout_returned")] == [1, 1]
    assert not Message.objects.filter(kind="remittance").exists()
    assert {mail.to for mail in Message.objects.filter(kind="payout_failed")} == {desk.maker.email, desk.checker.email}
    assert executing.book(payout_id=payout.pk, transfer=first).state == "failed"
    services.retry(actor=desk.checker, payout=payout)
    executing.on_news(payout.ref_at_processor, first.id, "transfer.reversed")
    again = executing.execute(payout_id=payout.pk)
    assert again.state == "confirmed" and again.transfer_id != first.id
    owed = ledger.account("owed:payouts:USD")
    assert owed.debits == owed.credits == 2 * payout.amount
    assert builders.problems() == []


def test_parts_that_come_back_are_booked_one_by_one_with_the_processors_names(payout: Payout, stripe_stand_in: StandIn) -> None:
    done = executing.execute(payout_id=payout.pk)
    for cents in (10001, 25000):
        stripe_stand_in.reverse(done.transfer_id, Money(cents, "USD"))
    for _ in range(2):
        executing.on_news(payout.ref_at_processor, done.transfer_id, "transfer.reversed")
    stripe_stand_in.reverse(done.transfer_id, Money(5, "USD"))
    executing.on_news(payout.ref_at_processor, done.transfer_id, "transfer.reversed")
    returns = list(PayoutReturn.objects.all())
    assert [row.amount for row in returns] == [10001, 25000, 5]
    assert all(row.reversal_id.startswith("trr_") and row.balance_transaction for row in returns)
    payout.refresh_from_db()
    assert (payout.state, payout.outstanding) == ("failed", 35006)
    assert builders.problems() == []


def test_the_webhook_tells_that_it_came_back_before_it_was_confirmed(payout: Payout, stripe_stand_in: StandIn) -> None:
    first = executing.send(payout=executing.owe(payout_id=payout.pk))
    stripe_stand_in.reverse(first.id)
    executing.on_news(payout.ref_at_processor, first.id, "transfer.reversed")
    payout.refresh_from_db()
    assert payout.state == "failed"
    assert builders.problems() == []


def test_a_transfer_of_another_installation_is_not_taken_for_the_payout(payout: Payout, engagement: Engagement) -> None:
    """Two databases, such as one for trials and one for real, or one that was made anew, count their payouts from one."""
    account = ConnectedAccount.objects.get(party=engagement.payee).account_id
    theirs = gateway.send_transfer(
        account=account, amount=payout.money, kind="payout", reference=payout.ref, description="", key=f"payout:{payout.ref}:1"
    )
    done = executing.execute(payout_id=payout.pk)
    assert done.state == "confirmed"
    assert done.transfer_id != theirs.id
    with pytest.raises(Conflict):
        executing.on_news(payout.ref, theirs.id, "transfer.created")


@pytest.mark.parametrize("other", [{"account": "acct_of_somebody_else"}, {"metadata": {"reference": "PO-0001"}}])
def test_a_transfer_to_somebody_else_confirms_nothing(payout: Payout, other: dict[str, Any]) -> None:
    transfer = executing.send(payout=executing.owe(payout_id=payout.pk))
    with pytest.raises(Conflict, match="does not match"):
        executing.book(payout_id=payout.pk, transfer=dataclasses.replace(transfer, **other))
    payout.refresh_from_db()
    assert payout.state == "sent"


def test_a_transfer_of_another_sum_is_not_taken_for_the_payout(payout: Payout, stripe_stand_in: StandIn) -> None:
    owed = executing.owe(payout_id=payout.pk)
    transfer = executing.send(payout=owed)
    wrong = dataclasses.replace(transfer, amount=Money(1, "USD"))
    with pytest.raises(Conflict):
        executing.book(payout_id=payout.pk, transfer=wrong)
    with pytest.raises(Conflict):
        executing.on_news("PO-9999", transfer.id, "transfer.created")
