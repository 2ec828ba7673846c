"""From a released run to the payee's account: the entries an accountant reads, and what happens when something dies on the way."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from funding import clock
from funding.errors import Refused
from funding.funds import sources
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Entry, Reservation, Transfer
from funding.mail.models import Message
from funding.money import Money
from funding.payments.models import ConnectedAccount
from funding.people import services as people
from grants.engagements.models import Engagement
from grants.payouts import executing, services
from grants.payouts.models import Payout, PayoutLine
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


def transfers_sent(payout: Payout, stand_in: StandIn) -> int:
    """How many transfers the processor made: the one found, and the balance it left."""
    return sum(delivery.type == "transfer.created" for delivery in stand_in.pull())


def test_a_payout_is_owed_before_it_is_paid_and_settled_item_by_item(payout: Payout, engagement: Engagement) -> None:
    sent = executing.owe(payout_id=payout.pk)
    assert (sent.state, sent.idempotency_key) == ("sent", f"payout:{payout.ref_at_processor}:1")
    assert builders.entry_lines(sent.sent_entry) == [("fund:quillon:USD", "owed:payouts:USD", 22950)] * 5
    reservation = Reservation.objects.get()
    assert (reservation.reserved, reservation.drawn, reservation.open) == (229500, 114750, 114750)
    done = executing.execute(payout_id=payout.pk)
    assert done.state == "confirmed"
    assert done.transfer_id.startswith("tr_")
    assert builders.entry_lines(done.confirmed_entry) == [("owed:payouts:USD", "cash:stripe:USD", 22950)] * 5
    owed = ledger.account("owed:payouts:USD")
    assert owed.credits == owed.debits == 114750
    assert builders.problems() == []


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
        "pay@parse.example": "$688.50 for 1½ days of work",
        "marit.solheim@example.org": "$229.50 for ½ day of work",
        "anna.berg@example.org": "$459.00 for 1 day of work",
    }
    assert "half a day at $459.00 a day: $229.50" in mails["anna.berg@example.org"].body


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
    assert builders.problems() == []


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
    assert builders.problems() == []


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
    assert builders.problems() == []


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
    assert builders.problems() == []


def test_run_payouts_prints_counts_and_sums_and_is_safe_twice(payout: Payout, capsys: Any) -> None:
    call_command("run_payouts")
    assert capsys.readouterr().out == "confirmed: 1, $1,147.50\n"
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
    assert builders.problems() == []


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
    assert builders.problems() == []
    with connection.cursor() as cursor:
        cursor.execute(statement)
    found = checks.run("I9")[0].problems
    assert any(words in problem for problem in found), found
    assert PayoutLine.objects.exists()
