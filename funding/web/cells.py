"""Cells of files that a spreadsheet opens: what somebody typed is text there, never a formula."""

from __future__ import annotations

from typing import Any

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def defused(value: Any) -> str:
    """A cell that a spreadsheet will read as text or a number and never as a formula."""
    text = "" if value is None else str(value)
    if text.startswith(DANGEROUS) and not text.lstrip("-").replace(".", "", 1).isdigit():
        return f"'{text}"
    return text
