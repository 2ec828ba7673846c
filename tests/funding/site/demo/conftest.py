from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from funding import clock
from funding.site.demo import calendar


@pytest.fixture
def demo(settings: Any) -> Iterator[None]:
    """The site as DEMO=1 starts it: its addresses, its bar, and the clock that follows the stored calendar."""
    settings.DEMO = True
    settings.ROOT_URLCONF = "tests.funding.site.demo.addresses"
    calendar.offset.forget()
    calendar.install()
    yield
    clock.set_source(None)
    calendar.offset.forget()
