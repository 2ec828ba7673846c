"""Logs each request, and turns the errors that Daybook itself raises into pages that explain them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from redis.exceptions import RedisError

from funding.errors import Conflict, DaybookError, Invalid, Refused, Throttled, Unavailable
from funding.web.throttle import AWAY
from funding.web.views import error_page, wait

log = logging.getLogger(__name__)
requests = logging.getLogger("daybook.request")

PAGES: dict[type[DaybookError], tuple[str, int]] = {
    Refused: ("refused.html", 403),
    Conflict: ("conflict.html", 409),
    Throttled: ("throttled.html", 429),
    Unavailable: ("unavailable.html", 503),
    Invalid: ("invalid.html", 422),
}


class RequestLog:
    """One line for each request: status, method, path, milliseconds. The handlers mask signed tokens (logs.py)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = self.get_response(request)
        requests.info("%d %s %s %.0f ms", response.status_code, request.method, request.path, (time.monotonic() - began) * 1_000)
        return response


class ErrorPages:
    """`Invalid` reaches a page of its own only where no form was there to show it.

    Any other error of ours (the processor says that our request is wrong) is a fault of the set-up: logged, and told
    without its text, which is for the operator.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """No address of ours holds a NUL byte, and the database takes none: there is no such page."""
        if "\x00" in request.path:
            raise Http404

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, RedisError):
            # allauth counts its tries there: while nobody can count them, sign-in is closed rather than open to guessing.
            log.error("%s: the shared cache is away: %s", request.path, exception)
            exception = Unavailable(AWAY)
        for kind, (template, status) in PAGES.items():
            if isinstance(exception, kind):
                response = error_page(request, template, status, error=exception)
                return wait(response, exception) if isinstance(exception, Throttled) else response
        if isinstance(exception, DaybookError):
            log.error("%s: %s", request.path, exception.message, exc_info=exception)
            return error_page(request, "failed.html", 502)
        return None
