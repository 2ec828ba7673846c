"""Payouts and their returns on the processor's balance: each movement finds its entry; who decided the run explains nothing about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from funding import clock
from funding.errors import Refused
from funding.money import Money
from funding.payments import reconciliation
from funding.payments.models import Difference, Match
from grants.payouts import executing
from grants.payouts.models import Payout, PayoutReturn, PayoutTransfer
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
def paid(desk: builders.Desk, stripe_stand_in: StandIn) -> Payout:
    """Confirmed; the test's own money is known as a difference before."""
    engagement = work.engagement(work.user("Marit Solheim"))
    builders.approved(engagement, 4, desk.lead)
    builders.onboarded(engagement.payee, engagement.worker, stripe_stand_in, balance=BALANCE)
    compare()
    (payout,) = builders.released(desk)
    return executing.execute(payout_id=payout.pk)


def compare() -> list[Difference]:
    """Compare, and give the differences that are newly open."""
    known = set(Difference.objects.values_list("pk", flat=True))
    reconciliation.reconcile(grace=dt.timedelta())
    return list(Difference.objects.filter(state=Difference.State.OPEN).exclude(pk__in=known))


def test_a_payout_and_what_comes_back_of_it_are_matched(paid: Payout, stripe_stand_in: StandIn) -> None:
    assert compare() == []
    stripe_stand_in.reverse(paid.transfer_id, Money(10_000, "USD"))
    executing.on_news(paid.ref_at_processor, paid.transfer_id, "transfer.reversed")

    assert compare() == []

    sent, back = PayoutTransfer.objects.get(), PayoutReturn.objects.get()
    assert set(Match.objects.values_list("entry", "net")) == {(sent.entry_id, -paid.amount), (back.entry_id, 10_000)}


def test_a_return_that_nobody_heard_of_is_found_and_settled_when_it_is_booked(paid: Payout, stripe_stand_in: StandIn) -> None:
    stripe_stand_in.reverse(paid.transfer_id)
    (row,) = compare()
    assert (row.reason, row.at_processor) == ("unclaimed", paid.amount)
    executing.on_news(paid.ref_at_processor, paid.transfer_id, "transfer.reversed")
    compare()
    row.refresh_from_db()
    assert row.state == Difference.State.SETTLED


def test_who_prepared_or_released_the_run_cannot_explain_its_movement(paid: Payout, desk: builders.Desk) -> None:
    PayoutTransfer.objects.update(balance_transaction="txn_of_something_else")
    rows = {row.reason: row for row in compare()}
    assert set(rows) == {"missing", "unclaimed"}
    for actor in (desk.maker, desk.checker):
        with pytest.raises(Refused) as caught:
            reconciliation.explain(actor=actor, difference=rows["missing"], reason="It is fine.")
        assert caught.value.rule == "prepared"
    other = work.user("Tove Third", "treasurer")
    assert reconciliation.explain(actor=other, difference=rows["missing"], reason="The bank shows it.").closed_by == other
