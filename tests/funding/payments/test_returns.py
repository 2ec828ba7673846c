"""What goes back: refunds whole, in parts, pending, failed; disputes opened, won, lost; and each movement on the balance."""

from __future__ import annotations

import datetime as dt

import pytest

from funding.payments import gateway
from tests.funding.payments import builders
from tests.funding.payments.standin import StandIn

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def charge(stripe_stand_in: StandIn) -> gateway.Charge:
    made = builders.charge(*builders.customer_with_card(stripe_stand_in))
    stripe_stand_in.pull()
    return made


def news(stand_in: StandIn) -> list[gateway.Event]:
    return [gateway.read_event(payload=one.payload.encode(), signature=one.signature) for one in stand_in.pull()]


def movements() -> list[gateway.BalanceTransaction]:
    """Of the last hour, oldest first."""
    now = dt.datetime.now(dt.UTC)
    return list(gateway.balance_transactions(since=now - HOUR, until=now + HOUR))[::-1]


def total() -> int:
    return sum(one.total.amount for one in gateway.read_balance())


def test_a_refund_in_parts_and_never_more_than_was_paid(stripe_stand_in: StandIn, charge: gateway.Charge) -> None:
    first = builders.refund(charge, 2_500)
    assert (first.status, first.amount, first.charge) == ("succeeded", builders.usd(2_500), charge.id)
    assert first.metadata == {"kind": "refund", "reference": "RF-1"}
    entry = gateway.read_balance_transaction(first.balance_transaction or "")
    assert (entry.kind, entry.amount, entry.fee, entry.net, entry.source) == ("refund", -2_500, 0, -2_500, first.id)
    with pytest.raises(gateway.AlreadyRefunded) as caught:
        builders.refund(charge, 7_501, reference="RF-2")
    assert caught.value.code == "amount_too_large"
    second = builders.refund(charge, 7_500, reference="RF-3")
    with pytest.raises(gateway.AlreadyRefunded) as again:
        builders.refund(charge, 1, reference="RF-4")
    assert again.value.code == "charge_already_refunded"
    assert gateway.find_refunds(charge.id) == [second, first]
    assert gateway.find_refund(charge=charge.id, kind="refund", reference="RF-1") == first == gateway.read_refund(first.id)
    assert gateway.find_refund(charge=charge.id, kind="refund", reference="RF-9") is None
    assert total() == -320, "the fee of the charge is not given back"


def test_a_refund_under_one_key_happens_once(stripe_stand_in: StandIn, charge: gateway.Charge) -> None:
    first = builders.refund(charge, 2_500, with_key="refund-1")
    assert builders.refund(charge, 2_500, with_key="refund-1") == first
    assert len(gateway.find_refunds(charge.id)) == 1


def test_a_refund_that_waits_arrives_or_comes_back(stripe_stand_in: StandIn, charge: gateway.Charge) -> None:
    stripe_stand_in.refunds_later(True)
    one, two = builders.refund(charge, 1_000), builders.refund(charge, 2_000, reference="RF-2")
    assert {one.status, two.status} == {"pending"}
    assert total() == 9_680 - 3_000

    stripe_stand_in.settle_refund(one.id, "failed", "expired_or_canceled_card")
    stripe_stand_in.refunds_later(False)

    failed = gateway.read_refund(one.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    back = gateway.read_balance_transaction(failed.failure_balance_transaction or "")
    assert (back.kind, back.net, back.source) == ("refund_failure", 1_000, one.id)
    assert gateway.read_refund(two.id).status == "succeeded"
    assert total() == 9_680 - 2_000
    assert builders.refund(charge, 8_000, reference="RF-3").status == "succeeded"


def test_a_refund_that_had_succeeded_can_still_fail(stripe_stand_in: StandIn, charge: gateway.Charge) -> None:
    made = builders.refund(charge, 10_000)
    stripe_stand_in.settle_refund(made.id, "failed")
    assert gateway.read_refund(made.id).status == "failed"
    assert total() == 9_680
    assert stripe_stand_in.request(f"/_test/refunds/{made.id}/settle", outcome="succeeded").status == 400


def test_news_of_a_refund_names_the_refund_and_of_its_charge_the_intent(stripe_stand_in: StandIn, charge: gateway.Charge) -> None:
    made = builders.refund(charge, 500)
    stripe_stand_in.settle_refund(made.id, "failed")
    seen = [(event.type, event.object_id, event.metadata["kind"]) for event in news(stripe_stand_in)]
    assert seen == [
        ("refund.created", made.id, "refund"),
        ("charge.refunded", charge.id, "invoice"),
        ("refund.failed", made.id, "refund"),
        ("refund.updated", made.id, "refund"),
        ("charge.refund.updated", made.id, "refund"),
    ]


def test_a_refund_from_the_dashboard_has_no_label_of_ours(stripe_stand_in: StandIn, charge: gateway.Charge) -> None:
    made = stripe_stand_in.dashboard_refund(charge.id, builders.usd(700))
    found = gateway.read_refund(made)
    assert (found.metadata, found.amount) == ({}, builders.usd(700))
    assert (news(stripe_stand_in)[0].object_type, found.charge) == ("refund", charge.id)


def test_what_was_never_paid_cannot_be_refunded(stripe_stand_in: StandIn) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    stripe_stand_in.switch(customer, "declined")
    with pytest.raises(gateway.Declined) as caught:
        builders.charge(customer, card)
    with pytest.raises(gateway.Rejected):
        builders.refund(gateway.read_charge(caught.value.charge_id or ""), 100)


@pytest.mark.parametrize(
    ("outcome", "fee_back", "left"), [("won", False, 9_680 - 1_500), ("won", True, 9_680), ("lost", False, -320 - 1_500)]
)
def test_a_dispute_takes_the_money_and_its_end_decides(
    stripe_stand_in: StandIn, charge: gateway.Charge, outcome: str, fee_back: bool, left: int
) -> None:
    opened = gateway.read_dispute(stripe_stand_in.dispute(charge.id))
    assert (opened.status, opened.charge, opened.amount, opened.reason) == ("needs_response", charge.id, builders.usd(10_000), "fraudulent")
    assert opened.evidence_due is not None and opened.metadata == {}
    taken = opened.movements[0]
    assert (taken.kind, taken.amount, taken.fee, taken.net, taken.source) == ("dispute", -10_000, 1_500, -11_500, opened.id)
    with pytest.raises(gateway.Rejected) as caught:
        builders.refund(charge, 100)
    assert caught.value.code == "charge_disputed" and not isinstance(caught.value, gateway.AlreadyRefunded)

    stripe_stand_in.respond_to_dispute(opened.id)
    stripe_stand_in.close_dispute(opened.id, outcome, fee_back=fee_back)

    closed = gateway.read_dispute(opened.id)
    assert closed.status == outcome
    assert [entry.kind for entry in closed.movements] == ["dispute", "dispute_reversal"][: 2 if outcome == "won" else 1]
    assert total() == left == sum(entry.net for entry in movements())
    assert gateway.find_disputes(charge.id) == [closed]
    events = news(stripe_stand_in)
    assert {(event.object_type, event.object_id) for event in events} == {("dispute", opened.id)}
    assert [event.type.removeprefix("charge.dispute.") for event in events] == [
        "created", "funds_withdrawn", "updated", *(["funds_reinstated"] if outcome == "won" else []), "closed",
    ]  # fmt: skip


def test_an_inquiry_moves_no_money_until_it_becomes_a_dispute(stripe_stand_in: StandIn, charge: gateway.Charge) -> None:
    inquiry = stripe_stand_in.dispute(charge.id, builders.usd(4_000), "product_not_received", inquiry=True)
    assert gateway.read_dispute(inquiry).status == "warning_needs_response"
    assert gateway.read_dispute(inquiry).movements == ()
    assert builders.refund(charge, 1_000).status == "succeeded"
    stripe_stand_in.escalate_dispute(inquiry)
    assert [entry.net for entry in gateway.read_dispute(inquiry).movements] == [-5_500]
    with pytest.raises(gateway.Rejected, match="charged back"):
        builders.refund(charge, 1_000, reference="RF-2")


def test_an_inquiry_that_ends_leaves_nothing_behind(stripe_stand_in: StandIn, charge: gateway.Charge) -> None:
    inquiry = stripe_stand_in.dispute(charge.id, inquiry=True)
    stripe_stand_in.close_dispute(inquiry, "lost")
    assert gateway.read_dispute(inquiry).status == "warning_closed"
    assert total() == 9_680


def test_every_movement_is_listed_once_over_many_pages_and_adds_up(
    stripe_stand_in: StandIn, charge: gateway.Charge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.stripe.balance, "PAGE", 2)
    stripe_stand_in.fund(builders.usd(50_000))
    builders.refund(charge, 1_000)
    sent = builders.transfer(builders.account(stripe_stand_in).id)
    stripe_stand_in.reverse(sent.id, builders.usd(500))
    found = movements()
    assert [entry.kind for entry in found] == ["charge", "topup", "refund", "transfer", "transfer_reversal"]
    assert len({entry.id for entry in found}) == 5
    assert all(entry.net == entry.amount - entry.fee for entry in found)
    assert total() == sum(entry.net for entry in found)
    future = dt.datetime.now(dt.UTC) + HOUR
    assert list(gateway.balance_transactions(since=future, until=future + HOUR)) == []


def test_sums_are_in_our_own_decimals(stripe_stand_in: StandIn) -> None:
    """Stripe writes kronur with two zeros; a movement on the balance has to come without them."""
    opened = builders.checkout(amount=builders.Money(1_500, "ISK"))
    stripe_stand_in.pay(opened.id)
    paid = gateway.read_checkout(opened.id)
    made = gateway.refund(
        charge=paid.payment_intent or "", amount=builders.Money(500, "ISK"), kind="refund", reference="R", reason="duplicate", key="isk"
    )
    assert gateway.read_balance_transaction(made.balance_transaction or "").net == -500


def test_its_first_page_refunds_disputes_and_brings_back(stripe_stand_in: StandIn, charge: gateway.Charge) -> None:
    stripe_stand_in.fund(builders.usd(50_000))
    sent = builders.transfer(builders.account(stripe_stand_in).id)
    page = stripe_stand_in.request("/", method="GET").text
    for words in ("Refund it", "Dispute it", "Inquire", "Bring half back", "bank ending 6789"):
        assert words in page
    assert stripe_stand_in.request("/", action="half", about=sent.id).status == 303
    assert gateway.read_transfer(sent.id).amount_reversed == builders.usd(2_500)
    stripe_stand_in.request("/", action="dispute", about=charge.id)
    (opened,) = gateway.find_disputes(charge.id)
    assert "Win" in stripe_stand_in.request("/", method="GET").text
    stripe_stand_in.request("/", action="won", about=opened.id)
    assert gateway.read_dispute(opened.id).status == "won"
    stripe_stand_in.request("/", action="refund", about=charge.id)
    assert gateway.find_refunds(charge.id)[0].amount == builders.usd(10_000)
