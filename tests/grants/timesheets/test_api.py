"""Half days from a program: logged, withdrawn, and the week that says what is free."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.people.models import User
from grants.engagements.models import Engagement
from grants.timesheets.models import WorkEntry
from tests.funding.site.api.callers import program, write
from tests.grants.engagements import builders

DAYS = "/api/v1/days/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(builders.NOW):
        yield


@pytest.fixture
def engagement() -> Engagement:
    builders.user("Lead Person", "maintainer@project:quillon")
    return builders.engagement(builders.user("Marit Solheim"), half_days=8)


def test_a_week_is_logged_in_one_call_or_not_at_all(engagement: Engagement) -> None:
    client = program(engagement.worker)
    cells = [{"date": f"2026-10-{day}", "slot": slot} for day in (26, 27, 28, 29) for slot in ("am", "pm")]
    sent = {"engagement": engagement.ref, "note": "Rewrite the tokenizer", "cells": cells}
    late = write(client, DAYS, {**sent, "cells": [*cells[:2], {"date": "2026-11-02", "slot": "am"}]})
    assert (late.status_code, WorkEntry.objects.count()) == (422, 0)
    assert [entry["date"] for entry in write(client, DAYS, sent).json()] == [cell["date"] for cell in cells]
    week = client.get("/api/v1/timesheets/2026-10-29/").json()
    assert (week["monday"], week["days_left"]["half_days"]) == ("2026-10-26", 0)
    assert [slot["free"] for slot in week["slots"][:8]] == [False] * 8


def test_what_was_withdrawn_is_free_again(engagement: Engagement) -> None:
    (entry,) = builders.log(engagement, 1)
    client = program(engagement.worker)
    assert write(client, f"{DAYS}{entry.ref}/withdraw/").json()["state"] == "withdrawn"
    assert client.get("/api/v1/timesheets/2026-10-01/").json()["days_left"]["text"] == "4.0"


def test_somebody_else_s_half_days_are_not_there(engagement: Engagement) -> None:
    (entry,) = builders.log(engagement, 1)
    stranger, lead = program(builders.user("Stranger Danger")), program(User.objects.get(name="Lead Person"))
    assert stranger.get(DAYS).json()["results"] == []
    assert stranger.get(f"{DAYS}{entry.ref}/").status_code == 404
    assert write(stranger, f"{DAYS}{entry.ref}/withdraw/").status_code == 404
    assert lead.get(f"{DAYS}{entry.ref}/").status_code == 200
    assert write(lead, f"{DAYS}{entry.ref}/withdraw/").status_code == 403


@pytest.mark.parametrize("day", ["2026-13-01", "0001-01-01", "9999-12-31", "2026-W44-x", "today"])
def test_a_week_that_is_none_is_not_there(day: str, engagement: Engagement) -> None:
    assert program(engagement.worker).get(f"/api/v1/timesheets/{day}/").status_code == 404


def test_three_half_days_take_no_more_queries_than_one(engagement: Engagement) -> None:
    client, counts = program(engagement.worker), []
    client.get(DAYS)
    for number in (1, 2):
        builders.log(engagement, number, first=builders.START.replace(day=number * 5))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(DAYS).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
