"""Waiting for another process or thread in a test: look again until it is so, and fail with words when it never is."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(true: Callable[[], object], *, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it was not so after {seconds} s"
        time.sleep(0.03)
