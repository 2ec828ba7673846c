"""What a page has asked already, kept while one safe request is answered. An act asks everything afresh.

A page asks the same of several sides: its gate, its content and the links at the top each want the reader's roles. Within one
GET the second asker is told what the first was. Nothing of it outlives the request, a POST keeps nothing, and a service that
a GET calls (`audited`) begins and ends with nothing known: whatever money or a vote hangs on is read where it is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

SAFE = {"GET", "HEAD", "OPTIONS"}
T = TypeVar("T")

_known: ContextVar[dict[object, Any] | None] = ContextVar("known", default=None)


def on() -> bool:
    """Whether a page is being read, so that it is worth asking ahead."""
    return _known.get() is not None


def once(about: object, ask: Callable[[], T]) -> T:
    """`ask()`, or what it answered about this before in the same reading. Nobody changes what comes back."""
    known = _known.get()
    if known is None:
        return ask()
    if about not in known:
        known[about] = ask()
    answer: T = known[about]
    return answer


def knows(about: object) -> bool:
    """Whether this was asked already in the same reading."""
    known = _known.get()
    return known is not None and about in known


def learn(about: object, answer: object) -> None:
    """What `once` would have asked, where one question answered several. Outside a reading it is lost."""
    known = _known.get()
    if known is not None:
        known[about] = answer


@contextmanager
def afresh() -> Iterator[None]:
    """Around an act: nothing that was known before is used, and what was known is forgotten after."""
    known = _known.get()
    token = _known.set(None)
    try:
        yield
    finally:
        _known.reset(token)
        if known is not None:
            known.clear()


class Reading:
    """Middleware: a safe request is a reading, from its first question to its answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _known.set({} if request.method in SAFE else None)
        try:
            return self.get_response(request)
        finally:
            _known.reset(token)
