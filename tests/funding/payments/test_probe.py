"""The replay of the flow on test keys, at a stand-in that speaks HTTP: what passes, what stops it, and what it must not touch."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import Client

from funding.errors import Refused
from funding.ledger.models import Entry
from funding.money import Money
from funding.payments import inbox, probe, reconciliation
from funding.payments.models import Difference, Probe
from funding.people.models import User
from funding.people.roles import Role
from tests.funding.builders import browser, holder, host, user
from tests.funding.payments.standin import StandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    party = host().party
    party.country = "NO"
    party.save()
    return holder(Role.ADMIN, name="Ada Berg")


def hear(stand_in: StandIn, client: Client) -> None:
    stand_in.deliver_to(client)
    for pk in inbox.due():
        inbox.handle(event_pk=pk)


def failed(row: Probe) -> list[str]:
    return [step["name"] for step in row.told if not step["ok"]]


def test_every_step_works_and_the_news_of_it_closes_the_circle(stripe_stand_in: StandIn, admin: User, client: Client) -> None:
    row = probe.run(actor=admin)
    assert failed(row) == []
    assert len(row.steps) == len(probe.STEPS)
    assert row.answered and not row.passed
    assert probe.waits_for_news(row)

    hear(stripe_stand_in, client)
    row = Probe.objects.get(pk=row.pk)
    assert row.passed
    assert not probe.waits_for_news(row)
    assert stripe_stand_in.refusals() == []


def test_nothing_is_written_into_the_books(stripe_stand_in: StandIn, admin: User, client: Client) -> None:
    probe.run(actor=admin)
    hear(stripe_stand_in, client)
    assert not Entry.objects.exists()


def test_what_it_leaves_on_the_balance_is_explained_by_itself_and_nothing_else_is(
    stripe_stand_in: StandIn, admin: User, client: Client
) -> None:
    row = probe.run(actor=admin)
    stripe_stand_in.fund(Money(5_000, "USD"))
    run = reconciliation.reconcile(grace=dt.timedelta(0))
    about = {difference.line.source[:2]: difference for difference in Difference.objects.select_related("line") if difference.line}
    assert {about["ch"].state, about["re"].state} == {Difference.State.EXPLAINED}
    assert row.ref in about["ch"].explanation
    assert about["ch"].closed_by == admin
    # The same run still opens what nobody can explain.
    assert run.opened == Difference.objects.filter(state=Difference.State.OPEN).count() == len(about) - 2


def test_it_stops_at_the_first_step_that_is_refused_and_says_why(stripe_stand_in: StandIn, admin: User) -> None:
    stripe_stand_in.trouble("500", count=4, operation="POST /v1/refunds")
    row = probe.run(actor=admin)
    assert failed(row) == ["The charge is refunded"]
    assert row.steps[-1]["ok"] is False
    assert not row.answered


def test_a_fee_that_is_not_booked_yet_is_said(stripe_stand_in: StandIn, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "FEE_WAIT", 0)
    stripe_stand_in.fees_later(True)
    row = probe.run(actor=admin)
    assert failed(row) == ["The fee of the charge is known"]


def test_live_keys_are_never_charged(admin: User, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_0123456789"
    with pytest.raises(Refused, match="live keys"):
        probe.run(actor=admin)
    assert not Probe.objects.exists()


def test_only_a_keeper_and_only_with_a_host(admin: User) -> None:
    with pytest.raises(Refused):
        probe.run(actor=user("Somebody Else"))


def test_without_a_host_there_is_no_currency_to_try() -> None:
    with pytest.raises(Refused, match="Name the host"):
        probe.run(actor=holder(Role.ADMIN))


def test_news_of_a_probe_that_is_not_ours_is_nobodys(admin: User) -> None:
    row = Probe.objects.create(asked_by=admin, asked_at=admin.date_joined, began_at=admin.date_joined)
    for reference in (str(uuid.uuid4()), row.ref, "²"):
        probe.on_news(reference, "pi_1", "payment_intent.succeeded")
    row.refresh_from_db()
    assert row.news_at is None


def test_the_page_without_keys_with_live_keys_and_after_a_replay(
    stripe_stand_in: StandIn, admin: User, client: Client, settings: Any
) -> None:
    page = browser(admin)
    assert "Not tried yet" in page.get("/desk/processor/").content.decode()
    page.post("/desk/processor/probe/")
    html = page.get("/desk/processor/").content.decode()
    assert "PROBE-" in html and 'http-equiv="refresh"' in html
    hear(stripe_stand_in, client)
    assert 'http-equiv="refresh"' not in page.get("/desk/processor/").content.decode()
    settings.STRIPE_SECRET_KEY = ""
    assert "No keys are set" in page.get("/desk/processor/").content.decode()
    settings.STRIPE_SECRET_KEY = "sk_live_0123456789"
    assert "payments are real" in page.get("/desk/processor/").content.decode()
