"""What a view hands to the larger tags: plain values, already decided. No queries, no rules.

A tag draws exactly what it is given; sums are added up by whoever owns them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.utils.translation import gettext_lazy

from funding.money import Money

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NOTHING_YET = gettext_lazy("Nothing here yet.")

PillKind = Literal["", "paid", "wait", "pen", "stop"]


@dataclass(frozen=True, slots=True)
class Pill:
    """An adjective in sentence case. Kinds: paid (settled, sealed), wait (draft, waiting), pen (open, public), stop (recused, held)."""

    text: StrOrPromise
    kind: PillKind = ""


@dataclass(frozen=True, slots=True)
class Link:
    text: StrOrPromise
    url: str


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One line of a fee sum. Fees are negative. The last line is the total and has the double rule."""

    label: StrOrPromise
    amount: Money


@dataclass(frozen=True, slots=True)
class TierCard:
    """A published price. `share` is the part of one day that it buys, in hundredths, for the small box (100 is a full day)."""

    key: str
    name: str
    price: str
    period: StrOrPromise
    url: str
    action: StrOrPromise
    buys: StrOrPromise = ""
    buys_note: StrOrPromise = ""
    share: int | None = None
    lines: Sequence[str] = ()
    fees: Sequence[FeeLine] = ()
    fees_title: StrOrPromise = ""
    pill: Pill | None = None
    first: bool = False
    closed: StrOrPromise = ""
    """Why it cannot be taken now; the button gives way to this sentence."""


@dataclass(frozen=True, slots=True)
class Station:
    """One stop of the money line. `sum` is what the eye reads first: a sum, days, or a date of work."""

    name: StrOrPromise
    sum: Any = ""
    text: StrOrPromise = ""
    on: dt.date | dt.datetime | None = None
    note: StrOrPromise = ""
    reference: Link | None = None
    pill: Pill | None = None
    due: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lifecycle as the page tells it. The states of a stepper are done…, now, next…"""

    name: StrOrPromise
    state: Literal["done", "now", "next"]
    note: StrOrPromise = ""
    on: dt.date | dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an append-only record. `due` marks what has not happened yet."""

    at: dt.date | dt.datetime
    text: StrOrPromise
    pill: Pill | None = None
    due: bool = False
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: text, number (right, tabular) or date. `minor` columns are left out on a narrow screen."""

    label: StrOrPromise
    kind: Literal["text", "number", "date"] = "text"
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, one per column; the cell of column `head` names the row. `foot` is the total, with the double rule.

    A cell may be text, Money, a date, an instant, a Link, a Pill or None (drawn as an empty cell).
    """

    caption: StrOrPromise
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    foot: Sequence[Any] = ()
    head: int = 0
    caption_shown: bool = False
    empty: StrOrPromise = NOTHING_YET


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of bar: Money of one currency, or half days. Fills: `w` solid, `f` hatched, `p` hatched the other way, `o` outlined."""

    name: StrOrPromise
    values: Sequence[Money] | Sequence[int]
    fill: Literal["w", "f", "p", "o"] = "w"


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars side by side for each of `names`, above a zero line, with the same numbers in a table under them.

    `title` states what is found, not what is measured. `short` names fit under a bar on a phone; `urls` make the names of the
    table's rows into links. At most four series. `foot` adds each series up, where a sum of them means something.
    """

    key: str
    title: StrOrPromise
    caption: StrOrPromise
    head: StrOrPromise
    names: Sequence[StrOrPromise]
    short: Sequence[StrOrPromise]
    series: Sequence[Series]
    urls: Sequence[str] = ()
    foot: bool = True
