"""The public books as files: the same that `manage.py export_books` writes, for whoever asks.

A file is written to disk in one read of the books and sent from there, so that a slow reader holds nothing open in the database.
"""

from __future__ import annotations

import datetime as dt
import io
import tempfile
from typing import BinaryIO, cast

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.generic import View

from funding import clock
from funding.errors import Unavailable
from funding.site.reports import export
from funding.site.reports.export import rows
from funding.web import reading, throttle
from funding.web.views import client_address

MOST = 200_000
"""Transfers that a page still exports, in some ten seconds. Longer books are exported by the host, with the command."""
SMALL = 1_000_000
"""Bytes up to which a file is sent in one piece; a longer one is read from the disk while it is sent."""
TRIES = throttle.Limit("books-export", 30, dt.timedelta(minutes=10))


def offered() -> bool:
    """Whether the books are short enough to be downloaded from a page."""
    return rows.count() <= MOST


def name_of(form: str) -> str:
    """`books-2026-11-23.json`: what a file that is downloaded today is called."""
    return f"books-{clock.today()}.{form}"


class Export(View):
    """`/books/export.<format>`."""

    form = "csv"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        TRIES.hit(self.form, throttle.network(client_address(request)))
        if not offered():
            raise Unavailable(_("These books are too long to be exported by a page. Ask the host for the file."))
        file, size = written(self.form)
        if size > SMALL:
            answer: HttpResponseBase = FileResponse(file, content_type=export.TYPES[self.form])
        else:
            with file:
                answer = HttpResponse(file.read(), content_type=export.TYPES[self.form])
        answer["Content-Disposition"] = f'attachment; filename="{name_of(self.form)}"'
        return answer


def written(form: str) -> tuple[BinaryIO, int]:
    """A nameless file with the public books, to be read from its start, and its size in bytes. Whoever closes it removes it."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the answer closes it when it is sent
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        # What is known for a page would be every label of a long history.
        with reading.afresh():
            export.write(form, full=False, to=text)
        text.flush()
    except BaseException:
        text.close()
        raise
    text.detach()
    size = file.tell()
    file.seek(0)
    return cast(BinaryIO, file), size
