"""One day of the books: its seal, its file, and how anybody can check both. docs/sealed-days.md has the form.

The file is given out as it was sealed, so that a plain hash tool answers with the seal. `verify_books` and the export are what
compare it with the rows.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.generic import TemplateView, View

from funding import clock
from funding.components import formats
from funding.ledger.models import BookDay, SealedText
from funding.mail.services import absolute
from funding.site.pages import downloads

SCRIPT = "check_books.py"
PLAIN = "text/plain; charset=utf-8"


def read_day(text: str) -> dt.date:
    """The day in an address, or 404."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if day.isoformat() != text:
        raise Http404
    return day


class DayPage(TemplateView):
    template_name = "site/pages/book_day.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        day = get_object_or_404(BookDay, pk=read_day(kwargs["day"]))
        sealed = SealedText.objects.filter(pk=day.pk).first()
        head = sealed.text.partition("\n")[0].split("\t") if sealed else []
        around = {step.day for step in BookDay.objects.filter(day__in=[day.day - dt.timedelta(days=1), day.day + dt.timedelta(days=1)])}
        return super().get_context_data(
            **kwargs,
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
