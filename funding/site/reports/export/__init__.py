"""The books as a file that somebody else's program reads: `manage.py export_books` and the downloads at /books/.

docs/export.md says what stands where. Without `full` a file says what /books/ says to everybody and no more: codes, sums, days, and
of each transfer what it was about in the words that a stranger reads there. It is no backup: what people wrote is not in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from funding.ledger import checks
from funding.ledger.sealing import export as sealed
from funding.site.reports.export import beancount, delimited
from funding.site.reports.export.rows import Progress, Summary, whole

Writer = Callable[[bool, TextIO, Progress], Summary]

TYPES = {"beancount": "text/plain; charset=utf-8", "csv": "text/csv; charset=utf-8", "json": "application/json"}
"""Each format, and what a browser is told that it is."""


def write(form: str, *, full: bool, to: TextIO, progress: Progress | None = None) -> Summary:
    """Write the whole of the books in a format of `TYPES`, in one snapshot, and say in counts and sums what was written.

    `progress` is called now and then with the number of transfers so far.
    """
    with checks.snapshot():
        return WRITERS[form](full, to, progress or _silent)


def _json(full: bool, to: TextIO, progress: Progress) -> Summary:
    sealed.as_json(full=full, to=to)
    return whole(full)


def _silent(written: int) -> None:
    """Nobody watches."""


WRITERS: dict[str, Writer] = {"beancount": beancount.write, "csv": delimited.write, "json": _json}
