"""The one way a page takes a form: check it, call one service, go on to a page that shows the result.

`ActionView` gives every form the same manners: what was typed is kept, an `Invalid` appears beside its field, a second
press of the same button lands on the first one's result. `Refused`, `Conflict` and `Unavailable` become pages (middleware.py).
"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import AccessMixin
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.views.generic import FormView, View

from funding.errors import Conflict, Invalid
from funding.web.models import Submission


class SignedIn(AccessMixin, View):
    """A page for people who are signed in. Others go to sign in and come back."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        return super().dispatch(request, *args, **kwargs)


class ActionView(FormView):
    """Subclasses give `form_class`, `template_name` and `act(form) -> address | None`, and may give `done` (a sentence).

    `act` calls exactly one service. It returns the address to go to, or None for `success_url`.
    """

    template_name = "components/form_page.html"
    title = ""
    lead = ""
    submit = "Save"
    done = ""

    def act(self, form: Any) -> str | None:
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {"title": self.title, "lead": self.lead, "submit": self.submit}
        return super().get_context_data(**{**context, **kwargs})

    def form_valid(self, form: Any) -> HttpResponse:
        token = form.cleaned_data.get("once") or uuid.uuid4()
        earlier = self._claim(token)
        if earlier is not None:
            return HttpResponseRedirect(earlier.result_url)
        try:
            address = self.act(form) or self.get_success_url()
        except Invalid as error:
            self._forget(token)
            form.refuse(error)
            return self.form_invalid(form)
        except BaseException:
            self._forget(token)
            raise
        Submission.objects.filter(token=token).update(result_url=address)
        if self.done:
            messages.success(self.request, self.done)
        return HttpResponseRedirect(address)

    def form_invalid(self, form: forms.BaseForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _claim(self, token: uuid.UUID) -> Submission | None:
        """Record this press; return the earlier press of the same form by the same person when there was one."""
        user_id = self.request.user.pk
        try:
            with transaction.atomic():
                Submission.objects.create(token=token, user_id=user_id, path=self.request.path[:500])
            return None
        except IntegrityError:
            earlier = Submission.objects.get(token=token)
        if earlier.user_id != user_id or not earlier.result_url:
            raise Conflict(
                "This form was already sent, and the first press is still being worked on. Look at the page before you send it again."
            )
        return earlier

    @staticmethod
    def _forget(token: uuid.UUID) -> None:
        Submission.objects.filter(token=token, result_url="").delete()


class SignedInActionView(SignedIn, ActionView):
    """An `ActionView` for people who are signed in."""


def error_page(request: HttpRequest, template: str, status: int, **context: Any) -> HttpResponse:
    return render(request, template, context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, "400.html", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, "403.html", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, "404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_page(request, "500.html", 500)
