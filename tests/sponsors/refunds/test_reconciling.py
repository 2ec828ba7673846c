"""Every movement that a refund or a dispute makes on the processor's balance is one of the books, and who made it explains nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from funding.payments import reconciliation
from funding.payments.models import ProcessorLine
from sponsors.refunds import reconciling
from sponsors.refunds import services as refunds
from sponsors.refunds.models import Dispute
from tests.funding.payments.standin import StandIn
from tests.sponsors import builders as sponsors
from tests.sponsors.refunds import builders

pytestmark = pytest.mark.django_db


def compared() -> dict[str, list[int]]:
    """Kind of movement → what is claimed of it, less what it moved; every one of the day."""
    now = timezone.now()
    reconciliation.reconcile(since=now - dt.timedelta(days=1))
    return {line.kind: [line.pk] for line in ProcessorLine.objects.all()}


def unclaimed() -> list[str]:
    lines = list(ProcessorLine.objects.exclude(kind="topup"))
    claimed = {**reconciling.claims(lines)}
    nets = {txn: sum(claim.net for claim in (made if isinstance(made, list | tuple) else [made])) for txn, made in claimed.items()}
    mine = [line for line in lines if line.kind not in ("charge",)]
    return [f"{line.kind} {line.net}" for line in mine if nets.get(line.txn_id) != line.net]


def test_refunds_and_disputes_claim_their_movements(stripe_stand_in: StandIn) -> None:
    first = sponsors.sponsor(stripe_stand_in)
    second = sponsors.sponsor(stripe_stand_in, first.sponsorship.tier, email="b@example.org", name="B")
    third = sponsors.sponsor(stripe_stand_in, first.sponsorship.tier, email="c@example.org", name="C")
    builders.earn(10_000)
    gone = builders.ask(first.payment, 4_000)
    refunds.send(refund_id=gone.pk)
    failing = builders.ask(first.payment, 1_000)
    refunds.send(refund_id=failing.pk)
    failing.refresh_from_db()
    stripe_stand_in.settle_refund(failing.processor_id, "failed")
    refunds.on_news(failing.ref, failing.processor_id, "refund.failed")
    for joined, outcome in ((second, "won"), (third, "lost")):
        made = stripe_stand_in.dispute(joined.payment.charge_id)
        refunds.learn(processor_id=made)
        stripe_stand_in.close_dispute(made, outcome, fee_back=outcome == "won")
        refunds.learn(processor_id=made)
    assert {dispute.state for dispute in Dispute.objects.all()} == {"won", "lost"}
    assert {"refund", "dispute"} <= set(compared())
    assert unclaimed() == []


def test_who_asked_and_who_approved_are_its_makers(stripe_stand_in: StandIn) -> None:
    joined = builders.paid(stripe_stand_in)
    builders.spend(joined, 5_000)
    builders.set_aside(20_000)
    refund = builders.ask(joined.payment)
    other = builders.treasurer()
    refunds.approve(actor=other, refund=refund, from_others=refund.from_others)
    refunds.send(refund_id=refund.pk)
    refund.refresh_from_db()
    assert refund.taking is not None and refund.taking.paid_entry_id is not None
    compared()
    line = ProcessorLine.objects.get(kind="refund")
    claim = reconciling.claims([line])[line.txn_id]
    made = claim[0] if isinstance(claim, list | tuple) else claim
    assert made.made_by == {refund.asked_by_id, other.pk}
    assert reconciling.makers([refund.taking.paid_entry_id]) == {refund.taking.paid_entry_id: {refund.asked_by_id, other.pk}}
