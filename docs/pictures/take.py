"""Take the pictures of the documentation from a demo that runs: `.venv/bin/python docs/pictures/take.py http://127.0.0.1:8000`.

The story has the same people, sums and words each time, so a picture that differs shows a page that changed. Not a test: what is
wrong with a page, `tests/site` finds.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
PICTURES = [
    # file, who looks, where, how wide, light or dark
    ("home", "", "/", WIDE, "light"),
    ("project", "", "/projects/quillon/", WIDE, "light"),
    ("project-narrow", "", "/projects/quillon/", NARROW, "dark"),
    ("sign-up", "", "/projects/quillon/sponsor/2/", WIDE, "light"),
    ("goal", "", "/goals/fuzz-every-entry-point/", WIDE, "light"),
    ("award", "", "/awards/steady-ground/", WIDE, "light"),
    ("books", "", "/books/", WIDE, "light"),
    ("decision", "", "/decisions/P-0004/", WIDE, "light"),
    ("review", "Lena Aas", "/committee/P-0006/review/", WIDE, "light"),
    ("week", "Marit Solheim", "/days/", WIDE, "light"),
    ("payouts", "Solveig Moe", "/payouts/", WIDE, "light"),
]


def become(page: Page, name: str) -> None:
    """Through the demo's bar, as anybody does."""
    page.goto("/")
    people = page.locator("#demo-person")
    value = people.locator("option", has_text=f"{name}:" if name else "A visitor").first.get_attribute("value")
    people.select_option(value=value)
    page.get_by_role("button", name="Become").click()


def take(address: str, only: list[str]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, who, path, size, scheme in PICTURES:
            if only and name not in only:
                continue
            page = browser.new_page(base_url=address, viewport=size, color_scheme=scheme, reduced_motion="reduce")
            become(page, who)
            answer = page.goto(path)
            if answer is None or not answer.ok:
                raise SystemExit(f"{path} answered {answer and answer.status} to {who or 'a visitor'}.")
            page.evaluate("document.querySelector('.demo-bar')?.remove()")
            page.screenshot(path=HERE / f"{name}.png")
            print(name)
            page.close()
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("Which demo? Such as: docs/pictures/take.py http://127.0.0.1:8000")
    take(sys.argv[1].rstrip("/"), sys.argv[2:])
