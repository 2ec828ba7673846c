"""References such as `E-0001` as people write them in addresses. The number is the row's key; the letters say which table."""

from __future__ import annotations


def number(ref: str, prefix: str) -> int | None:
    """The key that `ref` names, or None when it is not a reference of that kind: `number("W-0012", "W")` is 12."""
    head, dash, digits = ref.partition("-")
    if head != prefix or not dash or not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        return None
    return int(digits)
