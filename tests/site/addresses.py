"""The addresses of the site, read from the URLconf."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver

OTHERS = ("accounts/", "admin/", "components/", "demo/")
"""What begins like this is not ours, or is there in the demo only."""
PART = re.compile(r"<(?:(\w+):)?\w+>")


def addresses(patterns: list[Any], prefix: str = "", space: str = "") -> Iterator[tuple[str, str, Any]]:
    """(name with its namespace, address as text, view) of every pattern."""
    for pattern in patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, text, f"{pattern.namespace}:" if pattern.namespace else space)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", text, pattern.callback


def kinds(text: str) -> set[str]:
    """The converters of an address: `{"slug", "int"}`."""
    return {found or "str" for found in PART.findall(text)}


def filled(text: str, filling: str) -> str:
    """The address with the same text in every place."""
    return "/" + PART.sub(lambda part: filling, text)
