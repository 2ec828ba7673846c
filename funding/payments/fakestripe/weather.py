"""Bad days: the stand-in answers 429 or 500, goes silent before or after acting, is down; events are doubled, late, turned or lost.

Each is a row that says for which requests or events it holds, how often or until when. `operation` is a part of what it
is about, as `POST /v1/transfers` for a request and `charge.updated` for an event; empty is everything. Times follow the
clock that the demo's calendar moves, so that an hour passes when its day does.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, LiteralString

from funding.payments.fakestripe.failures import Failure, invalid_parameter

if TYPE_CHECKING:
    from funding.payments.fakestripe.store import Row, Transaction

REQUESTS = ("429", "500", "timeout_before", "timeout_after", "down")
EVENTS = ("drop", "duplicate", "delay", "reorder")
LONGEST_SILENCE = 60.0
BATCH = 4
"""Seconds of events that go out together, the newest first, while their order is turned."""

TAKE: LiteralString = (
    "SELECT id, kind, value, remaining FROM weather WHERE kind = ANY(%s) AND position(lower(operation) in lower(%s)) > 0 AND "
    "(remaining IS NULL OR remaining > 0) AND (until IS NULL OR until > %s) ORDER BY id LIMIT 1"
)
SPEND: LiteralString = "UPDATE weather SET remaining = remaining - 1 WHERE id = %s AND remaining > 0"
DOUBLE: LiteralString = "INSERT INTO delivery (event) VALUES (%s)"
LATE: LiteralString = "UPDATE delivery SET due_at = now() + make_interval(secs => %s) WHERE event = %s"
TURN: LiteralString = """
UPDATE delivery SET place = -id, due_at = to_timestamp(ceil(extract(epoch FROM now()) / %s) * %s) WHERE event = %s"""


class Vanish(Exception):
    """The connection ends without an answer."""


def set_in(tx: Transaction, kind: str, *, operation: str = "", count: int = 0, seconds: int = 0, value: float = 0) -> int:
    """Begin a bad day. `count` 0 is until it is switched off; `seconds` end it by themselves. Returns its number.

    `value`: how many more deliveries (duplicate), seconds (delay), seconds of silence before the connection ends (timeouts).
    """
    if kind not in REQUESTS + EVENTS:
        raise invalid_parameter("kind", f"Use one of {', '.join(REQUESTS + EVENTS)}.")
    if min(count, seconds, value) < 0:
        raise invalid_parameter("count", "Nothing here can be below zero.")
    until = tx.now() + seconds if seconds else None
    query: LiteralString = "INSERT INTO weather (kind, operation, remaining, until, value) VALUES (%s, %s, %s, %s, %s) RETURNING id"
    return int(tx.rows(query, kind, operation, count or None, until, value)[0]["id"])


def clear(tx: Transaction, number: int | None = None) -> None:
    """End one bad day, or all of them. What was late goes out now; what was lost stays lost."""
    tx.run("DELETE FROM weather WHERE %s::bigint IS NULL OR id = %s", number, number)
    if not tx.rows("SELECT 1 FROM weather WHERE kind = ANY(%s) LIMIT 1", ["delay", "reorder"]):
        tx.run("UPDATE delivery SET due_at = now() WHERE state = 'waiting'")


def elapse(tx: Transaction, seconds: int) -> None:
    """Time has passed for whoever watches: what was to last some seconds lasts so many less."""
    tx.run("UPDATE weather SET until = until - %s WHERE until IS NOT NULL", seconds)


def now(tx: Transaction) -> list[Row]:
    """What holds at this moment, oldest first."""
    return tx.rows(
        "SELECT id, kind, operation, remaining, until - %s AS seconds_left, value, met FROM weather "
        "WHERE (remaining IS NULL OR remaining > 0) AND (until IS NULL OR until > %s) ORDER BY id",
        tx.now(), tx.now(),
    )  # fmt: skip


def is_down(tx: Transaction) -> bool:
    return any(row["kind"] == "down" for row in now(tx))


def meet(tx: Transaction, request: str) -> float | None:
    """What this request runs into. Raises Failure or Vanish; gives the seconds of silence that come after it acted, or None."""
    found = _take(tx, REQUESTS, request)
    if found is None:
        return None
    tx.run("UPDATE weather SET met = met + 1 WHERE id = %s", found["id"])
    # What was counted stays, although the request comes to nothing.
    tx.commit()
    kind, silence = found["kind"], min(float(found["value"]), LONGEST_SILENCE)
    if kind == "429":
        raise Failure(429, "Too many requests hit the API too quickly.", code="rate_limit", stored=False)
    if kind == "500":
        raise Failure(500, "An unknown error occurred. Nothing was changed.", kind="api_error", stored=False)
    if kind == "timeout_after":
        return silence
    time.sleep(silence if kind == "timeout_before" else 0)
    raise Vanish


def send(tx: Transaction, event: str, kind: str) -> None:
    """Decide what becomes of a new event's deliveries: called once for each event, in the transaction of its fact."""
    if not tx.rows("SELECT 1 FROM weather LIMIT 1"):
        return
    if _take(tx, ("drop",), kind):
        tx.run("UPDATE delivery SET state = 'dropped', last = 'lost on its way' WHERE event = %s", event)
        return
    if doubled := _take(tx, ("duplicate",), kind):
        for _ in range(max(1, int(doubled["value"]))):
            tx.run(DOUBLE, event)
    if late := _take(tx, ("delay",), kind):
        tx.run(LATE, float(late["value"]), event)
    if _take(tx, ("reorder",), kind):
        tx.run(TURN, BATCH, BATCH, event)


def _take(tx: Transaction, kinds: tuple[str, ...], what: str) -> dict[str, Any] | None:
    found = tx.rows(TAKE, list(kinds), what, tx.now())
    if found and found[0]["remaining"] is not None and not tx.run(SPEND, found[0]["id"]):
        return None
    return found[0] if found else None
