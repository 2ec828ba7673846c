"""No list of the API asks the database more for three rows than for one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from funding.site.api.routes import ROUTES
from tests.site.world import World

LISTS = [route for route in ROUTES if not route.alone and hasattr(route.view, "list")]
ELSEWHERE = {"award"}
"""Here only one has a fund, and one without asks for less: tests/grants/awards/test_api.py."""
BY_KIND = {"entry": 4, "transfer": 4}
"""Lines of the books are named by the apps that they are about: so many of them at most more, whatever the number of rows."""


@pytest.mark.parametrize("name", [route.name for route in LISTS if route.name not in ELSEWHERE])
def test_three_rows_take_no_more_queries_than_one(name: str, world: World) -> None:
    for who in ("treasurer", "worker", "sponsor", "member 0"):
        browser, where = world.browser(who), reverse(f"api:{name}-list")
        browser.get(where)
        counts = []
        for size in (1, 3):
            with CaptureQueriesContext(connection) as queries:
                answer = browser.get(where, {"page_size": size})
            counts.append(len(queries))
        if answer.status_code == 200:
            assert counts[1] <= counts[0] + BY_KIND.get(name, 0), [query["sql"][:200] for query in queries]
