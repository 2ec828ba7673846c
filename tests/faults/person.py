"""Somebody at a browser without JavaScript: reads pages, fills in the one form that matters, and presses again when nothing comes."""

from __future__ import annotations

from html.parser import HTMLParser

import requests
from django.conf import settings

TIMEOUT = 40
TOKEN = "once"


class Gone(Exception):
    """The page did not come, or said that it could not: what a person answers by trying again."""


class Page(HTMLParser):
    """A page as it came: its status, its text, and the fields of the form that carries a press."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.status, self.text, self.url = answer.status_code, answer.text, answer.url
        self.location = answer.headers.get("Location", "")
        self.fields: dict[str, str] = {}
        self._open: dict[str, str] | None = None
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = {}
        elif tag == "input" and self._open is not None and given.get("name"):
            chosen = given.get("type") not in {"radio", "checkbox"} or "checked" in given
            if chosen:
                self._open[given["name"]] = given.get("value", "on")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._open is not None:
            if TOKEN in self._open:
                self.fields = self._open
            self._open = None


class Person:
    def __init__(self, base: str, cookie: str = "") -> None:
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        if cookie:
            self.session.cookies.set(settings.SESSION_COOKIE_NAME, cookie)
        self.saw: list[tuple[int, str]] = []
        """Every answer that came: status and address."""

    def get(self, address: str) -> Page:
        return self._ask("GET", address, None)

    def press(self, page: Page, **typed: str) -> Page:
        """Send the page's form with what was typed, as it stands."""
        if not page.fields:
            raise Gone(f"no form at {page.url}: {page.status}")
        return self._ask("POST", page.url, {**page.fields, **typed})

    def _ask(self, method: str, address: str, data: dict[str, str] | None) -> Page:
        url = address if address.startswith("http") else self.base + address
        try:
            answer = self.session.request(method, url, data=data, allow_redirects=False, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise Gone(f"{method} {address}: {type(error).__name__}") from error
        self.saw.append((answer.status_code, f"{method} {address}"))
        if answer.status_code >= 500:
            raise Gone(f"{method} {address}: {answer.status_code}")
        return Page(answer)
