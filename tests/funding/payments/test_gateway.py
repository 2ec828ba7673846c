"""The gateway through the real library to the stand-in: what each verb gives, and what each refusal becomes."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from typing import Any

import pytest

from funding.errors import Unavailable as SiteUnavailable
from funding.money import Money
from funding.payments import gateway
from tests.funding.payments import builders
from tests.funding.payments.standin import ASKS_ALWAYS, ASKS_ONCE, DECLINED, FAILS_LATER, StandIn


def test_a_checkout_that_is_paid_gives_a_charge_with_its_fee_and_a_card_for_later(stripe_stand_in: StandIn) -> None:
    opened = builders.checkout()
    assert opened.open and not opened.paid and opened.payment_intent is None

    answer = stripe_stand_in.press(opened.url, "pay")

    assert answer.status == 303
    assert answer.location == f"http://127.0.0.1:8000/thanks/?session={opened.id}"
    paid = gateway.read_checkout(opened.id)
    assert (paid.open, paid.paid, paid.url) == (False, True, "")
    charge = gateway.read_charge(paid.payment_intent or "")
    assert charge.status == "succeeded"
    assert (charge.amount, charge.fee) == (builders.usd(10_000), builders.usd(320))
    assert charge.card_label == "Visa ending 4242"
    assert charge.metadata == {"kind": "invoice", "reference": "INV-0001"}
    later = builders.charge(charge.customer or "", charge.payment_method or "", 2_500)
    assert (later.status, later.fee) == ("succeeded", builders.usd(103))


def test_a_declined_card_stays_on_the_page_with_the_reason_and_another_try_works(stripe_stand_in: StandIn) -> None:
    opened = builders.checkout()

    declined = stripe_stand_in.pay(opened.id, DECLINED)

    assert declined.status == 402
    assert "Your card was declined. (generic_decline)" in declined.text
    between = gateway.read_checkout(opened.id)
    assert between.open and not between.paid
    failed = gateway.read_charge(between.payment_intent or "")
    assert (failed.status, failed.failure_code, failed.fee) == ("requires_payment_method", "generic_decline", None)
    assert stripe_stand_in.pay(opened.id).status == 303
    assert gateway.read_charge(between.payment_intent or "").status == "succeeded"


@pytest.mark.parametrize(("press", "paid"), [("confirm", True), ("refuse", False)])
def test_a_card_that_asks_for_authentication_waits_for_the_answer(stripe_stand_in: StandIn, press: str, paid: bool) -> None:
    opened = builders.checkout()

    challenge = stripe_stand_in.pay(opened.id, ASKS_ONCE)

    assert challenge.status == 200 and "Authenticate" in challenge.text
    waiting = gateway.read_checkout(opened.id)
    assert gateway.read_charge(waiting.payment_intent or "").status == "requires_action"
    stripe_stand_in.press(opened.url, press)
    assert gateway.read_checkout(opened.id).paid is paid


def test_cancel_goes_back_and_leaves_the_page_open(stripe_stand_in: StandIn) -> None:
    opened = builders.checkout()
    assert stripe_stand_in.press(opened.url, "cancel").location == builders.CANCEL
    assert gateway.read_checkout(opened.id).open


def test_paying_twice_on_one_page_charges_once(stripe_stand_in: StandIn) -> None:
    opened = builders.checkout()
    first, second = stripe_stand_in.pay(opened.id), stripe_stand_in.pay(opened.id)
    assert first.location == second.location
    stripe_stand_in.control("pull")
    assert len(gateway.stripe._client().v1.payment_intents.list({}).data) == 1


def test_an_expired_page_takes_no_money_and_a_paid_one_does_not_expire(stripe_stand_in: StandIn) -> None:
    expired = builders.checkout()
    assert gateway.expire_checkout(expired.id).open is False
    assert stripe_stand_in.pay(expired.id).status == 409
    assert gateway.expire_checkout(expired.id).paid is False
    paid = builders.checkout()
    stripe_stand_in.pay(paid.id)
    assert gateway.expire_checkout(paid.id).paid is True


def test_an_off_session_decline_names_the_reason_and_the_intent(stripe_stand_in: StandIn) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in, FAILS_LATER)

    with pytest.raises(gateway.Declined) as caught:
        builders.charge(customer, card)

    assert (caught.value.code, caught.value.decline_code) == ("card_declined", "generic_decline")
    failed = gateway.read_charge(caught.value.charge_id or "")
    assert failed.status == "requires_payment_method"
    assert failed.failure_message == "Your card was declined."
    assert failed.metadata["reference"] == "INV-0002"


@pytest.mark.parametrize(("card", "error"), [(ASKS_ALWAYS, gateway.AuthenticationRequired), (DECLINED, gateway.Declined)])
def test_what_a_card_does_without_its_owner(stripe_stand_in: StandIn, card: str, error: type[Exception]) -> None:
    customer, method = builders.customer_with_card(stripe_stand_in, card)
    with pytest.raises(error):
        builders.charge(customer, method)


def test_a_switch_breaks_the_next_charge_and_only_that(stripe_stand_in: StandIn) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    stripe_stand_in.switch(customer, "insufficient_funds")
    with pytest.raises(gateway.Declined) as caught:
        builders.charge(customer, card)
    assert caught.value.decline_code == "insufficient_funds"
    assert builders.charge(customer, card).status == "succeeded"


def test_the_same_key_gives_the_same_answer_and_charges_once(stripe_stand_in: StandIn) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    first = builders.charge(customer, card, with_key="renewal-1")
    assert builders.charge(customer, card, with_key="renewal-1") == first
    assert len(gateway.stripe._client().v1.payment_intents.list({"customer": customer}).data) == 1


def test_a_decline_is_remembered_under_its_key(stripe_stand_in: StandIn) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    stripe_stand_in.switch(customer, "declined")
    charge_ids = []
    for _ in range(2):
        with pytest.raises(gateway.Declined) as caught:
            builders.charge(customer, card, with_key="renewal-2")
        charge_ids.append(caught.value.charge_id)
    assert charge_ids[0] == charge_ids[1]
    assert builders.charge(customer, card, with_key="renewal-3").status == "succeeded"


def test_one_key_for_two_different_requests_is_a_bug_of_ours(stripe_stand_in: StandIn) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    builders.charge(customer, card, 10_000, with_key="renewal-4")
    with pytest.raises(gateway.Rejected, match="same parameters"):
        builders.charge(customer, card, 10_001, with_key="renewal-4")


def test_ten_at_once_with_one_key_charge_once(stripe_stand_in: StandIn) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    results: list[Any] = []

    def attempt() -> None:
        try:
            results.append(builders.charge(customer, card, with_key="race").id)
        except gateway.Unavailable:
            results.append(None)

    threads = [threading.Thread(target=attempt) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(results) == 10
    assert len({result for result in results if result}) == 1
    assert builders.charge(customer, card, with_key="race").id in results
    assert len(gateway.stripe._client().v1.payment_intents.list({"customer": customer}).data) == 1


def test_a_fee_that_is_not_booked_yet_is_none_and_comes_later(stripe_stand_in: StandIn) -> None:
    stripe_stand_in.fees_later(True)
    customer, card = builders.customer_with_card(stripe_stand_in)
    charge = builders.charge(customer, card)
    assert (charge.status, charge.fee, charge.balance_transaction) == ("succeeded", None, None)
    stripe_stand_in.pull()
    stripe_stand_in.fees_later(False)
    booked = gateway.read_charge(charge.id)
    assert booked.fee == builders.usd(320)
    assert [delivery.type for delivery in stripe_stand_in.pull()] == ["charge.updated"]


def test_an_account_receives_only_after_onboarding(stripe_stand_in: StandIn) -> None:
    account = builders.account()
    assert not account.payouts_enabled and "external_account" in account.requirements
    stripe_stand_in.fund(builders.usd(100_000))
    with pytest.raises(gateway.CannotReceive):
        builders.transfer(account.id)

    link = gateway.onboarding_link(account=account.id, refresh_url="http://127.0.0.1:8000/again/", return_url="http://127.0.0.1:8000/done/")
    answer = stripe_stand_in.press(link, "submit")

    assert answer.location == "http://127.0.0.1:8000/done/"
    ready = gateway.read_account(account.id)
    assert (ready.payouts_enabled, ready.details_submitted, ready.requirements) == (True, True, ())
    sent = builders.transfer(account.id)
    assert (sent.amount, sent.account, sent.reversed) == (builders.usd(5_000), account.id, False)
    assert sent.metadata == {"kind": "payout", "reference": "PO-1"}
    assert gateway.read_transfer(sent.id) == sent == gateway.find_transfer(kind="payout", reference="PO-1")


def test_a_transfer_above_the_balance_moves_nothing_and_its_key_stays_refused(stripe_stand_in: StandIn) -> None:
    account = builders.account(stripe_stand_in)
    stripe_stand_in.fund(builders.usd(4_999))
    with pytest.raises(gateway.InsufficientBalance) as caught:
        builders.transfer(account.id, 5_000, with_key="payout-1")
    assert caught.value.code == "balance_insufficient"
    assert gateway.find_transfer(kind="payout", reference="PO-1") is None
    stripe_stand_in.fund(builders.usd(1))
    with pytest.raises(gateway.InsufficientBalance):
        builders.transfer(account.id, 5_000, with_key="payout-1")
    assert builders.transfer(account.id, 5_000, with_key="payout-2").amount == builders.usd(5_000)


def test_transfers_at_once_never_take_more_than_is_there(stripe_stand_in: StandIn) -> None:
    account = builders.account(stripe_stand_in)
    stripe_stand_in.fund(builders.usd(25_000))
    sent: list[str] = []
    keys = [builders.key() for _ in range(8)]

    def attempt(key: str) -> None:
        try:
            sent.append(builders.transfer(account.id, 10_000, with_key=key).id)
        except gateway.InsufficientBalance:
            return

    threads = [threading.Thread(target=attempt, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 2


def test_a_transfer_that_came_back_says_so(stripe_stand_in: StandIn) -> None:
    account = builders.account(stripe_stand_in)
    stripe_stand_in.fund(builders.usd(5_000))
    sent = builders.transfer(account.id)
    assert (sent.amount_reversed, sent.reversals) == (builders.usd(0), ())

    stripe_stand_in.reverse(sent.id, builders.usd(1_200))

    part = gateway.read_transfer(sent.id)
    assert (part.reversed, part.amount_reversed) == (False, builders.usd(1_200))
    stripe_stand_in.reverse(sent.id)
    whole = gateway.read_transfer(sent.id)
    assert (whole.reversed, whole.amount_reversed) == (True, builders.usd(5_000))
    assert [one.amount for one in whole.reversals] == [builders.usd(1_200), builders.usd(3_800)]
    booked = [gateway.read_balance_transaction(one.balance_transaction or "") for one in whole.reversals]
    assert [(entry.kind, entry.net) for entry in booked] == [("transfer_reversal", 1_200), ("transfer_reversal", 3_800)]
    assert stripe_stand_in.request(f"/_test/transfers/{sent.id}/reverse").status == 400


def test_a_page_that_saves_a_card_takes_no_money_and_the_card_pays_later(stripe_stand_in: StandIn) -> None:
    customer = builders.customer()
    opened = builders.card_page(customer)
    assert opened.open and (opened.payment_method, opened.card_label) == (None, None)
    assert "Save this card" in stripe_stand_in.request(opened.url, method="GET").text

    stripe_stand_in.save_card(opened.id, "5555555555554444")

    saved = gateway.read_checkout(opened.id)
    assert (saved.open, saved.paid, saved.payment_intent, saved.card_label) == (False, False, None, "Mastercard ending 4444")
    assert builders.charge(customer, saved.payment_method or "").status == "succeeded"
    assert gateway.read_balance()[0].available == builders.usd(9_680)


def test_a_page_that_saves_a_card_says_no_to_a_bad_one_and_asks_the_bank(stripe_stand_in: StandIn) -> None:
    opened = builders.card_page()
    assert stripe_stand_in.save_card(opened.id, DECLINED).status == 402
    assert gateway.read_checkout(opened.id).open
    assert "Authenticate" in stripe_stand_in.save_card(opened.id, ASKS_ONCE).text
    between = gateway.read_checkout(opened.id)
    assert between.open and between.payment_method is None
    stripe_stand_in.press(opened.url, "confirm")
    assert gateway.read_checkout(opened.id).card_label == "Visa ending 3155"
    assert gateway.expire_checkout(opened.id).card_label == "Visa ending 3155"


def test_news_of_a_card_page_is_news_of_the_page_only(stripe_stand_in: StandIn) -> None:
    opened = builders.card_page()
    stripe_stand_in.save_card(opened.id)
    events = [gateway.read_event(payload=one.payload.encode(), signature=one.signature) for one in stripe_stand_in.pull()]
    ours = [(event.type, event.object_id, event.metadata["reference"]) for event in events if "kind" in event.metadata]
    assert ours == [("checkout.session.completed", opened.id, "CARD-1")]


def test_a_paid_page_names_the_card_that_paid(stripe_stand_in: StandIn) -> None:
    opened = builders.checkout()
    stripe_stand_in.pay(opened.id)
    paid = gateway.read_checkout(opened.id)
    charge = gateway.read_charge(paid.payment_intent or "")
    assert (paid.payment_method, paid.card_label) == (charge.payment_method, "Visa ending 4242")


def test_an_account_names_its_bank_and_its_mark_follows_every_change(stripe_stand_in: StandIn) -> None:
    empty = builders.account()
    assert (empty.destination, empty.destination_mark) == ("", "")
    stripe_stand_in.onboard(empty.id)
    first = gateway.read_account(empty.id)
    assert first.destination == "Bank ending 6789" and first.destination_mark
    stripe_stand_in.onboard(empty.id)
    assert gateway.read_account(empty.id).destination_mark == first.destination_mark
    stripe_stand_in.pull()

    stripe_stand_in.change_bank(empty.id, "4321")

    second = gateway.read_account(empty.id)
    assert second.destination == "Bank ending 4321" and second.destination_mark != first.destination_mark
    stripe_stand_in.change_bank(empty.id, "4321")
    assert gateway.read_account(empty.id).destination_mark not in {first.destination_mark, second.destination_mark}
    events = [gateway.read_event(payload=one.payload.encode(), signature=one.signature) for one in stripe_stand_in.pull()]
    assert {(event.object_type, event.object_id) for event in events} == {("account", empty.id)}


def test_a_charge_is_found_by_what_it_was_for(stripe_stand_in: StandIn) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    made = builders.charge(customer, card, reference="INV-0007")
    builders.charge(customer, card, reference="INV-0008")
    assert gateway.find_charge(customer=customer, kind="invoice", reference="INV-0007") == made
    assert gateway.find_charge(customer=customer, kind="invoice", reference="INV-0009") is None


def test_an_unknown_id_is_rejected(stripe_stand_in: StandIn) -> None:
    with pytest.raises(gateway.Rejected) as caught:
        gateway.read_charge("pi_nobody")
    assert caught.value.code == "resource_missing"


def test_a_card_of_somebody_else_is_rejected(stripe_stand_in: StandIn) -> None:
    _, card = builders.customer_with_card(stripe_stand_in)
    with pytest.raises(gateway.Rejected, match="not attached to this customer"):
        builders.charge(builders.customer(), card)


@pytest.mark.parametrize("sum_", [Money(0, "USD"), Money(49, "USD"), Money(100_000_000, "USD")])
def test_sums_that_stripe_does_not_take_are_rejected(stripe_stand_in: StandIn, sum_: Money) -> None:
    with pytest.raises(gateway.Rejected):
        builders.checkout(amount=sum_)


def test_yen_have_no_decimals_and_kronur_get_two(stripe_stand_in: StandIn) -> None:
    for sum_, on_the_wire in ((Money(1_500, "JPY"), 1_500), (Money(1_500, "ISK"), 150_000)):
        opened = builders.checkout(amount=sum_)
        assert str(sum_) in stripe_stand_in.request(opened.url, method="GET").text
        assert gateway.stripe._client().v1.checkout.sessions.retrieve(opened.id).amount_total == on_the_wire


def test_a_processor_that_is_down_is_unavailable(settings: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.STRIPE_SECRET_KEY = "sk_test_tests"
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(gateway.Unavailable) as caught:
            gateway.read_charge("pi_1")
    assert isinstance(caught.value, SiteUnavailable)


def test_a_live_key_is_refused_by_the_stand_in(stripe_stand_in: StandIn, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_not_here"
    with pytest.raises(gateway.Rejected, match="sk_test_"):
        gateway.read_charge("pi_1")


def test_nothing_that_the_gateway_sends_is_refused_by_stripes_own_types(stripe_stand_in: StandIn) -> None:
    """Every verb once, through the conformance filter, which records what it refuses."""
    customer, card = builders.customer_with_card(stripe_stand_in)
    charge = builders.charge(customer, card)
    gateway.read_charge(charge.id)
    gateway.find_charge(customer=customer, kind="invoice", reference="INV-0002")
    opened = builders.checkout(customer)
    gateway.read_checkout(opened.id)
    gateway.expire_checkout(opened.id)
    stripe_stand_in.fund(builders.usd(100_000))
    account = builders.account(stripe_stand_in)
    gateway.onboarding_link(account=account.id, refresh_url="https://example.org/a", return_url="https://example.org/b")
    sent = builders.transfer(account.id)
    gateway.read_transfer(sent.id)
    gateway.find_transfer(kind="payout", reference="PO-1")
    gateway.read_checkout(builders.card_page(customer).id)
    made = builders.refund(charge, 100)
    gateway.read_refund(made.id)
    gateway.find_refund(charge=charge.id, kind="refund", reference="RF-1")
    gateway.read_dispute(stripe_stand_in.dispute(charge.id))
    gateway.find_disputes(charge.id)
    gateway.read_balance()
    now = dt.datetime.now(dt.UTC)
    found = list(gateway.balance_transactions(since=now - dt.timedelta(hours=1), until=now + dt.timedelta(hours=1)))
    gateway.read_balance_transaction(found[0].id)
    assert stripe_stand_in.refusals() == []
