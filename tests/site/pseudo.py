"""A language that nobody speaks: each word that goes through translation is drawn in full-width letters, so that one that does not shows.

A message that no translator is given stays as it is: gettext may be asked for it, and never has an answer. What people typed and what
the books recorded stays too. Such words are known by standing in the database.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from babel.messages.extract import extract
from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

from funding.money import MINUS, known_currencies, mark

WIDE = 0xFEE0
KEPT = re.compile(r"(\{[^{}]*\}|%\(\w+\)[sd]|%[sd%]|<[^>]*>|&#?\w+;)")
WORD = re.compile(r"[A-Za-z]{2,}(?:['’][a-z]+)?")
NO_WORDS = re.compile(r"\S*[@/_]\S*|\S+\.[a-z]\S*|[#$€£]\S+|\b[A-Z]+-\d+\b|\b[0-9a-f]{12,}\b|\b[a-z]+:[a-z]+\b")
"""Addresses of pages and mail, names of files, sums, references, fingerprints, scopes."""
SHOWN = ("aria-label", "aria-description", "title", "placeholder", "alt")
SILENT = {"script", "style", "code", "pre", "kbd", "svg", "head"}
NAMES = {"Daybook", "UTC", "Stripe", "Markdown", "GitHub", "RSS", "CSV", "JSON", "API", "PDF", "IBAN", "ISO"}
LISTS = {"country", "zone"}
"""Choices out of a list that is somebody else's: countries, time zones."""
MARKED: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
}
"""By which the extraction knows a message, and which of what they are given it is."""
CONTEXT = "\x04"
"""What stands between the context of a message and the message, in a catalogue."""
CODED = re.compile(rf"\b[A-Z]{{3}}[\s\u00a0]*[-{MINUS}]?[0-9](?:[0-9.,]*[0-9])?")
"""What looks like a sum with its currency's code."""
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "path", "rect", "wbr", "circle", "line", "use"}


def widened(text: str) -> str:
    """In full-width letters, without touching what is put in or any markup."""
    pieces = KEPT.split(text)
    return "".join(
        piece if at % 2 else "".join(chr(ord(c) + WIDE) if c.isascii() and c.isalpha() else c for c in piece)
        for at, piece in enumerate(pieces)
    )


@cache
def given() -> frozenset[str]:
    """Every message that a translator is given: of our code and templates, and what the packages have in some other language."""
    root, found = Path(settings.BASE_DIR), set(trans_real.translation("de")._catalog.keys())  # type: ignore[attr-defined]
    sources = [path.read_text() for house in ("funding", "sponsors", "grants") for path in (root / house).rglob("*.py")]
    sources += [templatize(path.read_text()) for path in (root / "templates").rglob("*") if path.suffix in {".html", ".txt"}]
    for source in sources:
        for _line, message, _comments, _context in extract("python", io.BytesIO(source.encode()), keywords=MARKED):
            found.update([message] if isinstance(message, str) else message)
    return frozenset((key if isinstance(key, str) else key[0]).rpartition(CONTEXT)[2] for key in found if key)


@contextmanager
def spoken() -> Iterator[None]:
    """In the block every message that is given to translators comes back widened, of Django's and the packages' too."""
    real = {name: getattr(trans_real, name) for name in ("gettext", "pgettext", "ngettext", "npgettext")}

    def wide(name: str) -> Any:
        message = 1 if "p" in name.partition("gettext")[0] else 0
        return lambda *args: widened(real[name](*args)) if args[message] in given() else real[name](*args)

    translation._trans.__dict__.update({name: wide(name) for name in real})  # type: ignore[attr-defined]
    try:
        yield
    finally:
        translation._trans.__dict__.update(real)  # type: ignore[attr-defined]


class Words(HTMLParser):
    """The words of a page that a person meets: its text, its title, and what a screen reader says."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        silent = tag in SILENT or have.get("translate") == "no" or (tag == "select" and have.get("name") in LISTS)
        if not (silent or self.silent):
            self.texts += [have[name] or "" for name in SHOWN if name in have]
            if tag == "input" and have.get("type") in {"submit", "button"}:
                self.texts.append(have.get("value") or "")
        if tag not in VOID:
            self.open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self.silent or [tag for tag, _ in self.open][-1:] == ["title"]:
            self.texts.append(data)

    @property
    def silent(self) -> bool:
        return any(silent for _, silent in self.open)


def raw(html: str, known: set[str]) -> list[str]:
    """The texts in which a word is neither translated nor data, each once."""
    page = Words()
    page.feed(html)
    return list(dict.fromkeys(" ".join(text.split()) for text in page.texts if set(WORD.findall(NO_WORDS.sub(" ", text))) - known))


def coded(html: str) -> list[str]:
    """Sums that are written with the code of a currency that has a mark, each once: `USD 10.00` in place of `$10.00`."""
    page = Words()
    page.feed(html)
    found = [said for text in page.texts for said in CODED.findall(text) if said[:3] in _with_marks()]
    return list(dict.fromkeys(found))


@cache
def _with_marks() -> frozenset[str]:
    return frozenset(code for code in known_currencies() if code not in mark(code))


OWN_WORDS = ("mail_", "audit_", "auth_", "django_", "web_")
"""Tables that hold sentences of the program itself, whose words would pass for data on any other page."""


CODES = {"kind", "state", "act", "steps"}
"""Columns of which a page has words of its own for each value."""
LETTERS = {"subject", "body"}
"""Columns of mails, of which no page of the records says what they are."""


def recorded(*, records: bool) -> set[str]:
    """Every word of every text that people wrote into the database, or that the books recorded; with `records` also logs and mails."""
    found = set(NAMES)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if table.startswith(OWN_WORDS) and not records:
                continue
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
            for (row,) in cursor:
                for text in _texts(json.loads(row)):
                    found.update(WORD.findall(text))
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in [part for name, part in value.items() if name not in CODES | LETTERS] if isinstance(value, dict) else value:
            yield from _texts(part)
