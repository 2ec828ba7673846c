"""Draws a piece of template as a page would, and reads it back."""

from __future__ import annotations

import re
from typing import Any

from django.template import engines


def draw(source: str, **context: Any) -> str:
    """The HTML of `source` with every tag of the design system at hand; runs of white space become one space."""
    return re.sub(r"\s+", " ", engines["django"].from_string(source).render(context)).strip()


def words(html: str) -> str:
    """What is left for the eye when the tags are gone."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()
