"""Seal every closed day that is not sealed yet, in order, each in one transaction. It closes no day: `advance_book_day` does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import connection, transaction

from funding import clock
from funding.ledger import services as ledger
from funding.ledger.models import BookDay, SealedText
from funding.ledger.sealing import commitments, form
from funding.people.models import Host

NOBODY = "-"
"""The host's code in a file that was sealed before there was a host."""


def seal_days() -> Iterator[tuple[BookDay, form.Day]]:
    """Seal what is to be sealed; yields each day with its file as soon as it is committed. Safe to repeat and to run twice at once."""
    for day in list(BookDay.objects.filter(closed_at__isnull=False, seal=None).order_by("day").values_list("day", flat=True)):
        if sealed := _seal(day):
            yield sealed


def latest() -> BookDay | None:
    """The last day that is sealed."""
    return BookDay.objects.filter(seal__isnull=False).order_by("-day").first()


def host() -> str:
    """The code of the host in the file: the one that the chain began with, which a later change of the host does not touch."""
    begun = SealedText.objects.order_by("day").exclude(host=NOBODY).values_list("host", flat=True).first()
    now = Host.get()
    return begun or (now.code if now else NOBODY)


@transaction.atomic
def _seal(day: dt.date) -> tuple[BookDay, form.Day] | None:
    """None where somebody else sealed the day meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(1146241355, 2)")
    if not BookDay.objects.filter(pk=day, closed_at__isnull=False, seal=None).exists():
        return None
    commitments.keep(day)
    (written,) = form.days(day, day)
    previous = BookDay.objects.filter(day__lt=day).order_by("-day").values_list("seal", flat=True).first()
    code = host()
    sealed = ledger.seal_day(day=day, host=code, text=written.text(host=code, previous=previous), at=clock.now())
    return sealed, written
