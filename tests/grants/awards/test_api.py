"""Awards over the API: an unnamed grantor stays unnamed, and a draft is the desk's."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.funding.site.api.callers import program
from tests.grants.awards import builders

AWARDS = "/api/v1/awards/"
pytestmark = pytest.mark.django_db


def test_an_unnamed_grantor_is_named_to_the_desk_alone() -> None:
    desk = builders.desk()
    award = builders.active(desk, "safer", title="Safer parsers", number="A-1", unnamed=True)
    public, office = Client().get(f"{AWARDS}{award.slug}/"), program(desk.maker).get(f"{AWARDS}{award.slug}/")
    assert public.json()["grantor"] == "An unnamed grantor"
    assert award.grantor.name not in public.content.decode()
    assert office.json()["grantor"] == award.grantor.name


def test_a_draft_is_not_there_for_the_public() -> None:
    desk = builders.desk()
    award = builders.draft(desk)
    assert Client().get(AWARDS).json()["results"] == []
    assert Client().get(f"{AWARDS}{award.slug}/").status_code == 404
    assert program(desk.maker).get(f"{AWARDS}{award.slug}/").json()["state"] == "draft"


def test_three_awards_take_no_more_queries_than_one() -> None:
    desk, counts = builders.desk(), []
    for slugs in (["one"], ["two", "three"]):
        for slug in slugs:
            builders.active(desk, slug, number=slug)
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(AWARDS).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
