"""What people write, drawn as a safe part of a page: CommonMark without HTML and without pictures, then cleaned.

A picture would be a request to somewhere else and a tracker in a place where none is allowed; its words remain as a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "h5", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "a",
    "table", "thead", "tbody", "tr", "th", "td", "s",
}  # fmt: skip
SCHEMES = {"http", "https", "mailto"}
DEEPEST = 5


def picture_as_link(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    return format_html('<a href="{}">{}</a>', token.attrGet("src"), token.content or "picture")


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    rules = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").enable("strikethrough")
    rules.disable(["html_block", "html_inline"])
    rules.add_render_rule("image", picture_as_link)
    return rules


def place_headings(tokens: Sequence[Token], top: int) -> None:
    """Move the headings under those of the page: the shallowest becomes `top`, and none skips a level."""
    opening = [token for token in tokens if token.type == "heading_open"]
    shallowest = min((int(token.tag[1:]) for token in opening), default=top)
    last = top - 1
    tag = ""
    for token in tokens:
        if token.type == "heading_open":
            last = min(top + int(token.tag[1:]) - shallowest, last + 1, DEEPEST)
            tag = token.tag = f"h{last}"
        elif token.type == "heading_close":
            token.tag = tag


def render(text: str, top: int = 3) -> SafeString:
    """Headings start at level `top`: 3 where the text stands under an `h2`, 2 directly under the `h1`. Links say `nofollow noopener`."""
    tokens = parser().parse(text or "")
    place_headings(tokens, top)
    html = parser().renderer.render(tokens, parser().options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes=SCHEMES,
        link_rel="nofollow noopener",
    )
    return mark_safe(clean)
