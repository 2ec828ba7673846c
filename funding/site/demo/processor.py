"""Bad days of the processor, for a visitor to switch on: what there is to choose, and the commands to the stand-in.

It speaks HTTP to the stand-in's own commands and imports nothing of it. None of these exists at Stripe.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.errors import Unavailable

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TIMEOUT = 5
HOUR = 3_600
TRIES = 2
"""The library repeats by itself what it got no answer to, once, so one call of ours is two requests there."""


@dataclass(frozen=True, slots=True)
class BadDay:
    """`does` is what the processor does, `see` what the visitor should then see happen here."""

    kind: str
    label: StrOrPromise
    does: StrOrPromise
    see: StrOrPromise
    value: int = 0
    about_events: bool = False


BAD_DAYS = {
    day.kind: day
    for day in (
        BadDay(
            "down",
            gettext_lazy("It is down"),
            gettext_lazy("It takes no connection, its pages say so, and it sends no news."),
            gettext_lazy(
                "Whoever wants to pay is told to come back. A payout or a renewal waits and goes out by itself when it is up again."
            ),
        ),
        BadDay(
            "429",
            gettext_lazy("Too many requests"),
            gettext_lazy("It answers 429: slow down. Nothing was done."),
            gettext_lazy("The same as when it is down, for as many requests as you chose."),
        ),
        BadDay(
            "500",
            gettext_lazy("It fails inside"),
            gettext_lazy("It answers 500. Nothing was done."),
            gettext_lazy("The call is made again with the same key a little later."),
        ),
        BadDay(
            "timeout_before",
            gettext_lazy("The request is lost"),
            gettext_lazy("The connection ends before it has done anything."),
            gettext_lazy("The call is made again with the same key, and is then done."),
        ),
        BadDay(
            "timeout_after",
            gettext_lazy("The answer is lost"),
            gettext_lazy("It does what was asked, and the connection ends before it answers."),
            gettext_lazy(
                "The worst one: money moved and we do not know it. The call is made again with the same key, "
                "the first answer comes, and the books show it once."
            ),
        ),
        BadDay(
            "duplicate",
            gettext_lazy("News comes three times"),
            gettext_lazy("Each event is sent three times."),
            gettext_lazy("The inbox stores each event once; the payment is booked once."),
            value=2,
            about_events=True,
        ),
        BadDay(
            "delay",
            gettext_lazy("News comes late"),
            gettext_lazy("Each event is sent two minutes late."),
            gettext_lazy("The page after paying still knows the truth, because it asks the processor itself."),
            value=120,
            about_events=True,
        ),
        BadDay(
            "reorder",
            gettext_lazy("News comes in the wrong order"),
            gettext_lazy("Events wait four seconds, and the newest goes first."),
            gettext_lazy("Nothing: what is read from the processor is its last state, whatever came first."),
            about_events=True,
        ),
        BadDay(
            "drop",
            gettext_lazy("News is lost"),
            gettext_lazy("Events are never sent."),
            gettext_lazy("A sweeper asks the processor what became of each payment and payout, so that it is booked a little later."),
            about_events=True,
        ),
    )
}

ABOUT = [
    ("", gettext_lazy("Everything")),
    ("POST /v1/payment_intents", gettext_lazy("Charging a saved card")),
    ("checkout/sessions", gettext_lazy("Payment pages")),
    ("POST /v1/refunds", gettext_lazy("Refunds")),
    ("POST /v1/transfers", gettext_lazy("Payouts")),
    ("GET ", gettext_lazy("Questions that only read")),
]
"""What requests a bad day is about. The stand-in looks for these words in the method and path of a request."""

TIMES = [
    ("1", gettext_lazy("The next one")),
    ("3", gettext_lazy("The next three")),
    ("hour", gettext_lazy("For an hour")),
    ("on", gettext_lazy("Until you switch it off")),
]


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
        raise Unavailable(_("The stand-in for Stripe does not answer. Nothing was switched.")) from error
