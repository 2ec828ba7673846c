"""From a released run to the payee's account: the entries an accountant reads, and what happens when something dies on the way."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client

from funding import clock
from funding.errors import Conflict, Refused
from funding.funds import sources
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Entry, Reservation, Transfer
from funding.mail.models import Message
from funding.money import Money
from funding.payments import gateway, inbox
from funding.payments.models import ConnectedAccount, InboxEvent
from funding.people import services as people
from grants.engagements.models import Engagement
from grants.payouts import executing, services
from grants.payouts.models import Payout, PayoutLine, PayoutReturn, PayoutRun
from grants.payouts.tasks import execute_payout, sweep_payouts
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


def lines(entry: Entry | None) -> list[tuple[str, str, int]]:
    """The entry as an accountant reads it: debit, credit, minor units."""
    rows = Transfer.objects.filter(entry=entry).select_related("debit_account", "credit_account").order_by("line")
    return [(row.debit_account.code, row.credit_account.code, row.amount) for row in rows]


def problems() -> list[str]:
    return [f"{result.code} {problem}" for result in checks.run() for problem in result.problems]


def transfers_sent(payout: Payout, stand_in: StandIn) -> int:
    """How many transfers the processor made: the one found, and the balance it left."""
    return sum(delivery.type == "transfer.created" for delivery in stand_in.pull())


def test_a_payout_is_owed_before_it_is_paid_and_settled_item_by_item(payout: Payout, engagement: Engagement) -> None:
    sent = executing.owe(payout_id=payout.pk)
    assert (sent.state, sent.idempotency_key) == ("sent", f"payout:{payout.ref_at_processor}:1")
    assert lines(sent.sent_entry) == [("fund:quillon:USD", "owed:payouts:USD", 22950)] * 5
    reservation = Reservation.objects.get()
    assert (reservation.reserved, reservation.drawn, reservation.open) == (229500, 114750, 114750)
    done = executing.execute(payout_id=payout.pk)
    assert done.state == "confirmed"
    assert done.transfer_id.startswith("tr_")
    assert lines(done.confirmed_entry) == [("owed:payouts:USD", "cash:stripe:USD", 22950)] * 5
    owed = ledger.account("owed:payouts:USD")
    assert owed.credits == owed.debits == 114750
    assert problems() == []


def test_the_books_say_which_half_day_each_line_paid(payout: Payout) -> None:
    done = executing.execute(payout_id=payout.pk)
    row = Transfer.objects.filter(entry=done.sent_entry).order_by("line").first()
    assert row is not None and (row.about_kind, row.party_id) == ("work", payout.payee_id)
    label = sources.describe([("work", int(row.about_id or 0))], work.user("A Sponsor"))["work", int(row.about_id or 0)]
    assert (label.text, label.half_days) == ("Marit Solheim, Thu 1 Oct 2026, morning: Rewrite the tokenizer", 1)


def test_the_remittance_advice_goes_to_the_payee_and_to_the_worker(desk: builders.Desk, stripe_stand_in: StandIn) -> None:
    owner = work.user("Company Owner")
    company = people.create_party(kind="organisation", name="Parse Ltd", email="pay@parse.example", owner=owner)
    for name, number in (("Marit Solheim", 1), ("Anna Berg", 2)):
        builders.approved(work.engagement(work.user(name), payee=company), number, desk.lead)
    builders.onboarded(company, owner, stripe_stand_in, balance=BALANCE)
    executing.execute(payout_id=builders.released(desk)[0].pk)
    mails = {mail.to: mail for mail in Message.objects.filter(kind="remittance")}
    assert {to: mail.subject.partition(": ")[2] for to, mail in mails.items()} == {
        "pay@parse.example": "USD 688.50 for 1½ days of work",
        "marit.solheim@example.org": "USD 229.50 for ½ day of work",
        "anna.berg@example.org": "USD 459.00 for 1 day of work",
    }
    assert "half a day at USD 459.00 a day: USD 229.50" in mails["anna.berg@example.org"].body


def test_executing_twice_pays_once(payout: Payout, stripe_stand_in: StandIn) -> None:
    assert execute_payout(payout.pk) == "confirmed"
    assert execute_payout(payout.pk) == "confirmed"
    assert sweep_payouts() == 0
    assert transfers_sent(payout, stripe_stand_in) == 1
    assert Message.objects.filter(kind="remittance").count() == 1


def test_nothing_is_paid_before_the_release(desk: builders.Desk, engagement: Engagement, stripe_stand_in: StandIn) -> None:
    run = builders.prepared(desk.maker)
    payout = run.payouts.get()
    assert executing.execute(payout_id=payout.pk).state == "ready"
    assert executing.due() == []
    assert transfers_sent(payout, stripe_stand_in) == 0
    assert not Entry.objects.filter(kind="payout_sent").exists()


def test_a_kill_before_the_call_is_found_by_the_sweeper(payout: Payout, stripe_stand_in: StandIn) -> None:
    executing.owe(payout_id=payout.pk)
    assert executing.due() == []
    with clock.at(work.NOW + executing.LEASE):
        assert executing.due() == [payout.pk]
        assert sweep_payouts() == 1
    payout.refresh_from_db()
    assert payout.state == "confirmed"
    assert transfers_sent(payout, stripe_stand_in) == 1
    assert problems() == []


def test_a_kill_after_the_call_pays_once(payout: Payout, stripe_stand_in: StandIn) -> None:
    owed = executing.owe(payout_id=payout.pk)
    first = executing.send(payout=owed)
    with clock.at(work.NOW + executing.LEASE):
        sweep_payouts()
    payout.refresh_from_db()
    assert (payout.state, payout.transfer_id) == ("confirmed", first.id)
    assert transfers_sent(payout, stripe_stand_in) == 1
    assert Entry.objects.filter(kind="payout_sent").count() == 1


def test_a_kill_after_the_call_and_a_day_without_the_site_pay_once(payout: Payout, stripe_stand_in: StandIn) -> None:
    first = executing.send(payout=executing.owe(payout_id=payout.pk))
    Payout.objects.filter(pk=payout.pk).update(idempotency_key="payout:forgotten")
    with clock.at(work.NOW + dt.timedelta(hours=30)):
        assert sweep_payouts() == 1
    payout.refresh_from_db()
    assert (payout.state, payout.transfer_id) == ("confirmed", first.id)
    assert transfers_sent(payout, stripe_stand_in) == 1


def test_an_answer_that_was_lost_for_days_is_looked_up_before_it_is_asked_again(payout: Payout, stripe_stand_in: StandIn) -> None:
    owed = executing.owe(payout_id=payout.pk)
    first = executing.send(payout=owed)
    executing.postpone(payout_id=payout.pk, reason="No answer.")
    Payout.objects.filter(pk=payout.pk).update(idempotency_key="payout:forgotten")
    with clock.at(work.NOW + executing.LONGEST_WAIT):
        assert executing.execute(payout_id=payout.pk).transfer_id == first.id
    assert transfers_sent(payout, stripe_stand_in) == 1


def test_a_processor_that_cannot_be_reached_is_asked_again_with_the_same_key(
    payout: Payout, stripe_stand_in: StandIn, settings: Any
) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    waiting = executing.execute(payout_id=payout.pk)
    assert (waiting.state, waiting.tries) == ("sent", 1)
    assert waiting.next_try_at and waiting.next_try_at > work.NOW
    settings.STRIPE_API_BASE = stripe_stand_in.base
    with clock.at(waiting.next_try_at):
        assert sweep_payouts() == 1
    payout.refresh_from_db()
    assert (payout.state, payout.attempt, payout.failure) == ("confirmed", 1, "")
    assert transfers_sent(payout, stripe_stand_in) == 1


def test_a_refusal_by_the_processor_is_shown_and_a_treasurer_sends_it_again(
    desk: builders.Desk, engagement: Engagement, payout: Payout, stripe_stand_in: StandIn
) -> None:
    account = ConnectedAccount.objects.get(party=engagement.payee).account_id
    stripe_stand_in.onboard(account, "blocked")
    failed = executing.execute(payout_id=payout.pk)
    assert failed.state == "failed"
    assert "capabilities" in failed.failure
    assert {mail.to for mail in Message.objects.filter(kind="payout_failed")} == {desk.maker.email, desk.checker.email}
    assert sweep_payouts() == 0
    assert ledger.account("owed:payouts:USD").credits == payout.amount
    with pytest.raises(Refused):
        services.retry(actor=desk.lead, payout=failed)
    stripe_stand_in.onboard(account)
    services.retry(actor=desk.maker, payout=failed)
    again = executing.execute(payout_id=payout.pk)
    assert (again.state, again.attempt, again.idempotency_key) == ("confirmed", 2, f"payout:{payout.ref_at_processor}:2")
    assert Entry.objects.filter(kind="payout_sent").count() == 1
    assert problems() == []


def test_a_low_balance_waits_and_is_sent_by_itself_once_the_money_is_there(
    desk: builders.Desk, engagement: Engagement, stripe_stand_in: StandIn
) -> None:
    payout = _unfunded(desk, stripe_stand_in)
    first = executing.execute(payout_id=payout.pk)
    assert (first.state, first.attempt, first.tries) == ("sent", 2, 1)
    assert first.failure.startswith("The balance at the processor is too low.")
    assert {mail.to for mail in Message.objects.filter(kind="payout_balance_low")} == {desk.maker.email, desk.checker.email}
    assert sweep_payouts() == 0
    assert first.next_try_at is not None
    with clock.at(first.next_try_at):
        sweep_payouts()
    payout.refresh_from_db()
    assert (payout.state, payout.attempt) == ("sent", 3)
    assert Message.objects.filter(kind="payout_balance_low").count() == 2
    stripe_stand_in.fund(BALANCE)
    with clock.at(work.NOW + executing.LONGEST_WAIT):
        assert sweep_payouts() == 1
    payout.refresh_from_db()
    assert (payout.state, payout.failure, payout.outstanding) == ("confirmed", "", 0)
    assert transfers_sent(payout, stripe_stand_in) == 1
    assert problems() == []


def test_one_payee_who_cannot_be_paid_never_stops_the_others(desk: builders.Desk, engagement: Engagement, stripe_stand_in: StandIn) -> None:
    other = work.engagement(work.user("Anna Berg"))
    builders.approved(other, 2, desk.lead)
    account = builders.onboarded(other.payee, other.worker, stripe_stand_in)
    payouts = {payout.payee.name: payout for payout in builders.released(desk)}
    stripe_stand_in.onboard(account, "blocked")
    assert sweep_payouts() == 2
    states = {name: Payout.objects.get(pk=payout.pk).state for name, payout in payouts.items()}
    assert states == {"Anna Berg": "failed", "Marit Solheim": "confirmed"}


def _unfunded(desk: builders.Desk, stand_in: StandIn) -> Payout:
    """A released payout, and a processor that was emptied meanwhile."""
    stand_in.fund(-BALANCE)
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
    assert lines(back.entry) == [("cash:stripe:USD", "owed:payouts:USD", 22950)] * 5
    assert Message.objects.get(kind="payout_returned").to == payout.payee.email
    assert problems() == []
    services.retry(actor=desk.checker, payout=payout)
    again = executing.execute(payout_id=payout.pk)
    assert again.state == "confirmed"
    assert again.transfer_id != done.transfer_id
    assert PayoutRun.objects.get().state == "done"
    owed = ledger.account("owed:payouts:USD")
    assert owed.credits == owed.debits == 2 * payout.amount
    assert problems() == []


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
    assert problems() == []


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
    assert problems() == []


def test_the_webhook_tells_that_it_came_back_before_it_was_confirmed(payout: Payout, stripe_stand_in: StandIn) -> None:
    first = executing.send(payout=executing.owe(payout_id=payout.pk))
    stripe_stand_in.reverse(first.id)
    executing.on_news(payout.ref_at_processor, first.id, "transfer.reversed")
    payout.refresh_from_db()
    assert payout.state == "failed"
    assert problems() == []


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


def test_an_engagement_is_complete_when_its_last_half_day_is_confirmed(desk: builders.Desk, engagement: Engagement, payout: Payout) -> None:
    executing.execute(payout_id=payout.pk)
    engagement.refresh_from_db()
    assert engagement.state == "active"
    rest = work.log(engagement, 5, first=work.START.replace(day=20))
    work.approve(engagement, rest, desk.lead)
    executing.execute(payout_id=builders.released(desk)[0].pk)
    engagement.refresh_from_db()
    assert engagement.state == "complete"
    assert Reservation.objects.get().open == 0
    assert problems() == []


def test_run_payouts_prints_counts_and_sums_and_is_safe_twice(payout: Payout, capsys: Any) -> None:
    call_command("run_payouts")
    assert capsys.readouterr().out == "confirmed: 1, USD 1,147.50\n"
    call_command("run_payouts")
    assert capsys.readouterr().out == "Nothing is released and due.\n"


def test_run_payouts_fails_when_a_payout_does(payout: Payout, settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="1 of 1 payouts are not confirmed"):
        call_command("run_payouts")


@pytest.mark.django_db(transaction=True)
def test_two_executors_at_once_pay_once(payout: Payout, stripe_stand_in: StandIn) -> None:
    barrier = threading.Barrier(4)
    states: list[str] = []

    def run() -> None:
        try:
            barrier.wait()
            states.append(executing.execute(payout_id=payout.pk).state)
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with clock.at(work.NOW + executing.LONGEST_WAIT):
        sweep_payouts()
    payout.refresh_from_db()
    assert len(states) == 4 and payout.state == "confirmed"
    assert transfers_sent(payout, stripe_stand_in) == 1
    assert Entry.objects.filter(kind="payout_sent").count() == Entry.objects.filter(kind="payout_confirmed").count() == 1
    assert problems() == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE payouts_payout SET amount = amount + 1", "add up to"),
        ("UPDATE payouts_payoutline SET amount = amount + 2 WHERE id = (SELECT min(id) FROM payouts_payoutline)", "add up to"),
        ("UPDATE payouts_payoutshare SET amount = amount - 1 WHERE id = (SELECT min(id) FROM payouts_payoutshare)", "funds' shares"),
        ("UPDATE timesheets_workentry SET rate_amount = 50000", "not an approved half day"),
        ("UPDATE timesheets_workentry SET state = 'logged'", "not an approved half day"),
        ("UPDATE payouts_payout SET sent_entry_id = (SELECT min(number) FROM ledger_entry), confirmed_entry_id = NULL, "
         "state = 'failed', outstanding = amount",
         "taken from the funds"),
    ],
)  # fmt: skip
def test_i9_finds_what_is_planted(payout: Payout, statement: str, words: str) -> None:
    executing.execute(payout_id=payout.pk)
    assert problems() == []
    with connection.cursor() as cursor:
        cursor.execute(statement)
    found = checks.run("I9")[0].problems
    assert any(words in problem for problem in found), found
    assert PayoutLine.objects.exists()
