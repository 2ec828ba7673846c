"""What the holder of a receipt needs to prove that their payment is in a sealed day, without saying who they are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from funding import clock
from funding.ledger.models import BookDay, Commitment, Entry, SealedText, Transfer
from funding.ledger.sealing import closing, commitments

FORMAT = "daybook-receipt-1"


@dataclass(frozen=True, slots=True)
class Stand:
    """How far the sealing has come for one entry: `latest` is the last sealed day of the books, whatever its own is."""

    day: dt.date
    sealed: bool
    latest: BookDay | None
    provable: bool
    """Sealed, and its reference was not erased since."""

    @property
    def sealed_from(self) -> dt.datetime:
        """The instant after which the day of the entry is sealed."""
        return clock.end_of(self.day)


def stand(entry: Entry) -> Stand:
    """Where the sealing of that entry stands, in three queries at most."""
    sealed = BookDay.objects.filter(pk=entry.book_day_id, seal__isnull=False).exists()
    provable = sealed and Commitment.objects.filter(entry=entry, text__isnull=False).exists()
    return Stand(entry.book_day_id, sealed, closing.latest(), provable)


def of(entry: Entry, *, line: int = 1) -> dict[str, object] | None:
    """The proof for one line of an entry: its day, seal and sum, and what opens the entry's reference. It names no party.

    None before the day is sealed, and after the reference was erased.
    """
    day = BookDay.objects.get(pk=entry.book_day_id)
    kept = Commitment.objects.filter(entry=entry, text__isnull=False).first()
    if day.seal is None or kept is None:
        return None
    row = Transfer.objects.get(entry=entry, line=line)
    return {
        "format": FORMAT,
        "host": SealedText.objects.values_list("host", flat=True).get(pk=day.pk),
        "day": day.day.isoformat(),
        "seal": day.seal,
        "row": f"{entry.pk}.{line}",
        "amount": row.amount,
        "currency": row.currency,
        "field": commitments.REFERENCE,
        "salt": bytes(kept.salt or b"").hex(),
        "text": kept.text,
    }
