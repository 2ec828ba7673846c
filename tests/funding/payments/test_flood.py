"""More webhooks than anybody could handle at once: each is stored once and acted on in the end, and memory does not grow with them."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from funding.payments.models import InboxEvent
from funding.payments.tasks import sweep_inbox

SECRET = "whsec_flood"
EVENTS = 220
"""More than one sweep takes."""
PADDING = 40_000
MOST = 4_000_000
"""Bytes that receiving may hold at its worst; the flood is near three times that. Most of what stays is the log of the test."""

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _secret(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_SECRET_KEY = SECRET, "sk_test_flood"


def event(number: int) -> bytes:
    data = {"object": {"id": f"in_{number}", "object": "invoice", "note": "x" * PADDING}}
    told = {"id": f"evt_flood_{number}", "object": "event", "type": "invoice.created", "created": int(time.time()), "livemode": False}
    return json.dumps({**told, "data": data}).encode()


def send(client: Client, payload: bytes) -> int:
    now = int(time.time())
    signature = hmac.new(SECRET.encode(), f"{now}.".encode() + payload, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={now},v1={signature}"}
    return client.post("/webhooks/stripe/", payload, content_type="application/json", headers=headers).status_code


@pytest.fixture
def memory() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_a_flood_of_real_events_is_stored_once_each_and_handled_by_the_sweeps(client: Client, memory: None) -> None:
    assert send(client, event(0)) == 200  # what is loaded once is not counted
    arrivals = [*range(1, EVENTS), *range(1, EVENTS, 4)]  # some come twice
    random.Random(4).shuffle(arrivals)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    assert {send(client, event(number)) for number in arrivals} == {200}
    assert tracemalloc.get_traced_memory()[1] - before < MOST
    assert InboxEvent.objects.count() == EVENTS
    assert [sweep_inbox(), sweep_inbox(), sweep_inbox()] == [200, 20, 0]
    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"ignored"}
