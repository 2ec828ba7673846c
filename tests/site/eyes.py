"""Debian's Chromium, shown pages that were drawn before: no server, no network, and each page with the headers it was sent with.

Each page is loaded once and turned from there. Sideways scrolling is measured at every width, and once more with scripts off on
pages that carry one; without, the page is the same page. All rules of axe run at 1280 px in light and at 320 px in dark: both
ends of every breakpoint and both sets of colours, crossed. What the crossing leaves out is a width with the other colours. The
widths decide which colours meet and the schemes what they are, and `test_budget.py` holds every pair in both; still, the slow
set looks at all of them.
"""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import axe_playwright_python
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Route, sync_playwright

from tests.browser.conftest import CHROMIUM, OPTIONS
from tests.site.screens import Screen

ORIGIN = "https://testserver"
HEIGHT = 900
WIDTHS = (1280, 390, 320)
Light = tuple[int, Literal["light", "dark"]]
"""How a page is looked at: so many pixels wide, by day or by night."""
CROSSED: list[Light] = [(1280, "light"), (320, "dark")]
OTHERS: list[Light] = [(1280, "dark"), (390, "light"), (390, "dark"), (320, "light")]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
BUDGET = {"html": 30_000, "css": 12_000, "js": 16_000, "woff2": 60_000}
"""Bytes that one page may bring of each kind, compressed."""
RUN = """async (tags) => {
  const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'], iframes: false});
  const say = node => node.target.join(' ') + ' ' + node.html.slice(0, 160);
  return found.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(say).join(' | ')}`);
}"""
FACTS = """() => ({
  h1: document.querySelectorAll('h1').length,
  title: document.title.trim(),
  lang: document.documentElement.lang,
})"""
OUTSIDE = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return '';
  const wide = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > page.clientWidth + 1);
  return `${page.scrollWidth} px wide: ${wide.slice(0, 3).map(e => e.outerHTML.slice(0, 140)).join(' | ')}`;
}"""


@cache
def static(path: str) -> tuple[bytes, str] | None:
    """A file of ours and its type, from the folders of the apps."""
    found = finders.find(path.removeprefix("/static/"))
    return (Path(found).read_bytes(), mimetypes.guess_type(path)[0] or "application/octet-stream") if found else None


@cache
def weight(body: bytes, kind: str) -> int:
    """Bytes as they travel. Fonts are compressed by themselves."""
    return len(body) if kind == "woff2" else len(gzip.compress(body, 6))


class Tab:
    """One tab: answers what a page asks for, and hears what it complains of."""

    def __init__(self, browser: Browser, *, scripts: bool) -> None:
        self.page: Page = browser.new_context(java_script_enabled=scripts, reduced_motion="reduce").new_page()
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.route("**/*", self.answer)

    def open(self, screen: Screen) -> None:
        self.screen, self.faults, self.weights = screen, list[str](), {"html": weight(screen.html, "html")}
        self.page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
        self.page.emulate_media(color_scheme="light")
        self.page.goto(ORIGIN + screen.address)

    def answer(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        here = parts.path + (f"?{parts.query}" if parts.query else "")
        if route.request.is_navigation_request() and here == self.screen.address:
            # Chromium calls any other status an error of the page.
            route.fulfill(status=200, headers=self.screen.headers, body=self.screen.html)
        elif f"{parts.scheme}://{parts.netloc}" == ORIGIN and (file := static(parts.path)):
            kind = parts.path.rpartition(".")[2]
            self.weights[kind] = self.weights.get(kind, 0) + weight(file[0], kind)
            route.fulfill(status=200, content_type=file[1], body=file[0])
        else:
            self.faults.append(f"asks for {route.request.url}")
            route.abort()

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text[:300]}")

    def widths(self, words: str = "") -> None:
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            if found := self.page.evaluate(OUTSIDE):
                self.faults.append(f"{width} px{words}: {found}")

    def facts(self) -> None:
        found = self.page.evaluate(FACTS)
        self.faults += [f"{found['h1']} h1"] if found["h1"] != 1 else []
        self.faults += [f"no {name}" for name in ("title", "lang") if not found[name]]

    def axe(self, lights: Sequence[Light]) -> None:
        self.page.evaluate(AXE)
        for width, scheme in lights:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            self.page.emulate_media(color_scheme=scheme)
            self.faults += [f"{width} px {scheme}: {found}" for found in self.page.evaluate(RUN, TAGS)]

    def sizes(self) -> None:
        self.faults += [f"{kind}: {self.weights[kind]} bytes" for kind, most in BUDGET.items() if self.weights.get(kind, 0) > most]


class Eyes:
    """Chromium in a thread of its own: in this one, Playwright's event loop would make Django refuse the database."""

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self.thread = thread
        self.thread.submit(self._open).result()

    def _open(self) -> None:
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        self.tab, self.still = Tab(self.browser, scripts=True), Tab(self.browser, scripts=False)

    def close(self) -> None:
        self.thread.submit(self.browser.close).result()
        self.thread.submit(self.playwright.stop).result()

    def look(self, screen: Screen, lights: Sequence[Light] = CROSSED) -> list[str]:
        """What is wrong with the page, one line for each; empty when all is well."""
        return self.thread.submit(self._look, screen, lights).result()

    def _look(self, screen: Screen, lights: Sequence[Light]) -> list[str]:
        tab = self.tab
        try:
            tab.open(screen)
            tab.facts()
            tab.widths()
            tab.axe(lights)
            tab.sizes()
        except Error as error:
            return [*tab.faults, f"cannot be looked at: {error.message[:300]}"]
        if b"<script" not in screen.html:
            return tab.faults
        self.still.open(screen)
        self.still.widths(" without script")
        return tab.faults + self.still.faults


@contextmanager
def opened() -> Iterator[Eyes]:
    with ThreadPoolExecutor(1) as thread:
        eyes = Eyes(thread)
        try:
            yield eyes
        finally:
            eyes.close()
