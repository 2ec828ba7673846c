from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import DetailView, ListView, View

from funding import clock
from funding.components import formats
from funding.components.parts import Column, Pill, Table
from funding.errors import Invalid
from funding.mail.models import Message
from funding.site.demo import forms, processor, schedule
from funding.web.views import ActionView

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


SHOWN = 5
"""Pieces of news on the page of bad days; the stand-in's own pages have them all."""


class Processor(ActionView):
    """Make the processor behave badly, see what is switched on, and what became of its latest news."""

    form_class = forms.BadDayForm
    template_name = "site/demo/processor.html"
    success_url = reverse_lazy("demo:processor")
    done = "That is switched on. Now press “Next day”, pay for something, or release a payout."
    title = "Bad days of the processor"
    submit = "Switch it on"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.STRIPE_API_BASE:
            raise Http404("There is no stand-in to behave badly.")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        seen = processor.overview()
        return super().get_context_data(
            days=processor.BAD_DAYS.values(),
            now=[in_words(row) for row in seen["weather"]],
            deliveries=deliveries(seen["deliveries"][:SHOWN]),
            stand_in=f"{settings.STRIPE_API_BASE}/",
            **kwargs,
        )

    def act(self, form: forms.BadDayForm) -> None:
        chosen = form.cleaned_data
        processor.begin(kind=chosen["kind"], about=chosen["about"], times=chosen["times"])


class EndBadDay(View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = forms.EndForm(request.POST)
        if not settings.STRIPE_API_BASE or not form.is_valid():
            raise Http404("There is no such bad day.")
        processor.end(number=form.cleaned_data["number"])
        messages.success(request, "That is over. News that was late is on its way; news that was lost stays lost.")
        return HttpResponseRedirect(reverse("demo:processor"))


def in_words(row: dict[str, Any]) -> dict[str, Any]:
    """One bad day as the page says it."""
    limit = "until you switch it off"
    if row["remaining"]:
        limit = f"{row['remaining']} more"
    elif row["seconds_left"]:
        limit = f"{-(-row['seconds_left'] // 60)} more minutes"
    day = processor.BAD_DAYS.get(row["kind"])
    about_requests = day is not None and not day.about_events
    return {
        "id": row["id"],
        "label": day.label if day else row["kind"],
        "about": dict(processor.ABOUT).get(row["operation"], row["operation"]) if about_requests else "",
        "limit": limit,
        "met": row["met"] if about_requests else None,
    }


def deliveries(rows: list[dict[str, Any]]) -> Table:
    """The latest news as it was sent, newest first."""
    states = {
        "waiting": Pill("Waiting", "wait"),
        "delivered": Pill("Delivered", "paid"),
        "dropped": Pill("Lost", "stop"),
        "failed": Pill("Given up", "stop"),
    }
    return Table(
        caption="The latest news, newest first",
        columns=[Column("News"), Column("Event", minor=True), Column("State"), Column("Sent", "number"), Column("Last answer")],
        rows=[
            [row["type"], row["event"], states.get(row["state"], row["state"]), str(row["attempts"]), row["last"] or None] for row in rows
        ],
        empty="No news yet.",
    )


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
