"""Cash from the bank to the processor: asked once, booked once it has arrived, put back when the bank takes it back."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from funding import clock
from funding.errors import Invalid, Refused
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.mail.models import Message
from funding.money import Money
from funding.payments import cash, gateway, inbox, reconciliation, topups
from funding.payments.models import Difference, TopUp
from funding.people.models import User
from funding.people.roles import Role
from tests.funding.builders import browser, holder, host
from tests.funding.payments.standin import StandIn

pytestmark = pytest.mark.django_db
State = TopUp.State


def usd(units: int) -> Money:
    return Money(units, "USD")


@pytest.fixture
def treasurer() -> User:
    host()
    return holder(Role.TREASURER, name="Terry Vance")


def bank(units: int) -> None:
    """Money that arrived in the bank."""
    unknown = ledger.open_account(code="owed:unidentified:USD", klass="owed", currency="USD")
    line = ledger.Line(cash.bank("USD"), unknown, units, "unidentified")
    ledger.post(kind="unidentified", source="test", reference=f"B-{units}", lines=[line], at=clock.now(), effective_on=clock.today())


def sums() -> tuple[int, int]:
    in_bank, at_processor = cash.held("USD")
    return in_bank.amount, at_processor.amount


def ask(treasurer: User, units: int = 40_000) -> TopUp:
    bank(50_000)
    return topups.ask(actor=treasurer, amount=usd(units))


def now(row: TopUp) -> TopUp:
    return TopUp.objects.get(pk=row.pk)


def test_it_is_booked_when_it_has_arrived_and_reconciles(stripe_stand_in: StandIn, treasurer: User, client: Client) -> None:
    stripe_stand_in.topups_later(True)
    row = ask(treasurer)
    assert topups.send(pk=row.pk).state == State.PENDING
    assert (sums(), topups.movable("USD")) == ((50_000, 0), usd(10_000))
    stripe_stand_in.topups_later(False)
    assert "topup.succeeded" in stripe_stand_in.deliver_to(client)
    for pk in inbox.due():
        assert inbox.handle(event_pk=pk) == "done"
    assert (now(row).state, sums()) == (State.ARRIVED, (10_000, 40_000))
    entry = Entry.objects.get(kind="top_up")
    assert [(line.debit_account.code, line.credit_account.code, line.amount) for line in entry.transfers.all()] == [
        ("cash:stripe:USD", "cash:bank:USD", 40_000)
    ]
    run = reconciliation.reconcile(grace=dt.timedelta())
    assert (run.matched, run.opened, Difference.objects.count()) == (1, 0, 0)
    topups.record(pk=row.pk, found=gateway.read_top_up(now(row).processor_id))
    assert Entry.objects.filter(kind="top_up").count() == 1


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after"])
def test_an_answer_that_nobody_heard_moves_the_money_once(stripe_stand_in: StandIn, treasurer: User, kind: str) -> None:
    row = ask(treasurer)
    stripe_stand_in.trouble(kind, 1, "topups")
    with pytest.raises(gateway.Unavailable):
        topups.send(pk=row.pk)
    assert now(row).state == State.ASKED
    stripe_stand_in.clear()
    TopUp.objects.update(next_look_at=timezone.now())
    assert topups.sweep() == 0
    assert (now(row).state, sums()) == (State.ARRIVED, (10_000, 40_000))
    assert sum(balance.total.amount for balance in gateway.read_balance()) == 40_000


def test_one_that_fails_moves_nothing_and_treasurers_are_told(stripe_stand_in: StandIn, treasurer: User) -> None:
    stripe_stand_in.topups_later(True)
    row = topups.send(pk=ask(treasurer).pk)
    stripe_stand_in.settle_topup(row.processor_id, "failed")
    topups.send(pk=row.pk)
    assert (now(row).state, sums(), topups.movable("USD")) == (State.FAILED, (50_000, 0), usd(50_000))
    mail = Message.objects.get(kind="top_up_failed")
    assert (mail.to, "insufficient funds" in mail.body) == (treasurer.email, True)


def test_one_that_arrives_although_it_was_said_to_have_failed_is_booked_once(stripe_stand_in: StandIn, treasurer: User) -> None:
    stripe_stand_in.topups_later(True)
    row = topups.send(pk=ask(treasurer).pk)
    stripe_stand_in.settle_topup(row.processor_id, "failed")
    topups.send(pk=row.pk)
    late = dataclasses.replace(gateway.read_top_up(row.processor_id), status="succeeded", balance_transaction="txn_late")
    for _ in range(2):
        topups.record(pk=row.pk, found=late)
    assert (now(row).state, now(row).failure, sums()) == (State.ARRIVED, "", (10_000, 40_000))


def test_what_is_on_its_way_is_read_before_what_is_in_the_bank(treasurer: User) -> None:
    """The other way round, one that arrives between the two reads would count as still in the bank, and could be moved twice."""
    ask(treasurer)
    with CaptureQueriesContext(connection) as queries:
        topups.movable("USD")
    read = [query["sql"] for query in queries]
    assert "payments_topup" in read[0] and not any("payments_topup" in sql for sql in read[1:])


def test_where_the_processor_offers_none_the_refusal_is_shown(stripe_stand_in: StandIn, treasurer: User) -> None:
    stripe_stand_in.topups_later(True, refused=True)
    row = topups.send(pk=ask(treasurer).pk)
    assert (row.state, "verified bank account" in row.failure) == (State.FAILED, True)


def test_what_the_bank_takes_back_is_in_the_bank_again(stripe_stand_in: StandIn, treasurer: User) -> None:
    row = topups.send(pk=ask(treasurer).pk)
    stripe_stand_in.settle_topup(row.processor_id, "reversed")
    topups.record(pk=row.pk, found=gateway.read_top_up(row.processor_id))
    assert (now(row).state, sums()) == (State.REVERSED, (50_000, 0))
    assert reconciliation.reconcile(grace=dt.timedelta()).opened == 0


def test_only_a_treasurer_and_no_more_than_is_there(treasurer: User) -> None:
    bank(50_000)
    topups.ask(actor=treasurer, amount=usd(40_000))
    with pytest.raises(Invalid, match=r"\$100\.00 in the bank"):
        topups.ask(actor=treasurer, amount=usd(10_001))
    with pytest.raises(Refused):
        topups.ask(actor=holder(Role.ADMIN), amount=usd(1))
    assert TopUp.objects.count() == 1


def test_the_page_shows_both_places_and_takes_the_sum(treasurer: User) -> None:
    bank(50_000)
    terry = browser(treasurer)
    assert "500.00" in terry.get("/desk/cash/").content.decode()
    assert terry.post("/desk/cash/move/", {"amount": "600.00"}).status_code == 422
    assert terry.post("/desk/cash/move/", {"amount": "400.00"}).status_code == 302
    page = terry.get("/desk/cash/").content.decode()
    assert TopUp.objects.get().ref in page
    assert browser(holder(Role.AUDITOR)).get("/desk/cash/").status_code == 200
    assert browser(holder(Role.AUDITOR)).get("/desk/cash/move/").status_code == 403
    assert browser(holder(Role.MEMBER, "committee:core")).get("/desk/cash/").status_code == 403
