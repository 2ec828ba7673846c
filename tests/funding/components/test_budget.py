"""The weights and contrasts that the design promises, and the rule that no page carries style or script inside it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
STATIC = ROOT / "funding" / "components" / "static" / "components"
CSS = (STATIC / "daybook.css").read_text()
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def test_one_style_sheet_of_at_most_12_kb() -> None:
    assert [path.name for path in STATIC.rglob("*.css")] == ["daybook.css"]
    assert len(gzip.compress(CSS.encode(), 9)) <= 12_000


def test_two_fonts_of_at_most_60_kb_with_their_licences() -> None:
    fonts = sorted((STATIC / "fonts").glob("*.woff2"))
    assert len(fonts) == 2
    assert sum(path.stat().st_size for path in fonts) <= 60_000
    for path in fonts:
        assert "SIL OPEN FONT LICENSE" in path.with_name(f"{path.stem}-LICENSE.txt").read_text().upper()


def test_scripts_of_at_most_16_kb_all_together_and_the_licence_of_the_one_that_is_not_ours() -> None:
    scripts = sorted(STATIC.rglob("*.js"))
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in scripts) <= 16_000
    assert "Permission to use" in (STATIC / "htmx-LICENSE.txt").read_text()


def test_the_style_sheet_loads_only_our_fonts() -> None:
    assert set(re.findall(r"url\(([^)]+)\)", CSS)) == {"fonts/newsreader.woff2", "fonts/public-sans.woff2"}
    assert "@import" not in CSS


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_has_inline_style_or_script(path: Path) -> None:
    html = path.read_text()
    assert not re.search(r"""\sstyle=|<style|\son[a-z]+=["']|javascript:""", html)
    for tag in re.findall(r"<script[^>]*>", html):
        assert "src=" in tag or 'type="application/json"' in tag
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", re.sub(r"<a [^>]*>", "", html))


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def tokens(scheme: str) -> dict[str, str]:
    light, dark = CSS[CSS.index(":root{color-scheme") :], CSS[CSS.index("@media (prefers-color-scheme:dark)") :]
    block = (light if scheme == "light" else dark).split("--serif" if scheme == "light" else "}}", 1)[0]
    return dict(re.findall(r"--([a-z0-9-]+):(#[0-9A-F]{6})", block))


TEXT = {
    "ink": ("paper", "sheet", "band", "sunk"),
    "ink-2": ("paper", "sheet", "band", "sunk"),
    "pen": ("paper", "sheet", "band", "pen-soft"),
    "on-pen": ("pen", "pen-deep"),
    "paid": ("sheet", "band", "paid-soft"),
    "pledge": ("sheet", "pledge-soft"),
    "stop": ("sheet", "paper", "stop-soft"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_at_least_four_and_a_half_to_one_and_controls_three(scheme: str) -> None:
    colours = tokens(scheme)
    assert set(colours) == set(tokens("light"))
    assert len(colours) == 20
    weak = {
        (front, back): round(contrast(colours[front], colours[back]), 2)
        for front, backs in TEXT.items()
        for back in backs
        if contrast(colours[front], colours[back]) < 4.5
    }
    assert weak == {}
    assert min(contrast(colours["edge"], colours[ground]) for ground in ("paper", "sheet", "band")) >= 3
