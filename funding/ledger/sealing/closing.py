"""Seal every closed day that is not sealed yet, in order, each in one transaction. It closes no day: `advance_book_day` does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from django.db import connection, transaction

from funding import clock
from funding.ledger import services as ledger
from funding.ledger.errors import NotToSeal
from funding.ledger.models import BookDay, SealedBalance, SealedText
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
    before, anew = _before(day)
    (written,) = form.days(day, day, before)
    previous = BookDay.objects.filter(day__lt=day).order_by("-day").values_list("seal", flat=True).first()
    code = host()
    sealed = ledger.seal_day(day=day, host=code, text=written.text(host=code, previous=previous), at=clock.now())
    _keep(day, before.sums if anew else written.balances)
    return sealed, written


def _before(day: dt.date) -> tuple[form.Balances, bool]:
    """How the accounts stand before that day: as it was sealed, or, where nothing was kept of that yet, summed from all rows (True).

    Raises NotToSeal where what was kept is not what the last sealed file says.
    """
    if not SealedBalance.objects.exists():
        return form.Balances.of_rows(day), True
    before, sealed = form.Balances.kept(day), SealedText.objects.filter(day__lt=day).order_by("-day").first()
    if sealed and (line := before.differs(sealed.text)):
        code = line.split("\t")[1]
        raise NotToSeal(f"{day} cannot be sealed: the balance of {code} was not kept as the file of {sealed.day_id} has it.")
    return before, False


def _keep(day: dt.date, balances: Mapping[int, form.Sums]) -> None:
    SealedBalance.objects.bulk_create(
        [
            SealedBalance(day_id=day, account_id=account, debits=debits, credits=credits, reserved=reserved, head=head)
            for account, (debits, credits, reserved, head) in balances.items()
        ],
        batch_size=1_000,
    )
