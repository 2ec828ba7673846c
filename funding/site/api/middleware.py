"""What holds for every address below /api/, whether a view answered or nobody: problems instead of pages, and ETags.

A page of an error that Django, the second factor or the database door answered is told as a problem to whoever did not ask for
HTML. Answers are private and checked again each time; one that did not change is 304 without a body.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers, set_response_etag
from django.utils.translation import gettext as _

from funding.api.errors import BY_STATUS, MEDIA_TYPE, PROBLEMS, body

ROOM = "/api/"


class Problems:
    """Middleware, outside everything that may answer with a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path.startswith(ROOM):
            return response
        patch_vary_headers(response, ["Accept", "Authorization", "Cookie"])
        patch_cache_control(response, private=True, no_cache=True)
        response["X-Robots-Tag"] = "noindex"
        if response.status_code >= 400:
            return self.told(request, response)
        if request.method in {"GET", "HEAD"} and response.status_code == 200:
            set_response_etag(response)
            return get_conditional_response(request, etag=response.get("ETag"), response=response) or response
        return response

    def told(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """A page as a problem, unless its reader named HTML: programs that name nothing, or anything, want to read the status."""
        if not response.get("Content-Type", "").startswith("text/html") or "text/html" in request.headers.get("Accept", ""):
            return response
        problem = BY_STATUS.get(response.status_code, PROBLEMS["broken" if response.status_code >= 500 else "malformed"])
        detail = ""
        if response.status_code == 403:
            detail = _("Your role needs a second factor before any act. Nothing was done yet. Show it on the site first, or use a token.")
        found = JsonResponse(body(problem, detail, instance=request.path), status=response.status_code, content_type=MEDIA_TYPE)
        for name in ("Retry-After", "Allow", "Vary", "Cache-Control", "X-Robots-Tag"):
            if name in response:
                found[name] = response[name]
        return found
