from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.mail import probe
from funding.payments.views import Keeper
from funding.people import policies, roles
from funding.people.models import Host, User
from funding.site.setup import steps
from funding.web import throttle
from funding.web.forms import Confirm, Form
from funding.web.views import SignedIn, SignedInActionView


class CodeForm(Form):
    code = forms.CharField(
        label=gettext_lazy("The code in the mail"),
        max_length=12,
        help_text=gettext_lazy("Six digits."),
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


def home(request: HttpRequest) -> HttpResponse | None:
    """The home page of an installation that has no project yet; None for visitors of one that has a host."""
    if roles.may_manage_people(request.user):
        return task_list(request)
    return render(request, "site/setup/empty.html") if Host.get() is None else None


def task_list(request: HttpRequest) -> HttpResponse:
    found = steps.steps(cast(User, request.user))
    done = sum(step.done for step in found)
    return render(request, "site/setup/list.html", {"steps": found, "done": done, "left": len(found) - done})


class Tasks(SignedIn):
    def get(self, request: HttpRequest) -> HttpResponse:
        policies.require_manager(request.user)
        return task_list(request)


class Asked(Keeper, SignedInActionView):
    success_url = reverse_lazy("setup:mail-code")
    extra_context = {"cancel_url": reverse_lazy("setup:list")}


class SendMail(Asked):
    form_class = Confirm
    title = gettext_lazy("Mail yourself a code")
    submit = gettext_lazy("Send the mail")
    tries = throttle.Limit("mail-probe", 10, dt.timedelta(hours=1))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lead = _("It goes to {email}, the way every mail of Daybook goes.").format(email=self.keeper.email)
        return super().get_context_data(lead=lead, **kwargs)

    def act(self, form: Confirm) -> None:
        probe.send(actor=self.keeper)


class TypeCode(Asked):
    form_class = CodeForm
    template_name = "site/setup/mail_code.html"
    title = gettext_lazy("Type in the code")
    lead = gettext_lazy("The mail usually takes less than a minute.")
    submit = gettext_lazy("It arrived")
    done = gettext_lazy("Mail arrives.")
    success_url = reverse_lazy("setup:list")
    tries = throttle.Limit("mail-probe-code", 20, dt.timedelta(hours=1))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(probe=probe.last(), **kwargs)

    def act(self, form: CodeForm) -> None:
        probe.confirm(actor=self.keeper, code=form.cleaned_data["code"])
