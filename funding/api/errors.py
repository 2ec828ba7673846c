"""Every error of the API is a problem (RFC 9457): one body with a type, a title, a status and a sentence.

The five kinds of `funding.errors` are the same here as on a page. `errors` points into what was sent (RFC 6901).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from funding.errors import Conflict, DaybookError, Invalid, Refused, Throttled, Unavailable

MEDIA_TYPE = "application/problem+json"
DOCS = "/api/v1/docs/"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: `code` ends its type's address, `title` is the same each time, `meaning` explains it in the docs."""

    code: str
    status: int
    title: str
    meaning: str

    @property
    def type(self) -> str:
        return f"{settings.BASE_URL}{DOCS}#problem-{self.code}"


class KeyReused(Conflict):
    """An idempotency key came with another request than the first time."""


PROBLEMS = {
    problem.code: problem
    for problem in (
        Problem("malformed", 400, "This could not be read", "The request is not what HTTP or JSON allow, or a header is missing."),
        Problem("signed-out", 401, "Sign in first", "There is no token, or it is not known, has expired or was revoked."),
        Problem(
            "refused", 403, "You cannot do this", "A rule forbids it for you, or the token lacks the scope. The detail names the rule."
        ),
        Problem("not-found", 404, "There is nothing here", "It does not exist, or it is not yours to know that it does."),
        Problem("method", 405, "This address does not take that method", "The header Allow lists those that it takes."),
        Problem("not-acceptable", 406, "There is no such form of this", "The API answers JSON, and HTML for a browser."),
        Problem("conflict", 409, "It changed since you looked", "What you act on was changed or done meanwhile. Read it again."),
        Problem("too-large", 413, "This is longer than the site takes", "Nothing of it was read."),
        Problem("media-type", 415, "Send JSON", "The body is to be application/json."),
        Problem("invalid", 422, "This cannot be taken as it is", "Each error points to its place in what you sent."),
        Problem("key-reused", 422, "This key belongs to another request", "An Idempotency-Key is for one request and its repeats."),
        Problem("throttled", 429, "Too many requests", "The header Retry-After says for how many seconds to wait."),
        Problem("broken", 500, "Something broke here", "It is our fault and in our log."),
        Problem("failed", 502, "Something that we rely on refused", "The operator sees why."),
        Problem("unavailable", 503, "A part of this site is down", "Nothing was done. The same request may be sent again."),
    )
}
BY_STATUS = {problem.status: problem for problem in reversed(PROBLEMS.values())}
OURS: dict[type[DaybookError], str] = {
    KeyReused: "key-reused",
    Refused: "refused",
    Conflict: "conflict",
    Invalid: "invalid",
    Throttled: "throttled",
    Unavailable: "unavailable",
}


def body(problem: Problem, detail: str = "", *, instance: str = "", errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The problem as it is sent. `instance` is the path that was asked for."""
    found: dict[str, Any] = {"type": problem.type, "title": problem.title, "status": problem.status, "detail": detail or problem.meaning}
    if instance:
        found["instance"] = instance
    if errors:
        found["errors"] = errors
    return found


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler. None leaves an error that nobody foresaw to Django, and to `Problems` after it."""
    request = context["request"]
    found = _problem(error, getattr(context["view"], "sent_as", {}))
    if found is None:
        return None
    problem, detail, errors, headers = found
    response = Response(body(problem, detail, instance=request.path, errors=errors), status=problem.status, headers=headers)
    renderer = getattr(request, "accepted_renderer", None)
    if renderer is None or renderer.format != "html":
        response.content_type = MEDIA_TYPE
    return response


def _problem(error: Exception, sent_as: Mapping[str, str]) -> tuple[Problem, str, list[dict[str, str]], dict[str, str]] | None:
    if isinstance(error, DaybookError):
        code = next((code for kind, code in OURS.items() if isinstance(error, kind)), "failed")
        return PROBLEMS[code], "" if code == "failed" else error.message, _of_field(error, sent_as), _wait(error)
    if isinstance(error, exceptions.ValidationError):
        return PROBLEMS["invalid"], "", list(pointers(error.detail)), {}
    if isinstance(error, RequestDataTooBig):
        return PROBLEMS["too-large"], "", [], {}
    if isinstance(error, Http404):
        return PROBLEMS["not-found"], "", [], {}
    if isinstance(error, PermissionDenied):
        return PROBLEMS["refused"], "", [], {}
    if isinstance(error, exceptions.APIException):
        code = {exceptions.ParseError: "malformed"}.get(type(error))
        problem = PROBLEMS[code] if code else BY_STATUS.get(error.status_code, PROBLEMS["malformed"])
        header = getattr(error, "auth_header", None)
        return problem, str(error.detail), [], {"WWW-Authenticate": header} if header else {}
    return None


def _of_field(error: DaybookError, sent_as: Mapping[str, str]) -> list[dict[str, str]]:
    field = getattr(error, "field", None)
    field = sent_as.get(field, field)
    return [{"pointer": f"#/{field}", "detail": error.message}] if field else []


def _wait(error: DaybookError) -> dict[str, str]:
    return {"Retry-After": str(error.seconds)} if isinstance(error, Throttled) else {}


def pointers(detail: Any, at: str = "#") -> Iterator[dict[str, str]]:
    """REST framework's tree of messages as a list of places and sentences."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            whole = name == "non_field_errors"
            yield from pointers(inner, at if whole else f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            yield from pointers(inner, f"{at}/{number}" if isinstance(inner, dict) else at)
    else:
        yield {"pointer": at, "detail": str(detail)}
