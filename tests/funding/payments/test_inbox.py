"""A webhook sent twice, late, out of order, unsigned, wrongly signed or old: the books are the same, or the answer is 400."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import stripe
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client
from django.utils import timezone

from funding.errors import Conflict, Invalid, Refused
from funding.money import Money
from funding.payments import gateway, handlers, inbox, tasks
from funding.payments.models import InboxEvent
from tests.funding.builders import holder, user
from tests.funding.payments import builders
from tests.funding.payments.standin import SECRET, WEBHOOK, StandIn, post_event
from tests.funding.waiting import until

STATE = InboxEvent.State


class Books:
    """The smallest books: what each reference was paid, read from the processor and booked once."""

    def __init__(self) -> None:
        self.paid: dict[str, Money] = {}
        self.calls: list[tuple[str, str]] = []
        self.trouble: Exception | None = None

    def on_news(self, reference: str, object_id: str, event_type: str) -> None:
        self.calls.append((reference, event_type))
        if self.trouble:
            raise self.trouble
        if object_id.startswith("cs_"):
            object_id = gateway.read_checkout(object_id).payment_intent or ""
        charge = gateway.read_charge(object_id)
        if charge.status == "succeeded" and charge.fee is not None:
            self.paid[reference] = charge.amount - charge.fee


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    made = Books()
    monkeypatch.setitem(handlers._handlers, "probe", made.on_news)
    return made


def pay(stand_in: StandIn, reference: str = "P-1") -> gateway.Charge:
    """A declined attempt and then a payment, so that there is news to mix up."""
    customer, card = builders.customer_with_card(stand_in)
    stand_in.switch(customer, "declined")
    with pytest.raises(gateway.Declined):
        builders.charge(customer, card, reference=reference, kind="probe")
    return builders.charge(customer, card, reference=reference, kind="probe")


def signed(payload: str, secret: str = SECRET, at: int | None = None) -> str:
    return stripe.WebhookSignature.generate_signature_header(payload, secret, at)


def shuffled(deliveries: list[Any], seed: int) -> list[Any]:
    random.Random(seed).shuffle(deliveries)
    return deliveries


ORDERS: dict[str, Callable[[list[Any]], list[Any]]] = {
    "in order": lambda sent: sent,
    "twice": lambda sent: sent + sent,
    "each twice in a row": lambda sent: [one for one in sent for _ in range(2)],
    "last first": lambda sent: sent[::-1],
    "shuffled": lambda sent: shuffled(sent[:], 7),
    "shuffled and twice": lambda sent: shuffled(sent + sent, 11),
}


@pytest.mark.django_db
@pytest.mark.parametrize("order", ORDERS)
def test_repeats_and_disorder_leave_the_same_books(stripe_stand_in: StandIn, client: Client, books: Books, order: str) -> None:
    pay(stripe_stand_in)
    sent = stripe_stand_in.pull()

    stripe_stand_in.deliver_to(client, ORDERS[order](sent))
    tasks.sweep_inbox()

    assert books.paid == {"P-1": builders.usd(9_680)}
    assert InboxEvent.objects.count() == len(sent)
    assert not InboxEvent.objects.filter(state=STATE.RECEIVED).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("order", ORDERS)
def test_acting_on_each_one_as_it_comes_leaves_the_same_books(stripe_stand_in: StandIn, client: Client, books: Books, order: str) -> None:
    pay(stripe_stand_in)
    for delivery in ORDERS[order](stripe_stand_in.pull()):
        stripe_stand_in.deliver_to(client, [delivery])
        inbox.handle(event_pk=InboxEvent.objects.get(event_id=delivery.event).pk)
    assert books.paid == {"P-1": builders.usd(9_680)}
    assert len(books.calls) == InboxEvent.objects.filter(kind="probe").count(), "a repeat was acted on again"


@pytest.mark.django_db
def test_an_event_that_comes_a_month_late_is_read_again_and_counts(stripe_stand_in: StandIn, client: Client, books: Books) -> None:
    pay(stripe_stand_in)
    early, *late = stripe_stand_in.pull()
    stripe_stand_in.set_clock(30 * 24 * 3600)
    stripe_stand_in.deliver_to(client, [early])
    tasks.sweep_inbox()
    stripe_stand_in.resend(late[-1].event)
    stripe_stand_in.deliver_to(client)
    tasks.sweep_inbox()
    assert books.paid == {"P-1": builders.usd(9_680)}


@pytest.mark.django_db
@pytest.mark.parametrize("fault", ["unsigned", "empty", "garbled", "wrong secret", "301 seconds old", "another body", "no time"])
def test_what_the_processor_did_not_sign_just_now_is_400_and_stored_nowhere(
    stripe_stand_in: StandIn, client: Client, books: Books, fault: str
) -> None:
    pay(stripe_stand_in)
    good = stripe_stand_in.pull()[-1]
    body, header = (
        good.payload,
        {
            "unsigned": None,
            "empty": "",
            "garbled": "v1,t==;",
            "wrong secret": signed(good.payload, "whsec_other"),
            "301 seconds old": signed(good.payload, at=int(time.time()) - 301),
            "another body": good.signature,
            "no time": good.signature.split(",")[1],
        }[fault],
    )
    if fault == "another body":
        body = body.replace("10000", "99999")

    assert post_event(client, body, header).status_code == 400

    assert InboxEvent.objects.count() == 0
    # Nothing is lost: the processor sends it again, signed anew.
    stripe_stand_in.resend(good.event)
    stripe_stand_in.deliver_to(client)
    tasks.sweep_inbox()
    assert books.paid == {"P-1": builders.usd(9_680)}


@pytest.mark.django_db
def test_a_signature_of_299_seconds_is_still_good(stripe_stand_in: StandIn, client: Client) -> None:
    builders.customer()
    payload = stripe_stand_in.pull()[0].payload
    assert post_event(client, payload, signed(payload, at=int(time.time()) - 295)).status_code == 200


@pytest.mark.django_db
def test_a_second_secret_is_accepted_while_secrets_change(stripe_stand_in: StandIn, client: Client, settings: Any) -> None:
    builders.customer()
    settings.STRIPE_WEBHOOK_SECRET = f"whsec_new {SECRET}"
    payload = stripe_stand_in.pull()[0].payload
    assert post_event(client, payload, signed(payload)).status_code == 200
    assert post_event(client, payload, signed(payload, "whsec_new")).status_code == 200
    assert post_event(client, payload, signed(payload, "whsec_third")).status_code == 400


@pytest.mark.django_db
def test_only_posts_of_a_sensible_size_are_read(client: Client) -> None:
    assert client.get(WEBHOOK).status_code == 405
    assert post_event(client, b"x" * (512 * 1024 + 1), "t=1,v1=0").status_code == 413
    assert post_event(client, b"\xff\xfe not text", "t=1,v1=0").status_code == 400
    strict = Client(enforce_csrf_checks=True)
    assert post_event(strict, b"{}", "t=1,v1=0").status_code == 400


@pytest.mark.django_db
def test_news_that_nobody_waits_for_is_stored_and_acknowledged(stripe_stand_in: StandIn, client: Client) -> None:
    payload = json.dumps(
        {
            "id": "evt_odd",
            "object": "event",
            "type": "climate.order.created",
            "created": 1_790_000_000,
            "data": {"object": {"id": "climorder_1", "object": "climate.order", "metadata": {"kind": "nobody", "reference": "X"}}},
        }
    )
    assert post_event(client, payload, signed(payload)).status_code == 200
    tasks.sweep_inbox()
    stored = InboxEvent.objects.get()
    assert (stored.state, stored.kind, bytes(stored.payload)) == (STATE.IGNORED, "nobody", payload.encode())


@pytest.mark.django_db
def test_news_without_our_label_goes_by_its_object_to_everybody_who_waits(
    stripe_stand_in: StandIn, client: Client, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, str, str]] = []
    monkeypatch.setattr(handlers, "_objects", {})
    handlers.register_object("dispute", lambda object_id, event_type: heard.append(("first", object_id, event_type)))
    handlers.register_object("dispute", lambda object_id, event_type: heard.append(("second", object_id, event_type)))
    handlers.register_object("payment_intent", lambda object_id, event_type: heard.append(("charge", object_id, event_type)))
    charge = pay(stripe_stand_in)
    stripe_stand_in.pull()

    dispute = stripe_stand_in.dispute(charge.id)
    refund = stripe_stand_in.dashboard_refund(pay(stripe_stand_in, "P-2").id)
    stripe_stand_in.deliver_to(client)
    tasks.sweep_inbox()

    opened, taken = ("charge.dispute.created", "charge.dispute.funds_withdrawn")
    assert heard == [(who, dispute, news) for news in (opened, taken) for who in ("first", "second")], "our own label goes first"
    lone = InboxEvent.objects.filter(object_id=refund)
    assert {(event.object_type, event.state) for event in lone} == {("refund", STATE.IGNORED)}


@pytest.mark.django_db
def test_a_handler_that_fails_is_tried_again_and_then_parked(stripe_stand_in: StandIn, client: Client, books: Books) -> None:
    pay(stripe_stand_in)
    stripe_stand_in.deliver_to(client, stripe_stand_in.pull()[-1:])
    event = InboxEvent.objects.get()
    books.trouble = RuntimeError("the books are closed")

    for attempt in range(1, len(inbox.WAITS) + 2):
        assert inbox.due() == [event.pk]
        tasks.sweep_inbox()
        assert inbox.due() == []
        event.refresh_from_db()
        assert (event.attempts, event.error) == (attempt, "RuntimeError: the books are closed")
        InboxEvent.objects.filter(state=STATE.RECEIVED).update(next_try_at=timezone.now())

    assert event.state == STATE.PARKED
    books.trouble = None
    inbox.replay(actor=holder("treasurer"), event=event)
    tasks.sweep_inbox()
    event.refresh_from_db()
    assert (event.state, event.error, event.attempts) == (STATE.DONE, "", 1)
    assert books.paid == {"P-1": builders.usd(9_680)}


@pytest.mark.django_db
def test_waits_grow_and_one_bad_event_does_not_hold_up_the_next(stripe_stand_in: StandIn, client: Client, books: Books) -> None:
    pay(stripe_stand_in, "P-1")
    pay(stripe_stand_in, "P-2")
    stripe_stand_in.deliver_to(client)
    first = InboxEvent.objects.filter(reference="P-1").latest("pk")
    InboxEvent.objects.filter(pk=first.pk).update(object_id="pi_gone")

    tasks.sweep_inbox()

    first.refresh_from_db()
    assert first.state == STATE.RECEIVED and "No such payment_intent" in first.error
    assert abs(first.next_try_at - timezone.now() - inbox.WAITS[0]) < dt.timedelta(seconds=3)
    assert books.paid["P-2"] == builders.usd(9_680)


@pytest.mark.django_db
def test_a_killed_workers_event_comes_back_after_its_lease(stripe_stand_in: StandIn, client: Client, books: Books) -> None:
    pay(stripe_stand_in)
    stripe_stand_in.deliver_to(client, stripe_stand_in.pull()[-1:])
    event = InboxEvent.objects.get()
    InboxEvent.objects.filter(pk=event.pk).update(attempts=1, next_try_at=timezone.now() + inbox.LEASE)
    assert inbox.handle(event_pk=event.pk) == STATE.RECEIVED
    assert books.calls == []
    InboxEvent.objects.filter(pk=event.pk).update(next_try_at=timezone.now())
    assert inbox.handle(event_pk=event.pk) == STATE.DONE


@pytest.mark.django_db(transaction=True)
def test_ten_copies_at_once_are_one_row_and_two_workers_act_once(stripe_stand_in: StandIn, books: Books) -> None:
    pay(stripe_stand_in)
    delivery = stripe_stand_in.pull()[-1]
    statuses: list[int] = []

    def at_once(work: Callable[[], None], times: int) -> None:
        def run() -> None:
            try:
                work()
            finally:
                connection.close()

        threads = [threading.Thread(target=run) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    at_once(lambda: statuses.append(post_event(Client(), delivery.payload, delivery.signature).status_code), 10)
    assert statuses == [200] * 10
    event = InboxEvent.objects.get()
    at_once(lambda: inbox.handle(event_pk=event.pk) and None, 4)
    assert len(books.calls) == 1
    assert books.paid == {"P-1": builders.usd(9_680)}


@pytest.mark.django_db
def test_only_keepers_replay_and_close_and_only_from_the_right_state(stripe_stand_in: StandIn, client: Client) -> None:
    builders.customer()
    stripe_stand_in.deliver_to(client)
    event = InboxEvent.objects.get()
    treasurer = holder("treasurer")
    with pytest.raises(Refused):
        inbox.replay(actor=user(), event=event)
    with pytest.raises(Conflict):
        inbox.replay(actor=treasurer, event=event)
    InboxEvent.objects.update(state=STATE.PARKED)
    with pytest.raises(Refused):
        inbox.close(actor=holder("auditor"), event=event, reason="x")
    with pytest.raises(Invalid):
        inbox.close(actor=treasurer, event=event, reason=" ")
    assert inbox.close(actor=treasurer, event=event, reason="A test of theirs").state == STATE.IGNORED


def test_a_kind_has_one_handler() -> None:
    handlers.register("kind-of-this-test", print)
    handlers.register("kind-of-this-test", print)
    with pytest.raises(ValueError, match="already has a handler"):
        handlers.register("kind-of-this-test", repr)
    del handlers._handlers["kind-of-this-test"]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        return


@pytest.fixture
def site_url(transactional_db: None) -> Iterator[str]:
    """The site behind a small server on a free port."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)

    def serve() -> None:
        server.serve_forever(poll_interval=0.05)
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.django_db(transaction=True)
def test_events_arrive_over_http_while_the_site_answers_500_and_after(
    stripe_stand_in: StandIn, site_url: str, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: the stand-in's sender, our server, the raw body, the inbox. A site that fails first loses nothing."""
    monkeypatch.setattr("funding.payments.views.inbox.receive", _broken)
    stripe_stand_in.send_events_to(f"{site_url}{WEBHOOK}")
    pay(stripe_stand_in)
    until(lambda: all(delivery["attempts"] for delivery in stripe_stand_in.deliveries()))
    assert InboxEvent.objects.count() == 0
    monkeypatch.undo()
    monkeypatch.setitem(handlers._handlers, "probe", books.on_news)
    until(lambda: all(delivery["state"] == "delivered" for delivery in stripe_stand_in.deliveries()))
    stripe_stand_in.send_events_to("")
    assert InboxEvent.objects.count() == len(stripe_stand_in.deliveries())
    tasks.sweep_inbox()
    assert books.paid == {"P-1": builders.usd(9_680)}


def _broken(**fields: Any) -> None:
    raise gateway.Unavailable("the database is away")


def test_the_documentation_names_the_types_of_events_that_an_endpoint_is_to_have() -> None:
    told = (Path(__file__).resolve().parents[3] / "docs" / "payments.md").read_text()
    listed = re.search(r"`enabled_events`:\n\n((?: {4}.+\n)+)", told)
    assert listed is not None and tuple(listed[1].split()) == handlers.EVENTS
