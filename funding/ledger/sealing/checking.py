"""I4 for sealed days: every file, seal and commitment recomputed from the rows, and the row named that does not fit any more."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from itertools import zip_longest

from funding.ledger.checks import Tally
from funding.ledger.models import Account, BookDay, SealedBalance, SealedText
from funding.ledger.sealing import commitments, form

NAMES = {"H": "the head", "A": "account", "E": "entry", "T": "transfer", "R": "reservation move", "D": "document", "Z": "the balance of"}


def sealed_days_say_what_they_said(tally: Tally) -> Iterator[str]:
    """Each sealed day gives its file, seal and chain again, and each commitment its row."""
    bounds = BookDay.objects.filter(seal__isnull=False).order_by("day")
    first, last = bounds.first(), bounds.last()
    if first and last:
        yield from _days(first.day, last.day, tally)
    yield from _commitments(tally)


def _days(first: dt.date, last: dt.date, tally: Tally) -> Iterator[str]:
    kept = (
        SealedText.objects.filter(day__day__range=(first, last))
        .order_by("day")
        .values_list("day_id", "host", "text")
        .iterator(chunk_size=50)
    )
    seals = {day.day: day.seal for day in BookDay.objects.filter(day__range=(first, last))}
    balances = _Kept()
    before, expected = None, first
    begun = BookDay.objects.order_by("day").first()
    if begun and begun.day != first:
        yield f"{begun.day} is not sealed, and {first} after it is."
    waiting = next(kept, None)
    for written in form.days(first, last):
        day, seal = written.day, seals[written.day]
        tally.count("sealed days")
        tally.count("sealed lines", len(written.lines) + 1)
        if day != expected:
            yield f"{expected} is missing from the chain of sealed days."
        expected = day + dt.timedelta(days=1)
        wrong = list(balances.differ(written))
        if waiting is None or waiting[0] != day:
            yield f"{day}: the file that was sealed is gone."
            yield from wrong
            before = seal
            continue
        host, text = waiting[1], waiting[2]
        waiting = next(kept, None)
        now = written.text(host=host, previous=before)
        if seal is None:
            yield f"{day} is not sealed, and a day after it is."
        elif _hash(text) != seal:
            yield f"{day}: the file that is kept does not have the seal of that day. {_difference(text, now)}"
        elif now != text:
            yield f"{day}: {_difference(text, now)}"
        yield from wrong
        before = seal


class _Kept:
    """The balances that were kept when each day was sealed, against those of all rows up to that day. Read a day at a time."""

    def __init__(self) -> None:
        rows = SealedBalance.objects.order_by("day", "account")
        self.rows = rows.values_list("day", "account", "debits", "credits", "reserved", "head").iterator(chunk_size=form.AT_ONCE)
        self.next = next(self.rows, None)
        self.begun = False
        self.sums: dict[int, form.Sums] = {}

    def differ(self, written: form.Day) -> Iterator[str]:
        self.sums |= written.balances
        found = {}
        while self.next is not None and self.next[0] <= written.day:
            if self.next[0] == written.day:
                found[self.next[1]] = self.next[2:]
            self.next = next(self.rows, None)
        if not self.begun and not found:
            return
        self.begun = True
        wrong = [pk for pk, sums in found.items() if self.sums.get(pk) != sums] + sorted(written.balances.keys() - found.keys())
        for code in Account.objects.filter(pk__in=wrong).order_by("code").values_list("code", flat=True):
            yield f"{written.day}: the balance of {code} that the next day is sealed from is not what the rows give."


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _difference(sealed: str, now: str) -> str:
    """Where two files of a day part: the first line that is not the same, by its name."""
    before, after = sealed.splitlines(), now.splitlines()
    for was, is_ in zip_longest(before, after, fillvalue=""):
        if was == is_ or _counts_only(was, is_):
            continue
        if was and is_ and _name(was) == _name(is_):
            return f"{_name(was)} was sealed as “{_shown(was)}” and is “{_shown(is_)}” now."
        added = is_ and _name(is_) not in {_name(line) for line in before}
        return f"{_name(is_)} is not in the file that was sealed." if added else f"{_name(was)} was sealed and is gone."
    return "The rows give the file that is kept." if sealed == now else "Only the counts in its head differ."


def _counts_only(was: str, is_: str) -> bool:
    """Whether two lines are heads that only count differently: then a line below tells more."""
    return was[:1] == "H" and was.split("\t")[:5] == is_.split("\t")[:5]


def _name(line: str) -> str:
    fields = line.split("\t")
    return NAMES[fields[0]] if fields[0] == "H" else f"{NAMES.get(fields[0], fields[0])} {fields[1]}"


def _shown(line: str) -> str:
    return " ".join(line.split("\t")[1:])


def _commitments(tally: Tally) -> Iterator[str]:
    for day, rows, first in commitments.lost():
        yield f"{day} is sealed and {rows} of its private fields have no commitment, that of {first} first."
    for row, field, salt, text, digest, expected, day in commitments.kept():
        tally.count("commitments opened")
        if commitments.digest(field, salt, text) != digest:
            yield f"{day}: the {field} of {row} does not give its commitment."
        elif text != expected:
            yield f"{day}: the {field} of {row} is another one now than was sealed."
