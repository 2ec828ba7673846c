"""The books as one JSON document for a stranger's program. docs/sealed-days.md has the form, docs/check_books.py is such a program.

Written a day at a time, from the rows and not from what was kept of a sealing. It discloses no party that is not named in public,
unless it is asked for everything.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from funding import clock
from funding.ledger import checks
from funding.ledger.models import BookDay, SealedText, Transfer
from funding.ledger.sealing import closing, commitments, form

FORMAT = "daybook-books-1"


@dataclass(slots=True)
class Counts:
    """What was written: days that are sealed and that are not, rows of both, and commitments that were opened."""

    days: int = 0
    open_days: int = 0
    entries: int = 0
    transfers: int = 0
    disclosed: int = 0


def as_json(*, full: bool, to: TextIO) -> Counts:
    """Write the whole books to `to`, in one snapshot. `full` discloses every private field that is not erased, for auditors only.

    Otherwise a party is disclosed where it is named in public now, under the name that was sealed, and never where it goes by
    two names in public, because its number would say that they are one.
    """
    counts = Counts()
    with checks.snapshot():
        host, hosts = closing.host(), dict(SealedText.objects.values_list("day_id", "host"))
        made = clock.now().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        to.write(f'{{"format": "{FORMAT}", "host": {json.dumps(host)}, "made_at": "{made}",\n"days": [')
        rest = _sealed(to, hosts, counts)
        to.write('],\n"open": ')
        _unsealed(to, host, rest, counts)
        to.write(',\n"disclosed": [')
        for row, field, salt, text in _disclosed(full=full):
            to.write(",\n" if counts.disclosed else "\n")
            json.dump({"row": row, "field": field, "salt": salt.hex(), "text": text}, to, ensure_ascii=False)
            counts.disclosed += 1
        to.write("]}\n")
    return counts


def _sealed(to: TextIO, hosts: dict[dt.date, str], counts: Counts) -> tuple[Iterator[form.Day], form.Day | None, str | None]:
    """Write the days up to the last that is sealed. Returns the days after it, the first of which was read already, and its seal."""
    seals = dict(BookDay.objects.order_by("day").values_list("day", "seal"))
    last = max((day for day, seal in seals.items() if seal), default=None)
    written = form.days(min(seals), max(seals)) if seals else iter(())
    previous = None
    for day in written:
        if last is None or day.day > last:
            return written, day, previous
        seal = seals[day.day]
        text = day.text(host=hosts.get(day.day, closing.NOBODY), previous=previous)
        row = {"day": day.day.isoformat(), "seal": seal, "text": text}
        if hashlib.sha256(text.encode()).hexdigest() != seal:
            row["sealed_text"] = SealedText.objects.filter(pk=day.day).values_list("text", flat=True).first()
        to.write(",\n" if counts.days else "\n")
        json.dump(row, to)
        counts.days += 1
        _count(day, counts)
        previous = seal
    return written, None, previous


def _unsealed(to: TextIO, host: str, rest: tuple[Iterator[form.Day], form.Day | None, str | None], counts: Counts) -> None:
    """The days after the last seal, as one text. The first names that seal; the seal before each other one is yet to be made."""
    days, day, previous = rest
    if day is None:
        to.write("null")
        return
    to.write(f'{{"day": "{day.day.isoformat()}", "text": "')
    while day is not None:
        text = day.text(host=host, previous=previous)
        to.write(json.dumps(text)[1:-1])
        counts.open_days += 1
        _count(day, counts)
        day, previous = next(days, None), None
    to.write('"}')


def _count(day: form.Day, counts: Counts) -> None:
    counts.entries += day.counts[1]
    counts.transfers += day.counts[2]


def _disclosed(*, full: bool) -> Iterator[tuple[str, str, bytes, str]]:
    if full:
        yield from ((row, field, salt, text) for row, field, salt, text, *_rest in commitments.kept())
        return
    named = _named_in_public()
    for row, field, salt, text, *_rest in commitments.kept():
        if field == commitments.PARTY and (party := json.loads(text)).get("about") and _says(party, named):
            yield row, field, salt, text


def _named_in_public() -> dict[str, tuple[int, str]]:
    """`payment:31` → the party and its name in public, without parties that go by two."""
    found: dict[str, tuple[int, str]] = {}
    names: dict[int, set[str]] = defaultdict(set)
    owners: dict[tuple[str, int], set[int]] = defaultdict(set)
    rows = Transfer.objects.filter(party__isnull=False, about_kind__isnull=False).order_by()
    for kind, pk, party in rows.values_list("about_kind", "about_id", "party_id").distinct():
        owners[str(kind), int(pk or 0)].add(int(party or 0))
    for (kind, pk), name in commitments.public_names(owners).items():
        if len(owners[kind, pk]) == 1:
            (party,) = owners[kind, pk]
            names[party].add(name)
            found[f"{kind}:{pk}"] = (party, name)
    return {about: (party, name) for about, (party, name) in found.items() if len(names[party]) == 1}


def _says(party: dict[str, Any], named: dict[str, tuple[int, str]]) -> bool:
    return named.get(party["about"]) == (party["party"], party["name"])
