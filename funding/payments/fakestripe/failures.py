"""The errors that Stripe's API answers with, in its own shape."""

from __future__ import annotations

from typing import Any


class Failure(Exception):
    """An answer other than success. `stored` is False where Stripe keeps no idempotent result: nothing had begun."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        stored: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.stored = stored
        named = {"code": code, "message": message, "param": param, "type": kind, **more}
        self.body = {"error": {name: value for name, value in named.items() if value is not None}}


def missing_parameter(param: str) -> Failure:
    return Failure(400, f"Missing required param: {param}.", code="parameter_missing", param=param, stored=False)


def unknown_parameter(param: str) -> Failure:
    return Failure(400, f"Received unknown parameter: {param}", code="parameter_unknown", param=param, stored=False)


def invalid_parameter(param: str, message: str, code: str = "parameter_invalid") -> Failure:
    return Failure(400, message, code=code, param=param, stored=False)


def no_such(what: str, identity: str, param: str = "id") -> Failure:
    """404 when the object is the address, as Stripe also answers for an id in a parameter (with status 400)."""
    status = 404 if param == "id" else 400
    return Failure(status, f"No such {what}: '{identity}'", code="resource_missing", param=param)
