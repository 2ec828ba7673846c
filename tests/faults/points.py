"""The fail-points, inside a process of the site: every commit and every call that leaves the process, before and after.

Nothing in the product knows of them. `install` wraps the one place in each library through which such a call must pass, and
names the point by the code of ours that made it:

    worker sponsors.billing.services.collecting:_charge:165 gateway.charge_off_session after

Each point that is passed is a line of the trace. At the point that is armed the process kills itself with its whole group, or
tells the rig and waits, so that the rig can kill a server. Bytes that code of ours sends past every wrapper are traced as
`UNNAMED`, and a test fails on them.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGES = ("funding", "sponsors", "grants")
PLUMBING = ("funding.payments.gateway", "funding.payments.stripe", "funding.web.queue")
"""Frames that only pass a call on: a point is named by who asked for it."""
WRAPPERS = {
    "audited.<locals>.decorate.<locals>.run": "service",
    "audited.<locals>.decorate.<locals>.run.<locals>.once": "service",
    "one_at_a_time.<locals>.run": "sweep",
}
"""Our decorators: qualified name of the wrapper → its variable that holds the function for which it acts."""
READS = ("SELECT", "SHOW", "SET", "SAVEPOINT", "RELEASE", "ROLLBACK", "FETCH", "EXPLAIN")
WRITERS = re.compile(r"\bledger_\w+\(")
"""Database functions that write are called in a SELECT."""
UNNAMED = "UNNAMED"
PATIENCE = 30


class Place:
    """The rig's directory, through which a process learns what is armed and tells what it passed."""

    def __init__(self, path: Path, role: str) -> None:
        self.path = path
        self.role = role
        self.inside = threading.local()

    def passed(self, name: str) -> None:
        """Write the point into the trace; at the armed one, do what is armed."""
        with open(self.path / "trace", "a+") as trace:
            fcntl.flock(trace, fcntl.LOCK_EX)
            trace.write(f"{name}\n")
            trace.flush()
            armed = self._armed(name, trace)
        if armed == "die":
            os.killpg(os.getpgrp(), signal.SIGKILL)
        elif armed == "ask":
            self._ask(name)

    def within(self) -> None:
        """A write inside a transaction, whose commit is the point: note which functions took part."""
        with open(self.path / "within", "a") as notes:
            notes.write("".join(f"{name.rpartition(':')[0]}\n" for name in frames()))

    def _armed(self, name: str, trace: Any) -> str:
        try:
            armed = json.loads((self.path / "armed").read_text())
        except FileNotFoundError:
            return ""
        if armed["point"] != name:
            return ""
        trace.seek(0)
        if sum(line == f"{name}\n" for line in trace) != armed["occurrence"]:
            return ""
        (self.path / "armed").rename(self.path / "fired")
        return str(armed["action"])

    def _ask(self, name: str) -> None:
        (self.path / "asked").write_text(name)
        end = time.monotonic() + PATIENCE
        while not (self.path / "answered").exists() and time.monotonic() < end:
            time.sleep(0.002)

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        """One call: a point before it and one after it. Calls inside it are part of it."""
        if getattr(self.inside, "a_call", False):
            yield
            return
        name = f"{self.role} {maker()} {what}"
        self.passed(f"{name} before")
        self.inside.a_call = True
        try:
            yield
        finally:
            self.inside.a_call = False
        self.passed(f"{name} after")


def frames() -> Iterator[str]:
    """`module:function:line` of each function of ours on the stack, innermost first."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_filename.endswith("contextlib.py") and code.co_name == "inner":
            yield from _named(frame.f_locals.get("func"))
        elif (module := frame.f_globals.get("__name__", "")).partition(".")[0] in PACKAGES:
            wraps = WRAPPERS.get(code.co_qualname)
            yield from _named(frame.f_locals[wraps]) if wraps else [f"{module}:{code.co_qualname}:{frame.f_lineno}"]
        frame = frame.f_back


def _named(function: Any) -> list[str]:
    """A decorated function that has returned, or whose commit is being made, has no frame and no line."""
    module = getattr(function, "__module__", "")
    return [f"{module}:{function.__qualname__}:0"] if module.partition(".")[0] in PACKAGES else []


def maker() -> str:
    """Who asked for the call that is being made. "" where nobody of ours did."""
    return next((name for name in frames() if not name.startswith(PLUMBING)), "")


def callee() -> str:
    """The gateway's verb on the stack."""
    found = [name for name in frames() if name.startswith("funding.payments.gateway:")]
    return f"gateway.{found[0].split(':')[1]}" if found else "processor"


def install(path: Path, role: str) -> None:
    """Wrap the doors of this process, once. After Django is set up, before the first request or task."""
    place = Place(path, role)
    _commits(place)
    _processor(place)
    _queue(place)
    _cache(place)
    _mail(place)
    _everything_else(place)


def _wrap(owner: Any, name: str, place: Place, what: Callable[..., str]) -> None:
    inner = getattr(owner, name)

    @functools.wraps(inner)
    def outer(*args: Any, **kwargs: Any) -> Any:
        label = what(*args, **kwargs)
        if not label:
            return inner(*args, **kwargs)
        with place.around(label):
            return inner(*args, **kwargs)

    setattr(owner, name, outer)


def _commits(place: Place) -> None:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.signals import connection_created

    _wrap(BaseDatabaseWrapper, "_commit", place, lambda *args: "commit")

    def watch(execute: Any, statement: Any, params: Any, many: bool, context: Any) -> Any:
        if not writes(str(statement)):
            return execute(statement, params, many, context)
        if context["connection"].in_atomic_block:
            place.within()
            return execute(statement, params, many, context)
        with place.around("write"):
            return execute(statement, params, many, context)

    def watched(connection: Any, **_: Any) -> None:
        if watch not in connection.execute_wrappers:
            connection.execute_wrappers.append(watch)

    connection_created.connect(watched, weak=False)


def writes(statement: str) -> bool:
    words = statement.lstrip("( \n").upper()
    return not words.startswith(READS) or bool(WRITERS.search(statement))


def _processor(place: Place) -> None:
    import stripe

    _wrap(stripe.RequestsClient, "request", place, lambda *args, **kwargs: callee())


def _queue(place: Place) -> None:
    from celery import Celery

    _wrap(Celery, "send_task", place, lambda self, name, *args, **kwargs: f"enqueue {name}")


def _cache(place: Place) -> None:
    from redis import Redis

    _wrap(Redis, "execute_command", place, lambda self, *args, **kwargs: f"cache {args[0]}" if maker() else "")


def _mail(place: Place) -> None:
    from django.core.mail.backends.smtp import EmailBackend

    _wrap(EmailBackend, "send_messages", place, lambda *args: "mail")


def _everything_else(place: Place) -> None:
    for name in ("send", "sendall", "sendto", "sendmsg"):
        _guard(place, name)


def _guard(place: Place, name: str) -> None:
    inner = getattr(socket.socket, name)

    def outer(self: socket.socket, *args: Any) -> Any:
        if not getattr(place.inside, "a_call", False) and (by := maker()):
            place.passed(f"{UNNAMED} {place.role} {by} socket.{name}")
        return inner(self, *args)

    setattr(socket.socket, name, outer)
