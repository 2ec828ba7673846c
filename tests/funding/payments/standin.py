"""The stand-in for Stripe as a fixture for everybody: a real process, reached by the real library over HTTP.

    def test_renewal(stripe_stand_in, client):
        …
        stripe_stand_in.deliver_to(client)      # the waiting events, signed, into the site's own webhook view

It starts once for a worker, with its own database and the conformance filter in front, and is emptied for each test.
Events wait until `deliver_to` takes them, or go to a live server after `send_events_to`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.test import Client
from psycopg import sql
from psycopg.conninfo import make_conninfo

from funding.money import Money

WEBHOOK = "/webhooks/stripe/"
SECRET = "whsec_tests"
VISA = "4242424242424242"
DECLINED = "4000000000000002"
FAILS_LATER = "4000000000000341"
ASKS_ONCE = "4000002500003155"
ASKS_ALWAYS = "4000002760003184"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it travels: the body's text and the header that signs it."""

    event: str
    payload: str
    signature: str

    @property
    def type(self) -> str:
        return str(json.loads(self.payload)["type"])


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str
    text: str


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class StandIn:
    """Handles on the running stand-in. Nothing here reaches into it: every method is an HTTP request."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.secret = SECRET
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)

    # What a person does on its pages

    def press(self, address: str, action: str, card: str = VISA) -> Answer:
        """Press a button of a hosted page: pay, decline, authenticate, confirm, refuse, cancel; submit, block, later."""
        return self.request(address, action=action, card=card)

    def pay(self, session_id: str, card: str = VISA) -> Answer:
        return self.press(f"/c/pay/{session_id}", "pay", card)

    def save_card(self, session_id: str, card: str = VISA) -> Answer:
        """Press the button of a page that only saves a card."""
        return self.press(f"/c/pay/{session_id}", "pay", card)

    # What a test arranges

    def reset(self) -> None:
        self.control("reset")

    def attach_card(self, customer: str, number: str = VISA) -> str:
        """A saved card without the hosted page. Returns `pm_…`."""
        return str(self.control(f"customers/{customer}/card", number=number)["payment_method"])

    def switch(self, customer: str, name: str, *, once: bool = True) -> None:
        """What the next charge without the owner meets: declined, insufficient_funds, expired_card, lost_card,
        authentication_required; empty lets the card decide again."""
        self.control(f"customers/{customer}/switch", name=name, once=int(once))

    def onboard(self, account: str, state: str = "submitted") -> None:
        self.control(f"accounts/{account}", state=state)

    def fund(self, sum_: Money) -> None:
        """Add to the platform's balance (minor units as Stripe counts them)."""
        self.control("balance", amount=sum_.amount, currency=sum_.currency)

    def change_bank(self, account: str, last4: str = "") -> None:
        """Another bank account takes the place of the one that the account had; events as at Stripe."""
        self.control(f"accounts/{account}", state="bank", last4=last4)

    def reverse(self, transfer: str, amount: Money | None = None) -> None:
        """A part of a transfer, or all that is left of it, comes back, as after a return by the payee's bank."""
        self.control(f"transfers/{transfer}/reverse", **_amount(amount))

    # Money back (sums in minor units as Stripe counts them)

    def refunds_later(self, later: bool) -> None:
        """New refunds stay pending (True), or all that wait succeed (False)."""
        self.control("refunds", later=int(later))

    def settle_refund(self, refund: str, outcome: str = "succeeded", reason: str = "") -> None:
        """succeeded, failed (even after it succeeded) or canceled; a reason such as `expired_or_canceled_card`."""
        self.control(f"refunds/{refund}/settle", outcome=outcome, reason=reason)

    def dashboard_refund(self, charge: str, amount: Money | None = None) -> str:
        """A refund that somebody made at the processor, without our metadata. Returns `re_…`."""
        return str(self.control(f"charges/{charge}/refund", **_amount(amount))["id"])

    def dispute(self, charge: str, amount: Money | None = None, reason: str = "fraudulent", *, inquiry: bool = False) -> str:
        """The card's bank takes the charge (`pi_…`) back with a fee of 15.00; an inquiry only asks. Returns `du_…`."""
        return str(self.control(f"charges/{charge}/dispute", reason=reason, inquiry=int(inquiry), **_amount(amount))["id"])

    def respond_to_dispute(self, dispute: str) -> None:
        self.control(f"disputes/{dispute}/respond")

    def escalate_dispute(self, dispute: str) -> None:
        """An inquiry becomes a dispute and takes the money."""
        self.control(f"disputes/{dispute}/escalate")

    def close_dispute(self, dispute: str, outcome: str, *, fee_back: bool = False) -> None:
        """won or lost; the fee stays with Stripe unless told."""
        self.control(f"disputes/{dispute}/close", outcome=outcome, fee="back" if fee_back else "kept")

    def topups_later(self, later: bool, *, refused: bool = False) -> None:
        """New top-ups stay pending (True), or all that wait arrive (False). `refused`: none can be made."""
        self.control("topups", later=int(later), refused=int(refused))

    def settle_topup(self, topup: str, outcome: str = "succeeded") -> None:
        """succeeded, failed, or reversed after it succeeded."""
        self.control(f"topups/{topup}/settle", outcome=outcome)

    def fees_later(self, later: bool) -> None:
        """Keep balance transactions back (True), or book what waits (False)."""
        self.control("fees", later=int(later))

    def set_clock(self, offset: int) -> None:
        self.control("clock", offset=offset)

    # Bad days

    def weather(self, *, duplicate: int = 0, delay: float = 0, reorder: bool = False, drop: int | bool = False, events: str = "") -> None:
        """From now on: so many more deliveries of each event, so many seconds late, the newest first, lost (the next n, or all).

        `events` is a part of the types that are meant (`charge.updated`); empty is all. It holds until `clear`.
        """
        if duplicate:
            self.control("weather", kind="duplicate", value=duplicate, operation=events)
        if delay:
            self.control("weather", kind="delay", value=delay, operation=events)
        if reorder:
            self.control("weather", kind="reorder", operation=events)
        if drop:
            self.control("weather", kind="drop", count=0 if drop is True else drop, operation=events)

    def trouble(self, kind: str, count: int = 1, operation: str = "", *, seconds: int = 0) -> None:
        """What the next `count` calls of ours run into; 0 is until `clear`, or for `seconds` of the stand-in's clock.

        `429`, `500`, `timeout_before` (nothing happened), `timeout_after` (it acted and nobody heard), `down`. `operation` is a part
        of what is meant: `refunds`, `POST /v1/transfers`. The library tries most of these twice by itself; that is counted in.
        """
        tries = 1 if kind == "429" else 2
        self.control("weather", kind=kind, count=count * tries, operation=operation, seconds=seconds)

    def clear(self) -> None:
        """The bad days are over. Late events go out, lost ones stay lost."""
        self.control("weather/clear")

    # Events

    def pull(self) -> list[Delivery]:
        """Take the waiting events, oldest first, signed now. They count as delivered."""
        found = self.control("pull")["deliveries"]
        return [Delivery(item["event"], item["payload"], item["signature"]) for item in found]

    def deliver_to(self, client: Client, deliveries: Sequence[Delivery] | None = None) -> list[str]:
        """Post events (those waiting, unless told) to the site's webhook view. Returns their types; anything but 200 fails."""
        sent = self.pull() if deliveries is None else deliveries
        for delivery in sent:
            response = post_event(client, delivery.payload, delivery.signature)
            assert response.status_code == 200, (delivery.type, response.status_code, response.content)
        return [delivery.type for delivery in sent]

    def send_events_to(self, url: str, events: str = "*") -> None:
        """Send events over HTTP from now on; an empty address keeps them until they are pulled.

        `events` are the types that are sent, with spaces between: `*` is all of them.
        """
        self.control("webhooks", url=url, secret=SECRET, events=events)

    def hold(self, held: bool) -> None:
        self.control("hold", hold=int(held))

    def resend(self, event: str) -> None:
        self.control(f"events/{event}/resend")

    def deliveries(self) -> list[dict[str, Any]]:
        """Each delivery with its event, state, attempts and last answer."""
        return list(self.control("deliveries", method="GET")["deliveries"])

    def refusals(self) -> list[dict[str, Any]]:
        """What the conformance filter refused. A test of ours that leaves one here has found a bug of ours."""
        return list(self.control("refusals", method="GET")["refusals"])

    # HTTP

    def control(self, command: str, *, method: str = "POST", **fields: Any) -> dict[str, Any]:
        answer = self.request(f"/_test/{command}", method=method, **fields)
        assert answer.status == 200, answer
        return dict(json.loads(answer.text))

    def request(self, address: str, *, method: str = "POST", headers: dict[str, str] | None = None, **fields: Any) -> Answer:
        url = address if address.startswith("http") else self.base + address
        body = urlencode(fields).encode() if method == "POST" else None
        request = urllib.request.Request(url, body, headers or {}, method=method)
        try:
            with self.opener.open(request, timeout=20) as response:
                return Answer(response.status, response.headers.get("Location", ""), response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers.get("Location", ""), error.read().decode())


def _amount(sum_: Money | None) -> dict[str, int]:
    return {} if sum_ is None else {"amount": sum_.amount}


def post_event(client: Client, payload: str | bytes, signature: str | None) -> Any:
    headers = {} if signature is None else {"Stripe-Signature": signature}
    return client.post(WEBHOOK, data=payload, content_type="application/json", headers=headers)


def database_name() -> str:
    parts = ["test_fakestripe", os.environ.get("DAYBOOK_TEST_PREFIX"), os.environ.get("PYTEST_XDIST_WORKER")]
    return "_".join(part for part in parts if part)


@contextlib.contextmanager
def running(database: str, *arguments: str) -> Iterator[str]:
    """A stand-in process on a free port. Gives its address; it ends with this block, or with this process."""
    command = [sys.executable, "-m", "funding.payments.fakestripe", "--port", "0", "--until-stdin-closes", *arguments]
    environment = {**os.environ, "FAKESTRIPE_DATABASE_URL": database, "FAKESTRIPE_WEBHOOK_SECRET": SECRET}
    process = subprocess.Popen(
        command, env=environment, cwd=django_settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://\S+", line)
            assert found, f"the stand-in did not start: {line!r}"
            yield found.group()
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def stand_in_database() -> Iterator[str]:
    """Connection settings of a fresh database for the stand-in, beside the test database on the same server."""
    params = {**connections["owner"].get_connection_params()}
    for name in ("context", "cursor_factory", "prepare_threshold"):
        params.pop(name, None)
    name = sql.Identifier(database_name())
    with psycopg.connect(**{**params, "dbname": "postgres"}, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    yield make_conninfo(**{**params, "dbname": database_name()})
    with psycopg.connect(**{**params, "dbname": "postgres"}, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


@pytest.fixture(scope="session")
def stand_in_process(stand_in_database: str) -> Iterator[StandIn]:
    with running(stand_in_database, "--check", "funding.payments.conformance:check") as base:
        yield StandIn(base)


@pytest.fixture
def stripe_stand_in(stand_in_process: StandIn, settings: Any) -> StandIn:
    """An empty stand-in, with the site's settings pointing at it."""
    settings.STRIPE_SECRET_KEY = "sk_test_tests"
    settings.STRIPE_API_BASE = stand_in_process.base
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    stand_in_process.send_events_to("")
    stand_in_process.reset()
    return stand_in_process
