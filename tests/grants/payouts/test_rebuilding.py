"""Payouts as older code left them: a return was an entry and nothing else. The migration gives them rows, the processor their names."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from funding import clock
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.money import Money
from funding.payments import reconciliation
from funding.payments.models import Difference
from grants.payouts import books, executing, services
from grants.payouts.models import Payout, PayoutReturn, PayoutRun, PayoutTransfer
from tests.funding.payments.standin import StandIn
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db
migration = importlib.import_module("grants.payouts.migrations.0004_rebuild_returned")


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


@pytest.fixture
def returned(desk: builders.Desk, stripe_stand_in: StandIn) -> Payout:
    """Paid, come back whole, and owed again: the entry has the old reference, and no row says which transfer it was."""
    engagement = work.engagement(work.user("Marit Solheim"))
    builders.approved(engagement, 4, desk.lead)
    builders.onboarded(engagement.payee, engagement.worker, stripe_stand_in, balance=Money(1_000_000, "USD"))
    reconciliation.reconcile(grace=dt.timedelta())
    (payout,) = builders.released(desk)
    executing.execute(payout_id=payout.pk)
    return came_back(Payout.objects.get(), stripe_stand_in)


def came_back(payout: Payout, stand_in: StandIn) -> Payout:
    stand_in.reverse(payout.transfer_id)
    made = PayoutTransfer.objects.get(transfer_id=payout.transfer_id)
    ledger.post(
        kind="payout_returned",
        source=executing.KIND,
        reference=f"{payout.ref}:returned:{payout.attempt}",
        lines=books.returns(payout, made, payout.amount),
        at=clock.now(),
        effective_on=clock.today(),
    )
    made.delete()
    PayoutRun.objects.update(state="released", done_at=None)
    Payout.objects.update(state="failed", outstanding=payout.amount, confirmed_entry=None, confirmed_at=None, failure=executing.CAME_BACK)
    return Payout.objects.get()


def rebuild() -> None:
    migration.rebuild(apps, SimpleNamespace(connection=connection))


def differences() -> list[Difference]:
    """What differs about payouts."""
    reconciliation.reconcile(grace=dt.timedelta())
    rows = Difference.objects.filter(state="open").select_related("line", "entry")
    return [row for row in rows if (row.line and row.line.kind != "topup") or (row.entry and row.entry.source == executing.KIND)]


def problems() -> list[str]:
    return [f"{result.code} {problem}" for result in checks.run() for problem in result.problems]


def test_what_came_back_can_be_sent_again_and_nothing_differs(returned: Payout, desk: builders.Desk) -> None:
    assert books.open_items(returned) == [], "nothing would be paid"
    rebuild()
    rebuild()
    (made,), (back,) = PayoutTransfer.objects.all(), PayoutReturn.objects.all()
    assert (made.transfer_id, made.amount, made.returned, back.amount) == (returned.transfer_id, *[returned.amount] * 3)
    assert sum(item.open for item in books.open_items(returned)) == returned.amount
    assert differences() == []
    services.retry(actor=desk.checker, payout=returned)
    assert executing.execute(payout_id=returned.pk).state == "confirmed"
    assert (differences(), problems()) == ([], [])
    back.refresh_from_db()
    assert back.reversal_id.startswith("trr_") and back.balance_transaction.startswith("txn_")


def test_an_earlier_attempt_learns_its_name_before_the_next_is_sent(returned: Payout, desk: builders.Desk) -> None:
    """The old code had asked again already, so that the payout no longer says which transfer the first was."""
    first = returned.transfer_id
    services.retry(actor=desk.checker, payout=returned)
    rebuild()
    assert PayoutTransfer.objects.get().transfer_id.startswith("unknown:")
    done = executing.execute(payout_id=returned.pk)
    assert (done.state, done.transfer_id != first) == ("confirmed", True)
    assert set(PayoutTransfer.objects.values_list("transfer_id", flat=True)) == {first, done.transfer_id}
    assert (differences(), problems()) == ([], [])


def test_a_later_return_of_what_was_confirmed_before_is_booked(returned: Payout, desk: builders.Desk, stripe_stand_in: StandIn) -> None:
    """Two attempts: the first came back by the old code, the second was confirmed by it and comes back now."""
    services.retry(actor=desk.checker, payout=returned)
    rebuild()
    done = executing.execute(payout_id=returned.pk)
    PayoutTransfer.objects.filter(transfer_id=done.transfer_id).update(balance_transaction="")
    PayoutTransfer.objects.exclude(transfer_id=done.transfer_id).update(transfer_id="unknown:1")
    stripe_stand_in.reverse(done.transfer_id)
    executing.on_news(done.ref_at_processor, done.transfer_id, "transfer.reversed")
    again = Payout.objects.get()
    assert (again.state, again.outstanding) == ("failed", again.amount)
    assert (differences(), problems()) == ([], [])
