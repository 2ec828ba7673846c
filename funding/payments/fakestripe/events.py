"""Events: reading them over the API, signing them, and sending them until somebody answers with a 2xx."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import threading
import time
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg

from funding.payments.fakestripe import checkout, weather
from funding.payments.fakestripe.forms import LISTING, listed, present
from funding.payments.fakestripe.routes import Call, route
from funding.payments.fakestripe.store import Object, Store, Transaction

log = logging.getLogger("fakestripe")

WAITS = (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600)
"""Seconds until the next attempt. Stripe takes hours over its first retries; a demo cannot."""
CLAIM = 20
TIMEOUT = 15
TICK = 0.5
PULL: LiteralString = """
UPDATE delivery SET state = 'delivered', attempts = attempts + 1, last = 'pulled'
WHERE state = 'waiting' AND (due_at <= now() OR place < 0) RETURNING id, event, place"""
CLAIM_ONE: LiteralString = """
UPDATE delivery SET attempts = attempts + 1, due_at = now() + make_interval(secs => %s) WHERE id = (
SELECT id FROM delivery WHERE state = 'waiting' AND due_at <= now() ORDER BY place, due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id, event, attempts"""


@route("GET", "/v1/events/{id}")
def retrieve(call: Call, id: str) -> Object:
    return call.tx.get("event", id)


@route("GET", "/v1/events", {**LISTING, "type": present, "types": listed(present)})
def index(call: Call) -> Object:
    return {**call.tx.page("event", call.params), "url": "/v1/events"}


def sign(payload: str, secret: str, at: int | None = None) -> str:
    """The `Stripe-Signature` header. Real time, whatever the demo's calendar says."""
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{at}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def message(tx: Transaction, event_id: str) -> tuple[str, str]:
    """The body and its signature, as they go out now."""
    payload = json.dumps(tx.get("event", event_id), indent=2)
    return payload, sign(payload, str(tx.setting("webhook_secret", "")))


def resend(tx: Transaction, event_id: str) -> int:
    """Queue one more delivery of an event, whether or not it arrived before."""
    tx.get("event", event_id)
    return int(tx.rows("INSERT INTO delivery (event) VALUES (%s) RETURNING id", event_id)[0]["id"])


def pull(tx: Transaction) -> list[dict[str, Any]]:
    """Hand the waiting deliveries whose time has come to the caller, oldest first, and count them as delivered.

    Turned ones come first, the newest of them before the others.
    """
    if weather.is_down(tx):
        return []
    found = sorted(tx.rows(PULL), key=lambda row: (row["place"], row["id"]))
    made = []
    for row in found:
        payload, signature = message(tx, row["event"])
        made.append({"delivery": row["id"], "event": row["event"], "payload": payload, "signature": signature})
    return made


class Sender(threading.Thread):
    """Sends what is due, one at a time; a delivery that fails waits without holding up the others.

    A delivery is claimed by moving its due time before the call, so that a killed sender's claims come back by themselves.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(name="fakestripe-sender", daemon=True)
        self.store = store
        self.wake = threading.Event()
        self.stopping = False

    def run(self) -> None:
        while not self.stopping:
            self.wake.wait(TICK)
            self.wake.clear()
            try:
                with self.store.transaction() as tx:
                    checkout.close_overdue(tx)
                while not self.stopping and self._send_one():
                    continue
            except psycopg.Error:
                log.exception("the sender lost its database and goes on")
                time.sleep(TICK)

    def stop(self) -> None:
        self.stopping = True
        self.wake.set()

    def _send_one(self) -> bool:
        with self.store.transaction() as tx:
            url = str(tx.setting("webhook_url", ""))
            may = url and not tx.setting("hold", False) and not weather.is_down(tx)
            claimed = tx.rows(CLAIM_ONE, CLAIM) if may else []
            if not claimed:
                return False
            payload, signature = message(tx, claimed[0]["event"])
        outcome = post(url, payload, signature)
        with self.store.transaction() as tx:
            _record(tx, claimed[0], outcome)
        return True


def _record(tx: Transaction, claimed: dict[str, Any], outcome: str) -> None:
    if outcome.startswith("2"):
        tx.run("UPDATE delivery SET state = 'delivered', last = %s WHERE id = %s", outcome, claimed["id"])
        tx.run("UPDATE object SET data = jsonb_set(data, '{pending_webhooks}', '0') WHERE id = %s", claimed["event"])
    elif claimed["attempts"] > len(WAITS):
        tx.run("UPDATE delivery SET state = 'failed', last = %s WHERE id = %s", outcome, claimed["id"])
    else:
        wait = WAITS[claimed["attempts"] - 1]
        tx.run("UPDATE delivery SET last = %s, due_at = now() + make_interval(secs => %s) WHERE id = %s", outcome, wait, claimed["id"])


def post(url: str, payload: str, signature: str) -> str:
    """Deliver once. Returns the status, or what went wrong in words."""
    parts = urlsplit(url)
    connection_type = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connection_type(parts.hostname or "", parts.port, timeout=TIMEOUT)
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0 (stand-in)", "Stripe-Signature": signature}
    try:
        connection.request("POST", parts.path or "/", payload.encode(), headers)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"[:200]
    finally:
        connection.close()
