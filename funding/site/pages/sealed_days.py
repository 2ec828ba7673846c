"""One day of the books: its seal, its file, and how anybody can check both. docs/sealed-days.md has the form.

The file is given out as it was sealed, so that a plain hash tool answers with the seal. `verify_books` and the export are what
compare it with the rows.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.generic import TemplateView, View

from funding import clock
from funding.components import formats
from funding.components.parts import Column, Link, Pill, Table
from funding.ledger.models import BookDay, Entry, SealedText
from funding.mail.services import absolute
from funding.site.pages import books, downloads

SCRIPT = "check_books.py"
PLAIN = "text/plain; charset=utf-8"
PER_PAGE = 50


def read_day(text: str) -> dt.date:
    """The day in an address, or 404."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if day.isoformat() != text:
        raise Http404
    return day


class Days(TemplateView):
    """Every day of the books, newest first, with its seal."""

    template_name = "site/pages/book_day_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(BookDay.objects.order_by("-day"), PER_PAGE).get_page(self.request.GET.get("page"))
        table = Table(
            caption=_("Days of the books, newest first"),
            columns=[Column(_("Day"), "date"), Column(_("State")), Column(_("Seal"))],
            rows=[[Link(formats.date(day.day), reverse("pages:day", args=[day.day])), state(day), day.seal] for day in page],
            empty=_("The books have no day yet. The first entry begins one."),
        )
        return super().get_context_data(**kwargs, page=page, table=table)


def state(day: BookDay) -> Pill:
    if day.seal:
        return Pill(_("Sealed"), "paid")
    return Pill(_("Being sealed"), "wait") if day.closed_at else Pill(_("Open"), "pen")


class DayPage(TemplateView):
    template_name = "site/pages/book_day.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        day = get_object_or_404(BookDay, pk=read_day(kwargs["day"]))
        sealed = SealedText.objects.filter(pk=day.pk).first()
        head = sealed.text.partition("\n")[0].split("\t") if sealed else []
        around = {step.day for step in BookDay.objects.filter(day__in=[day.day - dt.timedelta(days=1), day.day + dt.timedelta(days=1)])}
        entries = Paginator(Entry.objects.filter(book_day=day).order_by("number"), PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            **kwargs,
            page=entries,
            rows=books.rows(list(entries), self.request.user),
            book_day=day,
            day_name=formats.date(day.day),
            sealed_at=formats.instant(day.sealed_at) if day.sealed_at else "",
            closes_at=formats.instant(clock.end_of(day.day)),
            previous_seal="" if not head or head[4] == "-" else head[4],
            counts=dict(zip(("accounts", "entries", "transfers", "moves", "documents", "balances"), head[5:], strict=False)),
            size=len(sealed.text) if sealed else 0,
            before=min((it for it in around if it < day.day), default=None),
            after=max((it for it in around if it > day.day), default=None),
            file_name=f"{day.day}.txt",
            offered=downloads.offered(),
            export_name=downloads.name_of("json"),
            text_url=absolute(f"/books/days/{day.day}.txt"),
        )


@method_decorator(cache_control(public=True, max_age=3600), name="dispatch")
class DayText(View):
    """The file of a sealed day, byte for byte; 404 before it is sealed."""

    def get(self, request: HttpRequest, day: str) -> HttpResponse:
        sealed = get_object_or_404(SealedText, pk=read_day(day))
        return HttpResponse(sealed.text, content_type=PLAIN)


@method_decorator(cache_control(public=True, max_age=3600), name="dispatch")
class Script(View):
    """The program with which a stranger checks the export, as a file to save, to read and to run."""

    def get(self, request: HttpRequest) -> HttpResponse:
        saved = {"Content-Disposition": f'attachment; filename="{SCRIPT}"'}
        return HttpResponse((settings.BASE_DIR / "docs" / SCRIPT).read_text(encoding="utf-8"), content_type=PLAIN, headers=saved)
