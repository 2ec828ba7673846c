"""A language that nobody speaks: each word that goes through translation is drawn in full-width letters, so that one that does not shows.

What people typed and what the books recorded stays as it is. Such words are known by standing in the database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

from django.db import connection
from django.utils import translation
from django.utils.translation import trans_real

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
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "path", "rect", "wbr", "circle", "line", "use"}


def widened(text: str) -> str:
    """In full-width letters, without touching what is put in or any markup."""
    pieces = KEPT.split(text)
    return "".join(
        piece if at % 2 else "".join(chr(ord(c) + WIDE) if c.isascii() and c.isalpha() else c for c in piece)
        for at, piece in enumerate(pieces)
    )


@contextmanager
def spoken() -> Iterator[None]:
    """In the block every message comes back widened, of Django's and the packages' too."""
    real = {name: getattr(trans_real, name) for name in ("gettext", "pgettext", "ngettext", "npgettext")}

    def wide(name: str) -> Any:
        return lambda *args: widened(real[name](*args))

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


OWN_WORDS = ("mail_", "audit_", "auth_", "django_", "web_")
"""Tables that hold sentences of the program itself, whose words would pass for data on any other page."""


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
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
