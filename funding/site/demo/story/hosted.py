"""Press the buttons of the stand-in's hosted pages over HTTP, as somebody in a browser would; and do what only a bank does."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPMessage
from typing import IO, Any
from urllib.parse import urlencode

from django.conf import settings

from funding.errors import Unavailable
from funding.payments.handlers import EVENTS

VISA = "4242424242424242"
PAYS_ONCE = "4000000000000341"
"""Pays on the page and is refused when it is charged later without its owner."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """The answer to a press is a redirect to our own site, which need not be followed."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)


def press(address: str, action: str, **fields: str) -> str:
    """Send the page's form with one of its buttons. Returns where the page leads. Raises Unavailable when it leads nowhere."""
    body = urlencode({"action": action, **fields}).encode()
    try:
        with _opener.open(urllib.request.Request(address, body, method="POST"), timeout=20) as answer:
            raise Unavailable(f"The stand-in's page answered {answer.status} to “{action}”.")
    except urllib.error.HTTPError as answer:
        with answer:
            if answer.code == 303:
                return answer.headers["Location"]
            raise Unavailable(f"The stand-in's page answered {answer.code} to “{action}”.") from answer
    except urllib.error.URLError as error:
        raise Unavailable(f"The stand-in for Stripe cannot be reached: {error.reason}.") from error


def pay(address: str, card: str = VISA) -> str:
    return press(address, "pay", card=card)


def command(name: str, **fields: str) -> dict[str, Any]:
    """What a bank or a person at Stripe does: a control command of the stand-in. Returns its answer. Raises Unavailable."""
    request = urllib.request.Request(f"{settings.STRIPE_API_BASE}/_test/{name}", urlencode(fields).encode(), method="POST")
    try:
        with _opener.open(request, timeout=20) as answer:
            return dict(json.load(answer))
    except urllib.error.URLError as error:
        raise Unavailable(f"The stand-in for Stripe did not do “{name}”: {error}.") from error


@contextmanager
def endpoint_switched_off() -> Iterator[None]:
    """The endpoint for the processor's news is off until the end: whatever it would tell, the page after paying and the schedule ask
    for themselves, and eight months of news would all arrive on one day. Raises Unavailable."""
    command("webhooks", events="")
    try:
        yield
    finally:
        command("hold", hold="0")
        command("webhooks", events=" ".join(EVENTS))


def switch_on_endpoint() -> None:
    """The news of the last days comes when the story is told: a worker that hears each event meanwhile takes its time from it."""
    command("hold", hold="1")
    command("webhooks", events=" ".join(EVENTS))


def onboard(address: str) -> str:
    return press(address, "submit")
