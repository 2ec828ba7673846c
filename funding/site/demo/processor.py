"""Bad days of the processor, for a visitor to switch on: what there is to choose, and the commands to the stand-in.

It speaks HTTP to the stand-in's own commands and imports nothing of it. None of these exists at Stripe.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from funding.errors import Unavailable

TIMEOUT = 5
HOUR = 3_600
TRIES = 2
"""The library repeats by itself what it got no answer to, once, so one call of ours is two requests there."""


@dataclass(frozen=True, slots=True)
class BadDay:
    """`does` is what the processor does, `see` what the visitor should then see happen here."""

    kind: str
    label: str
    does: str
    see: str
    value: int = 0
    about_events: bool = False


BAD_DAYS = {
    day.kind: day
    for day in (
        BadDay(
            "down", "It is down", "It takes no connection, its pages say so, and it sends no news.",
            "Whoever wants to pay is told to come back. A payout or a renewal waits and goes out by itself when it is up again.",
        ),
        BadDay(
            "429", "Too many requests", "It answers 429: slow down. Nothing was done.",
            "The same as when it is down, for as many requests as you chose.",
        ),
        BadDay(
            "500", "It fails inside", "It answers 500. Nothing was done.",
            "The call is made again with the same key a little later.",
        ),
        BadDay(
            "timeout_before", "The request is lost", "The connection ends before it has done anything.",
            "The call is made again with the same key, and is then done.",
        ),
        BadDay(
            "timeout_after", "The answer is lost", "It does what was asked, and the connection ends before it answers.",
            "The worst one: money moved and we do not know it. The call is made again with the same key, "
            "the first answer comes, and the books show it once.",
        ),
        BadDay(
            "duplicate", "News comes three times", "Each event is sent three times.",
            "The inbox stores each event once; the payment is booked once.", value=2, about_events=True,
        ),
        BadDay(
            "delay", "News comes late", "Each event is sent two minutes late.",
            "The page after paying still knows the truth, because it asks the processor itself.", value=120, about_events=True,
        ),
        BadDay(
            "reorder", "News comes in the wrong order", "Events wait four seconds, and the newest goes first.",
            "Nothing: what is read from the processor is its last state, whatever came first.", about_events=True,
        ),
        BadDay(
            "drop", "News is lost", "Events are never sent.",
            "A sweeper asks the processor what became of each payment and payout, so that it is booked a little later.", about_events=True,
        ),
    )
}  # fmt: skip

ABOUT = [
    ("", "Everything"),
    ("POST /v1/payment_intents", "Charging a saved card"),
    ("checkout/sessions", "Payment pages"),
    ("POST /v1/refunds", "Refunds"),
    ("POST /v1/transfers", "Payouts"),
    ("GET ", "Questions that only read"),
]
"""What requests a bad day is about. The stand-in looks for these words in the method and path of a request."""

TIMES = [("1", "The next one"), ("3", "The next three"), ("hour", "For an hour"), ("on", "Until you switch it off")]


def overview() -> dict[str, Any]:
    """`weather`: rows with id, kind, operation, remaining, seconds_left, met; `deliveries`: the latest events. Raises Unavailable."""
    return _command("GET", "overview")


def begin(*, kind: str, about: str, times: str) -> None:
    """Switch one bad day on. All three are keys of the tables above. Raises Unavailable."""
    day = BAD_DAYS[kind]
    limit: dict[str, int] = {}
    if times == "hour":
        limit = {"seconds": HOUR}
    elif times.isdigit():
        limit = {"count": int(times) * (1 if day.about_events or kind == "429" else TRIES)}
    _command("POST", "weather", kind=kind, operation="" if day.about_events else about, value=day.value, **limit)


def end(*, number: int | None = None) -> None:
    """Switch one off, or all. Late events go out at once. Raises Unavailable."""
    _command("POST", f"weather/{number}/clear" if number else "weather/clear")


def elapse(*, seconds: int) -> None:
    """The calendar moved: an hour that was to be bad is over sooner. Nothing happens where no stand-in runs. Raises Unavailable."""
    if settings.STRIPE_API_BASE:
        _command("POST", "weather/elapse", seconds=seconds)


def _command(method: str, name: str, **fields: object) -> dict[str, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = urlencode(fields).encode() if method == "POST" else None
    request = urllib.request.Request(f"{settings.STRIPE_API_BASE}/_test/{name}", body, method=method)
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            return dict(json.load(answer))
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise Unavailable("The stand-in for Stripe does not answer. Nothing was switched.") from error
