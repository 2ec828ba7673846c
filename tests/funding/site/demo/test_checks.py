"""The demo cannot be deployed by mistake."""

from __future__ import annotations

from typing import Any

import pytest

from funding.site.demo import checks


@pytest.mark.parametrize(("demo", "found"), [(True, ["daybook.E001"]), (False, [])])
def test_deploying_the_demo_is_an_error(settings: Any, demo: bool, found: list[str]) -> None:
    settings.DEMO = demo
    assert [error.id for error in checks.demo_is_off(None)] == found
