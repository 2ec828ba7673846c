from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import DetailView, ListView, View

from funding import clock
from funding.components import formats
from funding.errors import Invalid
from funding.mail.models import Message
from funding.site.demo import forms, schedule

BACKEND = "django.contrib.auth.backends.ModelBackend"


def back(request: HttpRequest, address: str) -> HttpResponse:
    """To the page where the bar was used, if it is one of ours."""
    safe = url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(address if safe else "/")


class Become(View):
    """Sign in as one of the demo's people, or as nobody. No other account can be entered this way."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = forms.BecomeForm(request.POST)
        if not form.is_valid():
            raise Invalid("Choose one of the people of the demo.")
        person = form.cleaned_data["person"]
        if person is None:
            logout(request)
            messages.success(request, "You are signed out, as any visitor is.")
        else:
            login(request, person.user, backend=BACKEND)
            messages.success(request, f"You are now {person.user}. {person.part}.")
        return back(request, form.cleaned_data["next"])


class Advance(View):
    """Move the calendar by a day or a month and do what would have happened in between."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = forms.AdvanceForm(request.POST)
        if not form.is_valid():
            raise Invalid("The calendar moves by a day or by a month.")
        with schedule.alone():
            step = dt.timedelta(days=1) if form.cleaned_data["step"] == "day" else schedule.to_next_month()
            failed = schedule.advance(step)
        messages.success(request, f"It is now {formats.date(clock.today())}. What was due in between has been done.")
        if failed:
            messages.error(request, f"These tasks failed and will be tried again: {', '.join(failed)}. The log says why.")
        return back(request, form.cleaned_data["next"])


class MailList(ListView):
    """Every mail of the demo, so that a sign-in code can be read without a mailbox. There is no such page outside a demo."""

    template_name = "site/demo/message_list.html"
    paginate_by = 20

    def get_queryset(self) -> Any:
        found = Message.objects.order_by("-id")
        to = self.request.GET.get("to", "").replace("\x00", "")[:254]
        return found.filter(to__iexact=to) if to else found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(to=self.request.GET.get("to", "")[:254], **kwargs)


class MailDetail(DetailView):
    model = Message
    template_name = "site/demo/message_detail.html"
