from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import DetailView, ListView, View

from funding import clock
from funding.components import formats
from funding.components.parts import Column, Pill, Table
from funding.errors import Invalid
from funding.mail.models import Message
from funding.site.demo import forms, happened, processor, schedule, starting
from funding.site.demo.models import Calendar, Person
from funding.site.recovery import jobs
from funding.web.views import ActionView

FOLDED = "demo_folded"
"""In the session: whether the bar is one line."""
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
            raise Invalid(_("Choose one of the people of the demo."))
        person = form.cleaned_data["person"]
        folded = request.session.get(FOLDED, False)
        if person is None:
            logout(request)
            messages.success(request, _("You are signed out, as any visitor is."))
        else:
            login(request, person.user, backend=BACKEND)
            messages.success(request, _("You are now {name}: {part}.").format(name=person.user, part=person.part))
        if folded:
            request.session[FOLDED] = True
        return back(request, form.cleaned_data["next"])


class Fold(View):
    """Make the bar one line, or show all of it again, until it is pressed again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        request.session[FOLDED] = not request.session.get(FOLDED, False)
        return back(request, request.POST.get("next", "")[:2000])


class People(ListView):
    """Everybody whom the visitor may become, by name, address or part."""

    template_name = "site/demo/person_list.html"
    paginate_by = 20

    def get_queryset(self) -> QuerySet[Person]:
        found = Person.objects.select_related("user")
        for word in self.words().split():
            found = found.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word) | Q(part__icontains=word))
        return found

    def words(self) -> str:
        return self.request.GET.get("q", "").replace("\x00", "")[:80]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(q=self.words(), **kwargs)


class Advance(View):
    """Move the calendar by a day, at once, or by a month, with a page that shows how far it has come; and say what happened."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        row = Calendar.objects.filter(moving_since__isnull=False).first()
        if row is None:
            return HttpResponseRedirect("/")
        if row.moving_to is None:
            return self.arrived(request, row.moving_since, row.trouble.split(), request.GET.get("next", ""))
        schedule.pick_up()
        done, way = (clock.today() - row.moving_since.date()).days, (row.moving_to - row.moving_since.date()).days
        context = {"row": row, "today": clock.today(), "done": done, "way": way, "so_far": happened.between(row.moving_since, clock.now())}
        return render(request, "site/demo/moving.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = forms.AdvanceForm(request.POST)
        if not form.is_valid():
            raise Invalid(_("The calendar moves by a day or by a month."))
        address = form.cleaned_data["next"]
        if form.cleaned_data["step"] == "month":
            schedule.set_out(schedule.to_next_month())
            return HttpResponseRedirect(f"{reverse('demo:advance')}?{urlencode({'next': address})}")
        with schedule.alone():
            since = clock.now()
            failed = schedule.advance(dt.timedelta(days=1))
        return self.arrived(request, since, failed, address)

    def arrived(self, request: HttpRequest, since: dt.datetime, failed: list[str], address: str) -> HttpResponse:
        said = ", ".join(happened.between(since, clock.now()))
        words = _("It is now {date}. {happened}.") if said else _("It is now {date}. Nothing was due.")
        messages.success(request, words.format(date=formats.date(clock.today()), happened=said))
        if failed:
            undone = "; ".join(dict.fromkeys(jobs.words(name) for name in failed))
            messages.error(request, _("Not all of what was due could be done, and is tried again: {jobs}.").format(jobs=undone))
        return back(request, address)


class Start(ActionView):
    """From the demo to an installation of one's own; and, where it is empty, its first administrator."""

    form_class = forms.StartForm
    template_name = "site/demo/start.html"
    submit = gettext_lazy("Begin")
    success_url = "/"
    done = gettext_lazy("You are the administrator. Set up the host first.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(empty=starting.is_empty(), **kwargs)

    def act(self, form: forms.StartForm) -> None:
        user = starting.first_administrator(name=form.cleaned_data["name"], email=form.cleaned_data["email"])
        login(self.request, user, backend=BACKEND)


SHOWN = 5
"""Pieces of news on the page of bad days; the stand-in's own pages have them all."""


class Processor(ActionView):
    """Make the processor behave badly, see what is switched on, and what became of its latest news."""

    form_class = forms.BadDayForm
    template_name = "site/demo/processor.html"
    success_url = reverse_lazy("demo:processor")
    done = gettext_lazy("That is switched on. Now press “Next day”, pay for something, or release a payout.")
    title = gettext_lazy("Bad days of the processor")
    submit = gettext_lazy("Switch it on")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.STRIPE_API_BASE:
            raise Http404(_("There is no stand-in to behave badly."))
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
            raise Http404(_("There is no such bad day."))
        processor.end(number=form.cleaned_data["number"])
        messages.success(request, _("That is over. News that was late is on its way; news that was lost stays lost."))
        return HttpResponseRedirect(reverse("demo:processor"))


def in_words(row: dict[str, Any]) -> dict[str, Any]:
    """One bad day as the page says it."""
    limit = _("until you switch it off")
    if row["remaining"]:
        limit = _("{count} more").format(count=row["remaining"])
    elif row["seconds_left"]:
        minutes = -(-row["seconds_left"] // 60)
        limit = ngettext("{count} more minute", "{count} more minutes", minutes).format(count=minutes)
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
        "waiting": Pill(_("Waiting"), "wait"),
        "delivered": Pill(_("Delivered"), "paid"),
        "dropped": Pill(_("Lost"), "stop"),
        "failed": Pill(_("Given up"), "stop"),
    }
    return Table(
        caption=_("The latest news, newest first"),
        columns=[
            Column(_("News")),
            Column(_("Event"), minor=True),
            Column(_("State")),
            Column(_("Sent"), "number"),
            Column(_("Last answer")),
        ],
        rows=[
            [row["type"], row["event"], states.get(row["state"], row["state"]), str(row["attempts"]), row["last"] or None] for row in rows
        ],
        empty=_("No news yet."),
    )


class MailList(ListView):
    """Every mail of the demo, so that a sign-in code can be read without a mailbox. There is no such page outside a demo."""

    template_name = "site/demo/message_list.html"
    paginate_by = 20

    def get_queryset(self) -> Any:
        self.asked = self._asked()
        found, to, words = Message.objects.order_by("-id"), self.asked.get("to"), self.asked.get("words")
        if to:
            found = found.filter(to__icontains=to)
        return found.filter(Q(subject__icontains=words) | Q(body__icontains=words)) if words else found

    def _asked(self) -> dict[str, str]:
        """What was typed. What cannot be meant (too long, or no text) asks for nothing."""
        form = forms.MailSearch(self.request.GET)
        return {name: said for name, said in form.cleaned_data.items() if said} if form.is_valid() else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        search = forms.MailSearch(initial=self.asked)
        return super().get_context_data(to=self.asked.get("to", ""), search=search, query=urlencode(self.asked), **kwargs)


class MailDetail(DetailView):
    model = Message
    template_name = "site/demo/message_detail.html"
