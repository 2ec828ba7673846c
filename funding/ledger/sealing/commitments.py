"""What stands in the file of a day for a private field: SHA-256 of a tag, 32 random bytes of that row, and the field as canonical JSON.

Commitments are made when a day is sealed and never when an entry is posted. How a party is called in public is known to
the apps above, which register it with `name_by`; whoever is named by nobody is disclosed to nobody.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from django.db import connection

from funding.audit.services import audited
from funding.errors import Invalid
from funding.ledger.sealing.form import stream
from funding.people.models import Party, User

REFERENCE, PARTY = "reference", "party"
SALT_BYTES = 32
AT_ONCE = 10_000
ROW = re.compile(r"[1-9]\d{0,17}(\.[1-9]\d{0,4})?")
PRIVATE = """
    SELECT e.number, 0 AS line, e.source, e.reference, NULL::bigint AS party, NULL AS about_kind, NULL::bigint AS about_id
        FROM ledger_entry e WHERE e.book_day_id = %(day)s
    UNION ALL
    SELECT e.number, t.line, NULL, NULL, t.party_id, t.about_kind, t.about_id
        FROM ledger_entry e JOIN ledger_transfer t ON t.entry_id = e.number
        WHERE e.book_day_id = %(day)s AND (t.party_id IS NOT NULL OR t.about_kind IS NOT NULL)
    ORDER BY 1, 2
"""

Names = Callable[[Iterable[int]], Mapping[int, str]]
"""Ids of one kind of `about` → the name in public of whose money it is, for those that are named in public now and no others."""
_names: dict[str, Names] = {}


def name_by(kind: str, names: Names) -> None:
    """Transfers about (`kind`, id) belong to a party that `names` knows how to call in public."""
    _names[kind] = names


def public_names(about: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """The names in public, one call to each app that is concerned. Who is not named in public is not in it."""
    by_kind: dict[str, set[int]] = defaultdict(set)
    for kind, pk in about:
        by_kind[kind].add(pk)
    return {(kind, pk): name for kind, ids in by_kind.items() if kind in _names for pk, name in _names[kind](ids).items() if name}


def canonical(value: object) -> str:
    """RFC 8785 for what we commit to: objects with ASCII keys, text, whole numbers below 2**53, and null."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(field: str, salt: bytes, text: str) -> str:
    """The commitment: 64 hexadecimal digits."""
    return hashlib.sha256(f"daybook-1:{field}\n".encode() + salt + text.encode()).hexdigest()


def reference_text(source: str, reference: str) -> str:
    return canonical({"reference": reference, "source": source})


def party_text(party: int | None, name: str | None, about: tuple[str, int] | None) -> str:
    return canonical({"about": about and f"{about[0]}:{about[1]}", "name": name, "party": party})


def keep(day: dt.date) -> int:
    """Make salts and texts for every private field of a closed day. Call it once, in the transaction that seals the day."""
    rows, kept = stream(PRIVATE, {"day": day}), 0
    while part := list(islice(rows, AT_ONCE)):
        kept += _keep(day, part)
    return kept


def _keep(day: dt.date, rows: list[tuple[int, int, str, str, int | None, str | None, int | None]]) -> int:
    shown = public_names({(kind, pk) for *_, kind, pk in rows if kind and pk})
    own = dict(Party.objects.filter(pk__in={row[4] for row in rows if row[4]}).values_list("pk", "name"))
    numbers, lines, texts = [], [], []
    for number, line, source, reference, party, kind, pk in rows:
        about = (kind, pk) if kind and pk is not None else None
        name = (about and shown.get(about)) or own.get(party or 0)
        numbers.append(number)
        lines.append(line)
        texts.append(party_text(party, name if party else None, about) if line else reference_text(source, reference))
    salts = [secrets.token_bytes(SALT_BYTES) for _ in rows]
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_keep_commitments(%s, %s, %s, %s, %s)", [day, numbers, lines, salts, texts])
        return int(cursor.fetchone()[0])


@audited("ledger.erase", subject="row")
def erase(*, actor: User | None, row: str, reason: str) -> bool:
    """Destroy salt and text of a sealed row's commitment: `12` is an entry, `12.1` a transfer. The file, its seal and all sums stay.

    Nobody can ever open that commitment again. False when there was nothing (left) to destroy. Raises Invalid for another form of row,
    or without a `reason`, which stays in the audit log.
    """
    if not ROW.fullmatch(row):
        raise Invalid(f"{row} is not a row of the books. Give an entry such as 12, or a line of it such as 12.1.", field="row")
    if not reason.strip():
        raise Invalid("Say why it is erased.", field="reason")
    number, _, line = row.partition(".")
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_erase(%s, %s)", [int(number), int(line or 0)])
        return bool(cursor.fetchone()[0])


DISCLOSABLE = """
    SELECT coalesce(c.entry_id, t.entry_id) AS number, coalesce(t.line, 0) AS line, c.salt, c.text, c.digest, t.party_id,
        t.about_kind, t.about_id, e.source, e.reference, e.book_day_id
    FROM ledger_commitment c LEFT JOIN ledger_transfer t ON t.id = c.transfer_id
    JOIN ledger_entry e ON e.number = coalesce(c.entry_id, t.entry_id)
    WHERE c.text IS NOT NULL ORDER BY 1, 2
"""


def kept() -> Iterator[tuple[str, str, bytes, str, str, str, dt.date]]:
    """(row, field, salt, text, digest, what the text has to say of its row, day) of all that is not erased.

    Of a party the name is taken from the text itself, because it does not follow later changes.
    """
    for number, line, salt, text, digest_, party, kind, pk, source, reference, day in stream(DISCLOSABLE, {}):
        if line:
            about = (kind, pk) if kind is not None else None
            yield f"{number}.{line}", PARTY, bytes(salt), text, digest_, party_text(party, _name(text), about), day
        else:
            yield str(number), REFERENCE, bytes(salt), text, digest_, reference_text(source, reference), day


LOST = """
    SELECT book_day_id, count(*), (array_agg(row ORDER BY number, line))[1] FROM (
        SELECT e.book_day_id, e.number, 0 AS line, e.number::text AS row FROM ledger_entry e JOIN ledger_bookday d ON d.day = e.book_day_id
            WHERE d.seal IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ledger_commitment c WHERE c.entry_id = e.number)
        UNION ALL
        SELECT e.book_day_id, e.number, t.line, e.number || '.' || t.line
            FROM ledger_transfer t JOIN ledger_entry e ON e.number = t.entry_id JOIN ledger_bookday d ON d.day = e.book_day_id
            WHERE d.seal IS NOT NULL AND (t.party_id IS NOT NULL OR t.about_kind IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM ledger_commitment c WHERE c.transfer_id = t.id)
    ) AS bare GROUP BY 1 ORDER BY 1
"""


def lost() -> Iterator[tuple[dt.date, int, str]]:
    """(day, how many, the first row) of sealed days with private fields that no commitment stands for."""
    yield from stream(LOST, {})


def _name(text: str) -> str | None:
    try:
        name = json.loads(text).get("name")
    except (ValueError, AttributeError):
        return None
    return name if isinstance(name, str) else None
