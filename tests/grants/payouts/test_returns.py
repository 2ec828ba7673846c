"""Money that comes back from a payee's bank, in whole or in part, and what is given up: to the cent, in any order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.funds import provenance
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Entry, Transfer
from funding.mail.models import Message
from funding.money import Money
from funding.payments import gateway
from funding.payments.models import ConnectedAccount
from grants.engagements.models import Engagement
from grants.payouts import debts, executing, services
from grants.payouts.models import DebtCancellation, Payout, PayoutRun
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db
HALF = 22950


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


def paid_from_two_funds(desk: builders.Desk) -> Payout:
    """Four half days for 918.00, of which 300.00 come from one fund and the rest from another; sent and not confirmed."""
    general, own = work.fund("general"), work.fund("tiers")
    engagement = work.engagement(work.user("Marit Solheim"), half_days=4, split=[(general, 30000), (own, 61800)])
    builders.approved(engagement, 4, desk.lead)
    builders.able(engagement.payee)
    (payout,) = builders.released(desk)
    return executing.owe(payout_id=payout.pk)


@pytest.fixture
def sent(desk: builders.Desk) -> Payout:
    return paid_from_two_funds(desk)


def said(payout: Payout, number: int = 1, *, back: int = 0, amount: int | None = None) -> gateway.Transfer:
    """What the processor would say of the payout's transfer of that number, of which `back` came back."""
    amount = payout.sending if amount is None else amount
    return gateway.Transfer(
        id=f"tr_{payout.pk}_{number}",
        account=ConnectedAccount.objects.get(party=payout.payee_id).account_id,
        amount=Money(amount, "USD"),
        reversed=back == amount,
        amount_reversed=Money(back, "USD"),
        reversals=(),
        balance_transaction=f"txn_{number}",
        metadata={"reference": payout.ref_at_processor},
        created=clock.now(),
    )


def problems() -> list[str]:
    return [f"{result.code} {problem}" for result in checks.run() for problem in result.problems]


def owed() -> int:
    account = ledger.account("owed:payouts:USD")
    return account.credits - account.debits


def rows(entry: Entry | None) -> list[tuple[str, str, int]]:
    found = Transfer.objects.filter(entry=entry).select_related("debit_account", "credit_account").order_by("line")
    return [(row.debit_account.code, row.credit_account.code, row.amount) for row in found]


def test_a_part_that_comes_back_is_owed_again_to_the_cent(desk: builders.Desk, sent: Payout) -> None:
    transfer = said(sent)
    executing.book(payout_id=sent.pk, transfer=transfer)
    payout = executing.book(payout_id=sent.pk, transfer=dataclasses.replace(transfer, amount_reversed=Money(25001, "USD")))
    assert (payout.state, payout.outstanding, owed()) == ("failed", 25001, 25001)
    assert payout.failure == "$250.01 of $918.00 came back from the payee's account."
    (back,) = payout.transfers.get().returns.all()
    assert [amount for _, _, amount in rows(back.entry)] == [HALF, 25001 - HALF]
    executing.book(payout_id=sent.pk, transfer=dataclasses.replace(transfer, amount_reversed=Money(25001, "USD")))
    assert owed() == 25001
    assert "$250.01 of the payout" in Message.objects.get(kind="payout_returned").body
    assert problems() == []


def test_only_the_part_that_came_back_is_sent_again(desk: builders.Desk, sent: Payout) -> None:
    executing.book(payout_id=sent.pk, transfer=said(sent, back=25001))
    services.retry(actor=desk.maker, payout=sent)
    sent.refresh_from_db()
    assert (sent.state, sent.attempt, sent.sending) == ("sent", 2, 25001)
    done = executing.book(payout_id=sent.pk, transfer=said(sent, 2))
    assert (done.state, done.outstanding, owed()) == ("confirmed", 0, 0)
    assert PayoutRun.objects.get().state == "done"
    again = Message.objects.filter(kind="remittance").latest("pk")
    assert "$250.01 sent again" in again.subject and "had come back of $918.00" in again.body
    assert problems() == []


def test_more_that_comes_back_while_a_part_is_on_its_way(desk: builders.Desk, sent: Payout) -> None:
    first = said(sent)
    executing.book(payout_id=sent.pk, transfer=dataclasses.replace(first, amount_reversed=Money(10000, "USD")))
    services.retry(actor=desk.maker, payout=sent)
    on_its_way = Payout.objects.get()
    executing.book(payout_id=sent.pk, transfer=dataclasses.replace(first, reversed=True, amount_reversed=first.amount))
    moving = Payout.objects.get()
    assert (moving.state, moving.sending, moving.outstanding) == ("sent", 10000, sent.amount)
    rest = executing.book(payout_id=sent.pk, transfer=said(on_its_way, 2))
    assert (rest.state, rest.outstanding, owed()) == ("failed", sent.amount - 10000, sent.amount - 10000)
    assert problems() == []


def test_a_second_transfer_that_nobody_asked_for_is_not_booked(sent: Payout) -> None:
    executing.book(payout_id=sent.pk, transfer=said(sent))
    with pytest.raises(Conflict):
        executing.book(payout_id=sent.pk, transfer=said(sent, 2))
    assert owed() == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.sampled_from(["return", "resend"]), st.integers(0, 5), st.integers(1, 91800)), max_size=8))
def test_any_order_of_returns_and_repeats_leaves_the_books_right(moves: list[tuple[str, int, int]]) -> None:
    """An oracle of plain integers beside the books: what each transfer moved and what of it came back."""
    sid = transaction.savepoint()
    try:
        desk = builders.desk()
        payout = paid_from_two_funds(desk)
        transfers = {1: payout.amount}
        back: dict[int, int] = {1: 0}
        executing.book(payout_id=payout.pk, transfer=said(payout))
        for what, which, amount in moves:
            number = which % len(transfers) + 1
            if what == "return":
                back[number] = min(transfers[number], back[number] + amount)
                executing.book(payout_id=payout.pk, transfer=said(payout, number, back=back[number], amount=transfers[number]))
            elif Payout.objects.get().state == "failed":
                services.retry(actor=desk.maker, payout=payout)
                again = Payout.objects.get()
                number = len(transfers) + 1
                transfers[number], back[number] = again.sending, 0
                executing.book(payout_id=payout.pk, transfer=said(again, number))
            with_payee = sum(transfers.values()) - sum(back.values())
            assert owed() == payout.amount - with_payee == Payout.objects.get().outstanding
        assert problems() == []
    finally:
        transaction.savepoint_rollback(sid)


# Debts


def failed(sent: Payout, back: int = 25001) -> Payout:
    return executing.book(payout_id=sent.pk, transfer=said(sent, back=back))


def test_a_cancelled_debt_goes_back_to_the_funds_it_came_from(desk: builders.Desk, sent: Payout) -> None:
    before = {slug: ledger.account(f"fund:{slug}:USD").available.amount for slug in ("general", "tiers")}
    failed(sent, back=35000)
    debts.ask(actor=desk.maker, payout=sent, reason="The company is dissolved.")
    assert Message.objects.get(kind="debt_asked").to == desk.checker.email
    done = debts.decide(actor=desk.checker, payout=sent, agree=True)
    sent.refresh_from_db()
    assert (sent.state, sent.outstanding, owed()) == ("written_off", 0, 0)
    assert PayoutRun.objects.get().state == "done"
    gained = {slug: ledger.account(f"fund:{slug}:USD").available.amount - before[slug] for slug in before}
    assert gained == {"general": 30000, "tiers": 5000}
    inflows = [row.pk for row in Transfer.objects.filter(entry=done.entry)]
    assert provenance.destinations(inflows).keys() <= set(inflows)
    assert Engagement.objects.get().state == "complete"
    assert {mail.to for mail in Message.objects.filter(kind="debt_cancelled")} == {sent.payee.email}
    assert problems() == []


def test_a_written_off_half_day_is_in_no_later_run(desk: builders.Desk, sent: Payout) -> None:
    failed(sent, back=sent.amount)
    debts.ask(actor=desk.maker, payout=sent, reason="Gone")
    debts.decide(actor=desk.checker, payout=sent, agree=True)
    with pytest.raises(Invalid):
        builders.prepared(desk.maker)


def test_whoever_asked_does_not_decide_and_it_is_audited(desk: builders.Desk, sent: Payout) -> None:
    failed(sent)
    debts.ask(actor=desk.maker, payout=sent, reason="Gone")
    with pytest.raises(Refused) as refused:
        debts.decide(actor=desk.maker, payout=sent, agree=True)
    assert refused.value.rule == "prepared"
    assert Record.objects.get(act="payouts.cancel_debt").outcome == "refused"
    assert owed() == 25001


@pytest.mark.parametrize("who", ["lead", "worker"])
def test_only_independent_treasurers_ask_and_decide(desk: builders.Desk, sent: Payout, who: str) -> None:
    failed(sent)
    worker = Engagement.objects.get().worker
    actor = desk.lead if who == "lead" else worker
    if who == "worker":
        work.grant(worker, "treasurer")
    with pytest.raises(Refused):
        debts.ask(actor=actor, payout=sent, reason="Gone")
    debts.ask(actor=desk.maker, payout=sent, reason="Gone")
    with pytest.raises(Refused):
        debts.decide(actor=actor, payout=sent, agree=True)


def test_a_debt_that_changed_meanwhile_is_not_cancelled(desk: builders.Desk, sent: Payout) -> None:
    failed(sent, back=25001)
    debts.ask(actor=desk.maker, payout=sent, reason="Gone")
    failed(sent, back=30000)
    with pytest.raises(Conflict, match=r"\$250.01 was asked for, and \$300.00 is outstanding"):
        debts.decide(actor=desk.checker, payout=sent, agree=True)
    assert debts.decide(actor=desk.checker, payout=sent, agree=False).state == "declined"
    assert Payout.objects.get().state == "failed"


def test_what_is_sent_again_is_no_debt_to_cancel(desk: builders.Desk, sent: Payout) -> None:
    with pytest.raises(Conflict):
        debts.ask(actor=desk.maker, payout=sent, reason="Gone")
    failed(sent)
    with pytest.raises(Invalid):
        debts.ask(actor=desk.maker, payout=sent, reason=" ")
    debts.ask(actor=desk.maker, payout=sent, reason="Gone")
    with pytest.raises(Conflict):
        debts.ask(actor=desk.checker, payout=sent, reason="Gone")
    services.retry(actor=desk.checker, payout=sent)
    with pytest.raises(Conflict):
        debts.decide(actor=desk.checker, payout=sent, agree=True)
    assert DebtCancellation.objects.get().state == "declined"


def test_money_that_comes_back_after_a_write_off_is_owed_again(desk: builders.Desk, sent: Payout) -> None:
    failed(sent, back=25001)
    debts.ask(actor=desk.maker, payout=sent, reason="Gone")
    debts.decide(actor=desk.checker, payout=sent, agree=True)
    late: Any = failed(sent, back=30000)
    assert (late.state, late.outstanding, owed()) == ("failed", 4999, 4999)
    assert PayoutRun.objects.get().state == "released"
    assert problems() == []
