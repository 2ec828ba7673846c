"""The stand-in's own manners, seen from outside: Stripe's error shapes, strict parameters, idempotency headers, signed events."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
import stripe

from funding.payments import gateway
from tests.funding.payments import builders
from tests.funding.payments.standin import Delivery, StandIn, running
from tests.funding.waiting import until

KEY = {"Authorization": "Bearer sk_test_tests"}


def post(stand_in: StandIn, path: str, key: str = "", **fields: Any) -> tuple[int, dict[str, Any]]:
    headers = {**KEY, **({"Idempotency-Key": key} if key else {})}
    answer = stand_in.request(path, headers=headers, **fields)
    return answer.status, json.loads(answer.text)


@pytest.fixture(scope="module")
def bare_process(stand_in_process: StandIn, stand_in_database: str) -> Iterator[StandIn]:
    with running(stand_in_database) as base:
        yield StandIn(base)


@pytest.fixture
def bare(bare_process: StandIn, stripe_stand_in: StandIn) -> StandIn:
    """The stand-in without the conformance filter, on the same database: its own rules have to hold by themselves."""
    return bare_process


def test_errors_have_stripes_shape(bare: StandIn) -> None:
    status, body = post(bare, "/v1/transfers", amount=100, currency="usd")
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "parameter_missing", "destination")
    status, body = post(bare, "/v1/customers", nmae="Ada")
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "parameter_unknown", "nmae")
    status, body = post(
        bare, "/v1/checkout/sessions", **{"line_items[0][quanity]": 1, "mode": "payment", "customer": "c", "success_url": "x"}
    )
    assert (status, body["error"]["param"]) == (400, "line_items[0][quanity]")
    answer = bare.request("/v1/customers/cus_nobody", method="GET", headers=KEY)
    assert (answer.status, json.loads(answer.text)["error"]["code"]) == (404, "resource_missing")
    assert json.loads(answer.text)["error"]["type"] == "invalid_request_error"
    assert bare.request("/v1/subscriptions", method="GET", headers=KEY).status == 404
    assert bare.request("/v1/customers", method="GET").status == 401


@pytest.mark.parametrize("amount", ["0", "-5", "12.5", "1e3", "", "100000000"])
def test_amounts_that_are_none(bare: StandIn, amount: str) -> None:
    status, body = post(bare, "/v1/transfers", amount=amount, currency="usd", destination="acct_1")
    assert status == 400 and body["error"]["param"] == "amount"


def test_a_currency_nobody_has(bare: StandIn) -> None:
    status, body = post(bare, "/v1/transfers", amount=100, currency="zzz", destination="acct_1")
    assert status == 400 and body["error"]["param"] == "currency"


def test_a_replay_says_so_and_a_misuse_says_so(stripe_stand_in: StandIn) -> None:
    client = gateway.stripe._client()
    first = client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "once"})
    second = client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "once"})
    assert first.id == second.id
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.headers["Request-Id"] == first.last_response.headers["Request-Id"]
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"name": "Bo"}, {"idempotency_key": "once"})


def test_a_request_that_was_malformed_does_not_use_up_its_key(bare: StandIn) -> None:
    assert post(bare, "/v1/customers", "again", nmae="Ada")[0] == 400
    assert post(bare, "/v1/customers", "again", name="Ada")[0] == 200


def test_a_key_whose_first_request_is_under_way_answers_409(stripe_stand_in: StandIn, stand_in_database: str) -> None:
    with psycopg.connect(stand_in_database) as first:
        first.execute("SELECT pg_advisory_xact_lock(hashtextextended('busy', 0))")
        status, body = post(stripe_stand_in, "/v1/customers", "busy", name="Ada")
        assert (status, body["error"]["code"]) == (409, "idempotency_key_in_use")
        with pytest.raises(gateway.Unavailable):
            gateway.create_customer(name="Ada", email="ada@example.org", metadata={}, key="busy")
    assert post(stripe_stand_in, "/v1/customers", "busy", name="Ada")[0] == 200


def test_a_card_error_carries_the_intent_and_the_charge(stripe_stand_in: StandIn) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    stripe_stand_in.switch(customer, "expired_card")
    with pytest.raises(stripe.CardError) as caught:
        gateway.stripe._client().v1.payment_intents.create(
            {"amount": 500, "currency": "usd", "customer": customer, "payment_method": card, "confirm": True, "off_session": True}
        )
    error = caught.value.error
    assert caught.value.http_status == 402
    assert error is not None and error.payment_intent is not None
    assert (error.type, error.code, error.decline_code) == ("card_error", "expired_card", "expired_card")
    assert error.payment_intent.status == "requires_payment_method"
    assert error.charge == error.payment_intent.latest_charge


def test_every_field_that_it_answers_is_one_that_stripe_has(stripe_stand_in: StandIn) -> None:
    """The library's object classes name the fields of the pinned API version; the stand-in may leave some out and add none."""
    stripe_stand_in.fund(builders.usd(100_000))
    customer, card = builders.customer_with_card(stripe_stand_in)
    builders.refund(builders.charge(customer, card), 500)
    failed = builders.refund(builders.charge(customer, card, reference="INV-3"), 700)
    stripe_stand_in.settle_refund(failed.id, "failed")
    builders.charge(customer, card)
    stripe_stand_in.dispute(builders.charge(customer, card).id)
    builders.checkout(customer)
    stripe_stand_in.save_card(builders.card_page(customer).id)
    sent = builders.transfer(builders.account(stripe_stand_in).id)
    stripe_stand_in.reverse(sent.id, builders.usd(1_000))
    v1 = gateway.stripe._client().v1
    kinds: list[tuple[type, Any]] = [
        (stripe.Customer, v1.customers.list()),
        (stripe.PaymentMethod, v1.payment_methods.list({"customer": customer})),
        (stripe.PaymentIntent, v1.payment_intents.list()),
        (stripe.Transfer, v1.transfers.list()),
        (stripe.BalanceTransaction, v1.balance_transactions.list()),
        (stripe.Event, v1.events.list()),
        (stripe.Refund, v1.refunds.list()),
        (stripe.Dispute, v1.disputes.list()),
        (stripe.SetupIntent, v1.setup_intents.list()),
    ]
    intent = v1.payment_intents.list().data[0]
    account = v1.accounts.retrieve(v1.transfers.list().data[0].destination)
    singles: list[tuple[type, Any]] = [
        (stripe.Charge, v1.charges.retrieve(str(intent.latest_charge))),
        (stripe.Balance, v1.balance.retrieve()),
        (stripe.Account, account),
        (stripe.BankAccount, account.external_accounts.data[0]),
        (stripe.TransferReversal, v1.transfers.list().data[0].reversals.data[0]),
        (stripe.checkout.Session, v1.checkout.sessions.retrieve(builders.checkout(customer).id)),
    ]
    for kind, listed in kinds:
        assert listed.data, kind
        singles.append((kind, listed.data[0]))
    for kind, found in singles:
        unknown = found.to_dict(recursive=False).keys() - _annotations(kind)
        assert not unknown, (kind.__name__, unknown)


def _annotations(kind: type) -> set[str]:
    return {name for base in kind.__mro__ for name in getattr(base, "__annotations__", {})} | {"object"}


def test_lists_page_through_everything_once(stripe_stand_in: StandIn) -> None:
    made = [builders.customer() for _ in range(5)]
    found = list(gateway.stripe._client().v1.customers.list({"limit": 2}).auto_paging_iter())
    assert [customer.id for customer in found] == made[::-1]


def test_lists_filter_by_time_and_type(stripe_stand_in: StandIn) -> None:
    stripe_stand_in.fund(builders.usd(10_000))
    builders.transfer(builders.account(stripe_stand_in).id)
    v1 = gateway.stripe._client().v1
    now = v1.events.list().data[0].created
    assert [entry.amount for entry in v1.balance_transactions.list({"type": "transfer"}).data] == [-5_000]
    assert len(v1.balance_transactions.list({"created": {"gte": now - 60}}).data) == 2
    assert v1.balance_transactions.list({"created": {"gt": now + 60}}).data == []
    wanted = ["transfer.created", "account.updated"]
    assert [event.type for event in v1.events.list({"types": wanted}).data] == wanted


def test_events_come_in_the_order_of_the_facts_with_the_request_that_made_them(stripe_stand_in: StandIn) -> None:
    opened = builders.checkout()
    stripe_stand_in.pull()
    stripe_stand_in.pay(opened.id)
    assert [delivery.type for delivery in stripe_stand_in.pull()] == [
        "payment_intent.created",
        "payment_method.attached",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
        "checkout.session.completed",
    ]
    customer, card = builders.customer_with_card(stripe_stand_in)
    stripe_stand_in.pull()
    builders.charge(customer, card, with_key="traced")
    event = json.loads(stripe_stand_in.pull()[0].payload)
    assert event["request"]["idempotency_key"] == "traced"
    assert (event["api_version"], event["livemode"]) == ("2026-10-28.endive", False)


def test_the_clock_offset_moves_what_is_created_and_not_the_signature(stripe_stand_in: StandIn) -> None:
    month = 30 * 24 * 3600
    stripe_stand_in.set_clock(month)
    builders.customer()
    delivery = stripe_stand_in.pull()[0]
    signed = int(delivery.signature.split(",")[0].removeprefix("t="))
    assert abs(json.loads(delivery.payload)["created"] - signed - month) <= 2
    assert gateway.read_event(payload=delivery.payload.encode(), signature=delivery.signature).type == "customer.created"


def test_an_open_session_expires_by_itself_when_its_day_is_over(stripe_stand_in: StandIn) -> None:
    opened = builders.checkout()
    stripe_stand_in.set_clock(24 * 3600 + 1)
    until(lambda: not gateway.read_checkout(opened.id).open)
    assert stripe_stand_in.pull()[-1].type == "checkout.session.expired"


class Listener:
    """A site of a few lines: answers what it is told to and keeps what it got."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[Delivery] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                listener.got.append(Delivery(json.loads(body)["id"], body, self.headers["Stripe-Signature"]))
                self.send_response(listener.answers.pop(0) if listener.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def listener(stripe_stand_in: StandIn) -> Iterator[Listener]:
    made = Listener()
    stripe_stand_in.send_events_to(made.url)
    yield made
    stripe_stand_in.send_events_to("")
    made.close()


def test_events_are_sent_after_the_commit_and_again_until_a_2xx(stripe_stand_in: StandIn, listener: Listener) -> None:
    listener.answers = [500, 503]
    builders.customer()
    until(lambda: len(listener.got) == 3)
    assert len({delivery.event for delivery in listener.got}) == 1
    until(lambda: stripe_stand_in.deliveries()[0]["state"] == "delivered")
    assert stripe_stand_in.deliveries()[0]["attempts"] == 3
    for delivery in listener.got:
        assert gateway.read_event(payload=delivery.payload.encode(), signature=delivery.signature).id == delivery.event


def test_send_again_sends_the_same_event_again(stripe_stand_in: StandIn, listener: Listener) -> None:
    builders.customer()
    until(lambda: len(listener.got) == 1)
    stripe_stand_in.request("/", action="resend", event=listener.got[0].event)
    until(lambda: len(listener.got) == 2)
    assert listener.got[0].event == listener.got[1].event


def test_held_deliveries_wait_until_they_are_let_go(stripe_stand_in: StandIn, listener: Listener) -> None:
    stripe_stand_in.hold(True)
    builders.customer()
    builders.customer()
    assert [delivery["attempts"] for delivery in stripe_stand_in.deliveries()] == [0, 0]
    stripe_stand_in.hold(False)
    until(lambda: len(listener.got) == 2)


def test_events_go_to_this_machine_only(stripe_stand_in: StandIn) -> None:
    answer = stripe_stand_in.request("/_test/webhooks", url="https://example.org/hook")
    assert answer.status == 400


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "rebound.example"}])
def test_pages_of_other_sites_cannot_press_its_buttons(stripe_stand_in: StandIn, headers: dict[str, str]) -> None:
    assert stripe_stand_in.request("/", headers=headers, action="resend", event="evt_1").status == 403


def test_the_index_shows_what_there_is_and_breaks_a_card(stripe_stand_in: StandIn) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    builders.charge(customer, card)
    page = stripe_stand_in.request("/", method="GET")
    for words in ("Ada Example", "payment_intent.succeeded", "Send again", "$96.80", "No money moves"):
        assert words in page.text
    stripe_stand_in.request("/", action="switch", customer=customer, name="lost_card")
    with pytest.raises(gateway.Declined) as caught:
        builders.charge(customer, card)
    assert caught.value.decline_code == "lost_card"


def test_what_people_typed_is_escaped_on_its_pages(stripe_stand_in: StandIn) -> None:
    gateway.create_customer(name="<script>alert(1)</script>", email="x@example.org", metadata={}, key=builders.key())
    assert "<script>" not in stripe_stand_in.request("/", method="GET").text


def test_the_filter_refuses_and_records_what_stripe_would_not_take(stripe_stand_in: StandIn) -> None:
    status, body = post(stripe_stand_in, "/v1/payment_intents", **{"amount": 500, "currency": "usd", "payment_method_types[0]": "card"})
    assert status == 400 and "payment_method_types is not a parameter" in body["error"]["message"]
    assert stripe_stand_in.refusals() == [
        {"method": "POST", "path": "/v1/payment_intents", "complaints": ["payment_method_types is not a parameter."]}
    ]


def test_what_it_knows_survives_a_restart(stand_in_database: str, stripe_stand_in: StandIn, settings: Any) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    first = builders.charge(customer, card, with_key="before")
    with running(stand_in_database) as base:
        settings.STRIPE_API_BASE = base
        assert builders.charge(customer, card, with_key="before") == first


def test_urlencode_is_how_the_library_writes_lists(stripe_stand_in: StandIn) -> None:
    """Guards the decoder against a change of the library's bracket form."""
    from stripe._encode import _api_encode

    assert urlencode(list(_api_encode({"expand": ["a.b"], "created": {"gte": 1}}))) == "expand%5B0%5D=a.b&created%5Bgte%5D=1"


def test_an_endpoint_gets_the_types_of_events_that_it_wants(stripe_stand_in: StandIn) -> None:
    """As `enabled_events` at Stripe. What is not sent can be read all the same, and a bad day is about what is sent."""
    stripe_stand_in.send_events_to("", events="payment_intent.succeeded charge.updated")
    customer, card = builders.customer_with_card(stripe_stand_in)
    builders.charge(customer, card)
    assert [delivery.type for delivery in stripe_stand_in.pull()] == ["payment_intent.succeeded", "charge.updated"]
    events = json.loads(stripe_stand_in.request("/v1/events?type=customer.created", method="GET", headers=KEY).text)["data"]
    assert [event["pending_webhooks"] for event in events] == [0]
    stripe_stand_in.send_events_to("", events="")
    builders.charge(customer, card)
    assert stripe_stand_in.pull() == []
    stripe_stand_in.send_events_to("")
    post(stripe_stand_in, "/v1/customers", name="Ada")
    assert [delivery.type for delivery in stripe_stand_in.pull()] == ["customer.created"]
