"""A change of payee details: nothing is paid for some days, everybody is told, and who made it does not release."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.ledger import checks
from funding.mail.models import Message
from funding.money import Money
from funding.payments import services as payments
from funding.people.models import User
from funding.states import IllegalTransition
from grants.engagements.models import Engagement
from grants.payouts import accounts, changes, executing, holding, services
from grants.payouts.models import Freeze, PayeeChange, Payout, PayoutRun
from tests.funding.builders import browser
from tests.funding.payments.standin import StandIn
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db
BALANCE = Money(1_000_000, "USD")
LATER = work.NOW + dt.timedelta(days=3)


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


@pytest.fixture
def engagement(desk: builders.Desk, stripe_stand_in: StandIn) -> Engagement:
    made = work.engagement(work.user("Marit Solheim"))
    builders.approved(made, 5, desk.lead)
    builders.onboarded(made.payee, made.worker, stripe_stand_in, balance=BALANCE)
    return made


@pytest.fixture
def account(engagement: Engagement) -> str:
    return payments.ConnectedAccount.objects.get(party=engagement.payee).account_id


def another_bank(account: str, stand_in: StandIn, last4: str = "4321") -> PayeeChange:
    stand_in.change_bank(account, last4)
    payments.refresh_account(account_id=account)
    return PayeeChange.objects.latest("pk")


def problems() -> list[str]:
    return [f"{result.code} {problem}" for result in checks.run() for problem in result.problems]


def test_the_first_bank_account_is_told_and_holds_nothing(desk: builders.Desk, engagement: Engagement) -> None:
    (first,) = PayeeChange.objects.all()
    assert (first.before, first.first, first.by) == ("", True, engagement.worker)
    assert first.after.startswith("Bank ending ")
    assert {mail.to for mail in Message.objects.filter(kind="payee_changed")} == {engagement.payee.email}
    assert {mail.to for mail in Message.objects.filter(kind="account_able")} == {engagement.payee.email}
    assert executing.execute(payout_id=builders.released(desk)[0].pk).state == "confirmed"


def test_another_bank_account_holds_for_three_days(
    desk: builders.Desk, engagement: Engagement, account: str, stripe_stand_in: StandIn
) -> None:
    change = another_bank(account, stripe_stand_in)
    assert re.fullmatch(r"Bank details: Bank ending \d{4} to Bank ending 4321", str(change))
    run = builders.prepared(desk.maker)
    held = run.payouts.get()
    assert (held.state, run.count) == ("held", 0)
    assert held.hold_reason == (
        "The bank details of Marit Solheim changed on Fri 30 Oct 2026, so nothing is paid there before Mon 2 Nov 2026, 12:00 UTC."
    )
    assert held.hold_reason in Message.objects.get(kind="payout_held").body
    services.cancel(actor=desk.maker, run=run, reason="Held")
    with clock.at(LATER):
        assert executing.execute(payout_id=builders.released(desk)[0].pk).state == "confirmed"


def test_the_length_is_a_setting(engagement: Engagement, account: str, stripe_stand_in: StandIn, settings: Any) -> None:
    settings.PAYEE_COOLING_OFF_DAYS = 10
    assert another_bank(account, stripe_stand_in).holds_until == work.NOW + dt.timedelta(days=10)


def test_a_change_after_the_preparation_takes_the_payee_out_of_the_run(
    desk: builders.Desk, engagement: Engagement, account: str, stripe_stand_in: StandIn
) -> None:
    other = work.engagement(work.user("Anna Berg"))
    builders.approved(other, 2, desk.lead)
    builders.onboarded(other.payee, other.worker, stripe_stand_in)
    run = builders.prepared(desk.maker)
    read = run.control_total
    another_bank(account, stripe_stand_in)
    run.refresh_from_db()
    assert (run.control_total, run.count) == (45900, 1)
    with pytest.raises(Conflict, match="The control total is"):
        services.release(actor=desk.checker, run=run, control_total=read, withheld=0)
    services.release(actor=desk.checker, run=run, control_total=45900, withheld=0)
    assert [payout.payee.name for payout in run.payouts.filter(state="ready")] == ["Anna Berg"]
    assert problems() == []
    with clock.at(LATER):
        assert [payout.payee.name for payout in builders.prepared(desk.maker).payouts.all()] == ["Marit Solheim"]


def test_the_release_asks_again(desk: builders.Desk, engagement: Engagement) -> None:
    """A change that was written down without looking at runs, as by two processes at once."""
    run = builders.prepared(desk.maker)
    cooling(engagement)
    with pytest.raises(Conflict, match=r"\$0.00 and you agreed to|held"):
        services.release(actor=desk.checker, run=run, control_total=run.control_total, withheld=0)
    assert run.payouts.get().state == "held"


def test_who_may_not_release_sets_nothing_aside(desk: builders.Desk, engagement: Engagement) -> None:
    run = builders.prepared(desk.maker)
    cooling(engagement)
    with pytest.raises(Refused):
        services.release(actor=desk.lead, run=run, control_total=run.control_total, withheld=0)
    assert run.payouts.get().state == "ready"


def cooling(engagement: Engagement, by: User | None = None) -> PayeeChange:
    return PayeeChange.objects.create(party=engagement.payee, what="bank", before="A", after="B", at=work.NOW, holds_until=LATER, by=by)


def test_the_execution_asks_again_and_frees_the_days(desk: builders.Desk, engagement: Engagement, stripe_stand_in: StandIn) -> None:
    (payout,) = builders.released(desk)
    cooling(engagement)
    assert executing.execute(payout_id=payout.pk).state == "held"
    assert PayoutRun.objects.get().state == "done"
    assert "transfer.created" not in [delivery.type for delivery in stripe_stand_in.pull()]
    assert problems() == []
    with clock.at(LATER):
        assert executing.execute(payout_id=builders.released(desk)[0].pk).state == "confirmed"


def test_what_is_owed_already_waits_and_is_sent_by_itself(desk: builders.Desk, engagement: Engagement, stripe_stand_in: StandIn) -> None:
    (payout,) = builders.released(desk)
    executing.owe(payout_id=payout.pk)
    cooling(engagement)
    with clock.at(work.NOW + executing.LEASE):
        waits = executing.execute(payout_id=payout.pk)
    assert (waits.state, waits.next_try_at) == ("sent", LATER)
    assert "changed on" in waits.failure
    with clock.at(LATER):
        assert executing.execute(payout_id=payout.pk).state == "confirmed"


def test_a_transfer_that_was_made_before_the_change_is_booked(desk: builders.Desk, engagement: Engagement) -> None:
    (payout,) = builders.released(desk)
    executing.send(payout=executing.owe(payout_id=payout.pk))
    cooling(engagement)
    with clock.at(work.NOW + executing.LEASE):
        assert executing.execute(payout_id=payout.pk).state == "confirmed"


def test_whoever_made_the_change_does_not_release(desk: builders.Desk, engagement: Engagement) -> None:
    with clock.at(work.NOW - dt.timedelta(days=5)):
        change = cooling(engagement, by=desk.checker)
    PayeeChange.objects.filter(pk=change.pk).update(holds_until=change.at)
    run = builders.prepared(desk.maker)
    with pytest.raises(Refused) as refused:
        services.release(actor=desk.checker, run=run, control_total=run.control_total, withheld=0)
    assert refused.value.rule == "changed"
    row = Record.objects.get(act="payouts.release")
    assert (row.actor_id, row.outcome, row.rule) == (desk.checker.pk, "refused", "changed")
    page = signed_in(desk.checker).get(run.get_absolute_url()).content.decode()
    assert "You took part in changing the details of Marit Solheim" in page and "Changed payee details" in page
    third = work.user("Third Signer", "treasurer")
    services.release(actor=third, run=run, control_total=run.control_total, withheld=0)
    with clock.at(work.NOW + dt.timedelta(minutes=1)):
        executing.execute(payout_id=run.payouts.get().pk)
    assert changes.hindrance(desk.checker, [engagement.payee]) is None


def test_whoever_made_the_change_does_not_send_it_again(desk: builders.Desk, engagement: Engagement) -> None:
    (payout,) = builders.released(desk)
    owed = executing.owe(payout_id=payout.pk)
    executing.fail(payout_id=payout.pk, key=str(owed.idempotency_key), reason="No.")
    change = cooling(engagement, by=desk.checker)
    with pytest.raises(Refused) as refused:
        services.retry(actor=desk.checker, payout=payout)
    assert refused.value.rule == "changed"
    with pytest.raises(Conflict, match="nothing is paid there before"):
        services.retry(actor=desk.maker, payout=payout)
    PayeeChange.objects.filter(pk=change.pk).update(holds_until=change.at)
    assert services.retry(actor=desk.maker, payout=payout).state == "sent"


def test_a_payee_who_was_paid_has_no_first_bank_account(
    desk: builders.Desk, engagement: Engagement, account: str, stripe_stand_in: StandIn
) -> None:
    """An account from before changes were written down: it was paid, and nothing is known of where to."""
    assert executing.execute(payout_id=builders.released(desk)[0].pk).state == "confirmed"
    PayeeChange.objects.all().delete()
    payments.ConnectedAccount.objects.update(destination="", destination_mark="")
    change = another_bank(account, stripe_stand_in)
    assert (change.first, change.holds_until) == (False, LATER)


def test_a_change_whose_news_was_lost_holds_when_it_is_sent(
    desk: builders.Desk, engagement: Engagement, account: str, stripe_stand_in: StandIn
) -> None:
    (payout,) = builders.released(desk)
    stripe_stand_in.change_bank(account, "4321")
    waits = executing.execute(payout_id=payout.pk)
    assert (waits.state, waits.next_try_at) == ("sent", LATER)
    assert "Bank ending 4321" in str(PayeeChange.objects.latest("pk"))
    with clock.at(LATER):
        assert executing.execute(payout_id=payout.pk).state == "confirmed"


# "This was not me"


def signed_in(somebody: Any) -> Client:
    return browser(somebody)


def link(mail: Message) -> str:
    found = re.search(r"http://\S+(/payouts/not-me/\S+)", mail.body)
    assert found, mail.body
    return found[1]


def test_the_mailed_link_stops_payouts_until_a_treasurer_has_looked(
    desk: builders.Desk, engagement: Engagement, account: str, stripe_stand_in: StandIn
) -> None:
    run = builders.prepared(desk.maker)
    another_bank(account, stripe_stand_in)
    where = link(Message.objects.filter(kind="payee_changed").latest("pk"))
    page = Client().get(where)
    assert page.status_code == 200 and "Bank ending 4321" in page.content.decode()
    assert not Freeze.objects.exists()
    for _ in range(2):
        assert Client().post(where).status_code == 302
    freeze = Freeze.objects.get()
    assert {mail.to for mail in Message.objects.filter(kind="payee_frozen")} == {desk.maker.email, desk.checker.email}
    services.cancel(actor=desk.maker, run=run, reason="Held")
    with clock.at(LATER + dt.timedelta(days=30)):
        held = builders.prepared(desk.maker).payouts.get()
        assert "said on Fri 30 Oct 2026 that it was not them" in held.hold_reason
        assert "Payouts to Marit Solheim are stopped" in signed_in(desk.maker).get("/payouts/payees/").content.decode()
        with pytest.raises(Invalid):
            changes.lift(actor=desk.maker, freeze=freeze, reason=" ")
        changes.lift(actor=desk.maker, freeze=freeze, reason="Called her; she changed banks.")
        assert holding.of([engagement.payee]) == {}
        assert Client().post(where).status_code == 409
    assert Record.objects.get(act="payouts.lift_freeze").reason == "Called her; she changed banks."


def test_only_an_independent_treasurer_lifts(desk: builders.Desk, engagement: Engagement) -> None:
    freeze = changes.freeze(change=cooling(engagement, by=desk.checker))
    work.grant(engagement.worker, "treasurer")
    for actor, rule in ((desk.lead, "role"), (engagement.worker, "benefits"), (desk.checker, "changed")):
        with pytest.raises(Refused) as refused:
            changes.lift(actor=actor, freeze=freeze, reason="It is fine.")
        assert refused.value.rule == rule
    assert Freeze.objects.get().lifted_at is None


@pytest.mark.parametrize("forged", ["1", "1:abc", "0:", "x" * 300])
def test_a_forged_link_is_not_there(engagement: Engagement, forged: str) -> None:
    assert Client().get(f"/payouts/not-me/{forged}/").status_code == 404
    assert Client().post(f"/payouts/not-me/{forged}/").status_code == 404


# The account in words


def test_what_the_processor_wants_is_said_in_words() -> None:
    names = ["individual.verification.document", "external_account", "tos_acceptance.date", "tos_acceptance.ip", "something.new"]
    assert accounts.missing(names) == (
        "the bank account that the money goes to",
        "your agreement to the processor's terms",
        "a document that proves who you are",
        "another detail, which its form names",
    )


def test_an_account_from_the_start_to_a_block(stripe_stand_in: StandIn) -> None:
    worker = work.user("Marit Solheim")
    engagement = work.engagement(worker)
    party = engagement.payee
    page = signed_in(worker)
    assert "Not set up" in page.get("/payouts/account/").content.decode()
    party.country = "US"
    party.save()
    payments.start_onboarding(party=party, actor=worker, return_url="https://site.example/r", refresh_url="https://site.example/f")
    row = payments.ConnectedAccount.objects.get()
    assert (row.form_opened_by, accounts.state_of(row).code) == (worker, "unfinished")
    body = page.get("/payouts/account/").content.decode()
    assert "Not finished" in body and "the bank account that the money goes to" in body
    stripe_stand_in.onboard(row.account_id)
    page.get("/payouts/account/return/")
    row.refresh_from_db()
    assert accounts.state_of(row).sentence.startswith("Payouts go to Bank ending ")
    stripe_stand_in.onboard(row.account_id, "blocked")
    blocked = payments.refresh_account(account_id=row.account_id)
    assert accounts.state_of(blocked).code == "blocked"
    assert "a document that proves who you are" in Message.objects.get(kind="account_needs").body
    assert "Blocked" in page.get("/payouts/account/").content.decode()
    again = page.get(f"/payouts/account/{party.pk}/again/", follow=True)
    assert "too old or used already" in again.content.decode()


def test_who_may_not_read_the_payees_does_not(desk: builders.Desk, engagement: Engagement) -> None:
    assert signed_in(engagement.worker).get("/payouts/payees/").status_code == 403
    assert "Marit Solheim" in signed_in(desk.maker).get("/payouts/payees/").content.decode()
    assert Payout.objects.count() == 0


def test_the_page_behind_the_link_is_kept_by_nobody_and_the_link_ends(engagement: Engagement, monkeypatch: pytest.MonkeyPatch) -> None:
    change, now = cooling(engagement), time.time()
    for days, status in ((0, 200), (59, 200), (61, 409)):
        with monkeypatch.context() as earlier:
            earlier.setattr(time, "time", lambda days=days: now - days * 24 * 3600)
            where = f"/payouts/not-me/{changes.token(change)}/"
        answer = Client().get(where)
        assert answer.status_code == status
        if status == 200:
            assert answer["X-Robots-Tag"] == "noindex" and "no-store" in answer["Cache-Control"]
    assert Client().post(where).status_code == 409
    assert not Freeze.objects.exists()


def test_what_left_the_funds_is_never_set_aside(desk: builders.Desk, engagement: Engagement) -> None:
    payout = executing.owe(payout_id=builders.released(desk)[0].pk)
    with pytest.raises(IllegalTransition):
        holding.set_aside(payout, holding.Hold("A reason", "A remedy"))
    assert payout.lines.count() == 5
