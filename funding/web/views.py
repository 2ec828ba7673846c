"""The one way a page takes a form: check it, call one service, go on to a page that shows the result.

`ActionView` gives every form the same manners: what was typed is kept, an `Invalid` appears beside its field, a second
press of the same button lands on the first one's result (submissions.py). `Refused`, `Conflict` and `Unavailable` become
pages (middleware.py); a `Conflict` on a form that edits a text brings the text back with it, and so does `Throttled` on any form.
"""

from __future__ import annotations

import sys
import uuid
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import AccessMixin
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, View

from funding.errors import Conflict, Invalid, Throttled
from funding.web import submissions, throttle

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

AWAY = (OperationalError, InterfaceError)
"""The connection is lost or refused, the server is shutting down or full, or the transaction lost against another one."""
AWAY_SECONDS = 5


class SignedIn(AccessMixin, View):
    """A page for people who are signed in. Others go to sign in and come back."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        return super().dispatch(request, *args, **kwargs)


def private(response: HttpResponseBase) -> HttpResponseBase:
    """Not kept by caches, not found by search engines."""
    add_never_cache_headers(response)
    response["X-Robots-Tag"] = "noindex"
    return response


class Private:
    """A page behind a signed address: whoever has the address sees it, so nothing else may keep it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return private(super().dispatch(request, *args, **kwargs))


class ActionView(FormView):
    """Subclasses give `form_class`, `template_name` and `act(form) -> address | None`, and may give `done` (a sentence).

    `act` calls exactly one service. It returns the address to go to, or None for `success_url`.

    `fresh = True` for an act that takes a second factor shown just now, `by_link = True` where the signature in the address is the
    right to act, whoever is signed in: people.middleware reads both. `tries` limits how often one person, or one place, may send the form.
    """

    fresh = False
    by_link = False
    tries: throttle.Limit | None = None

    template_name = "components/form_page.html"
    title: StrOrPromise = ""
    lead: StrOrPromise = ""
    submit: StrOrPromise = gettext_lazy("Save")
    done: StrOrPromise = ""

    def act(self, form: Any) -> str | None:
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {"title": self.title, "lead": self.lead, "submit": self.submit}
        return super().get_context_data(**{**context, **kwargs})

    def form_valid(self, form: Any) -> HttpResponse:
        token = form.cleaned_data.get("once") or uuid.uuid4()
        if earlier := submissions.claim(self.request, token):
            return HttpResponseRedirect(earlier)
        try:
            if self.tries is not None:
                self.tries.hit(str(self.request.user.pk or client_address(self.request)))
            with submissions.at_work(token):
                address = self.act(form) or self.get_success_url()
        except Invalid as error:
            submissions.forget(token)
            form.refuse(error)
            return self.form_invalid(form)
        except BaseException as error:
            submissions.forget(token)
            if isinstance(error, Conflict) and keeps_words(form):
                return self.conflict_page(form, error)
            if isinstance(error, Throttled):
                form.add_error(None, error.message)
                return wait(self.render_to_response(self.get_context_data(form=form), status=429), error)
            raise
        submissions.finish(token, address)
        if self.done:
            messages.success(self.request, self.done)
        return HttpResponseRedirect(address)

    def conflict_page(self, form: Any, error: Conflict) -> HttpResponse:
        """The form with its words, because what it was about changed since it was opened."""
        form.add_error(None, error.message)
        return self.render_to_response(self.get_context_data(form=form), status=409)

    def form_invalid(self, form: forms.BaseForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class SignedInActionView(SignedIn, ActionView):
    """An `ActionView` for people who are signed in."""


def client_address(request: HttpRequest) -> str:
    """The network address of whoever asks, or empty. Behind TLS it is what the proxy in front says, as sign-in counts it too."""
    try:
        return str(get_adapter(request).get_client_ip(request))
    except PermissionDenied:
        return ""


def keeps_words(form: forms.BaseForm) -> bool:
    """Whether a form holds words and says what its writer had seen: when that changed, its page comes back with what was typed."""
    return bool({"version", "seen"} & set(form.fields)) and any(not bound.is_hidden for bound in form)


def wait(response: HttpResponse, error: Throttled) -> HttpResponse:
    """Tell programs too how long to wait."""
    response["Retry-After"] = str(error.seconds)
    return response


def error_page(request: HttpRequest, template: str, status: int, **context: Any) -> HttpResponse:
    return render(request, template, context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, "400.html", 400, too_much=isinstance(exception, RequestDataTooBig))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, "403.html", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, "404.html", 404)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """What allauth answers when one of its own limits is reached. It does not say when the limit ends; most are a minute."""
    error = Throttled(seconds=60)
    return wait(error_page(request, "throttled.html", 429, error=error), error)


def server_error(request: HttpRequest) -> HttpResponse:
    """What went wrong and nobody answered for. Drawn without the database, which may be what went wrong.

    A database that is away, or that chose this transaction to end a deadlock, is no fault of the page: trying again is right.
    """
    if isinstance(sys.exception(), AWAY):
        response = error_page(request, "away.html", 503)
        response["Retry-After"] = str(AWAY_SECONDS)
        return response
    return error_page(request, "500.html", 500)
