"""Which function answers which operation: one table, filled by the resource modules."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from funding.payments.fakestripe.forms import EXPAND, Shape
from funding.payments.fakestripe.store import Object, Transaction


@dataclass(slots=True)
class Call:
    """One request as a resource function sees it: typed parameters, its transaction, and where the pages live."""

    params: dict[str, Any]
    tx: Transaction
    base: str
    status: int = 200


Function = Callable[..., Object]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    shape: Shape
    function: Function


TABLE: list[Route] = []


def route(method: str, path: str, shape: Shape | None = None) -> Callable[[Function], Function]:
    """Register a function for `POST /v1/customers/{id}`. It gets the Call and the path's ids as text."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_]+)", path) + r"\Z")

    def register(function: Function) -> Function:
        TABLE.append(Route(method, pattern, {**EXPAND, **(shape or {})}, function))
        return function

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for entry in TABLE:
        match = entry.pattern.match(path)
        if match and entry.method == method:
            return entry, match.groupdict()
    return None
