"""What holds for every address of the API: who gets in, what an error is, what does not change is not sent twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.response import Response

from funding.api import views
from funding.funds.models import Project
from funding.people.models import User
from funding.people.roles import Role
from funding.site.api.models import Token
from funding.web import throttle
from grants.timesheets.api import Days
from tests.funding import builders
from tests.funding.site.api.callers import program, token, write
from tests.grants.engagements import builders as work

PROJECTS, DAYS = "/api/v1/projects/", "/api/v1/days/"
HTML = {"Accept": "text/html,application/xhtml+xml"}
pytestmark = pytest.mark.django_db


def opened(slug: str = "quillon") -> Project:
    made = work.project(slug)
    made.state = Project.State.OPEN
    made.save()
    return made


def problem(answer: Any) -> str:
    """The code of the problem; an answer that is none fails."""
    assert answer["Content-Type"] == "application/problem+json", answer.content[:300]
    found = answer.json()
    assert found["status"] == answer.status_code
    return str(found["type"]).rpartition("#problem-")[2]


class TestTokens:
    def test_a_token_opens_what_is_its_person_s(self) -> None:
        assert program(builders.user()).get(DAYS).status_code == 200

    @pytest.mark.parametrize("sent", ["", "Bearer", "Bearer a b", "Bearer daybook_0", "Bearer ü", f"Bearer {'x' * 5000}", "Basic YTpi"])
    def test_nothing_else_does(self, sent: str) -> None:
        answer = Client(headers={"Authorization": sent}).get(DAYS)
        assert problem(answer) == "signed-out"
        assert answer["WWW-Authenticate"] == "Bearer"

    def test_one_that_is_over_or_revoked_does_not(self) -> None:
        person = builders.user()
        for change in ({"expiry": timezone.now() - dt.timedelta(seconds=1)}, {"revoked_at": timezone.now()}):
            client = program(person)
            Token.objects.filter(user=person).update(**change)
            assert problem(client.get(DAYS)) == "signed-out"

    def test_one_of_somebody_who_left_does_not(self) -> None:
        person = builders.user()
        client = program(person)
        User.objects.update(is_active=False)
        assert problem(client.get(DAYS)) == "signed-out"

    def test_a_scope_that_was_not_given_is_refused_by_name(self) -> None:
        person = builders.user()
        answer = write(program(person, "read"), DAYS, {})
        assert problem(answer) == "refused"
        assert "days:write" in answer.json()["detail"]
        assert problem(program(person, "days:write").get(DAYS)) == "refused"

    def test_one_made_without_a_second_factor_does_nothing_for_a_role_given_later(self) -> None:
        person = builders.user()
        client = Client(headers={"Authorization": f"Bearer {token(person, factor=False)}"})
        assert problem(write(client, DAYS, {})) == "invalid"
        builders.give(person, Role.TREASURER)
        assert problem(write(client, DAYS, {})) == "refused"
        assert problem(client.get(DAYS)) == "refused"

    def test_every_unsafe_method_names_its_scope_or_answers_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def bare(self: Any, request: Any) -> Response:
            return Response({})

        monkeypatch.setattr(Days, "create", bare)
        assert Client().post(DAYS, {}, content_type="application/json").status_code == 401
        assert program(builders.user()).post(DAYS, {}, content_type="application/json").status_code == 403


class TestSessions:
    def test_the_browser_s_session_reads(self) -> None:
        assert builders.browser(builders.user()).get(DAYS).status_code == 200

    def test_it_writes_with_its_csrf_token_alone(self) -> None:
        person = builders.user()
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = builders.browser(person).cookies
        assert problem(write(strict, DAYS, {})) == "refused"

    def test_a_role_shows_its_second_factor_first(self) -> None:
        answer = write(builders.browser(builders.holder(Role.TREASURER), factor=False), DAYS, {})
        assert problem(answer) == "refused"
        assert "second factor" in answer.json()["detail"]


class TestProblems:
    @pytest.mark.parametrize(
        ("method", "where", "headers", "code"),
        [
            ("GET", "/api/v1/nothing/", {}, "not-found"),
            ("GET", "/api/v1/projects/nothing/", {}, "not-found"),
            ("GET", "/api/v1/projects/%00/", {}, "not-found"),
            ("GET", "/api/v1/projects/?cursor=x", {}, "not-found"),
            ("GET", "/api/v1/projects/?cursor=cD1hYmM=", {}, "not-found"),
            ("GET", "/api/v1/projects/?cursor=cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ==", {}, "not-found"),
            ("GET", "/api/v1/projects/?state=%00", {}, "invalid"),
            ("GET", "/api/v1/projects/", {"Accept": "application/xml"}, "not-acceptable"),
            ("DELETE", "/api/v1/projects/", {}, "method"),
            ("POST", "/api/v1/schema/", {}, "method"),
            ("GET", "/api/v1/days/", {}, "signed-out"),
            ("POST", "/api/v1/days/", {}, "signed-out"),
        ],
    )
    def test_every_error_is_one(self, method: str, where: str, headers: dict[str, str], code: str) -> None:
        assert problem(Client().generic(method, where, headers=headers)) == code

    @pytest.mark.parametrize(
        ("body", "kind", "code"),
        [
            ("{", "application/json", "malformed"),
            ("[" * 200_000, "application/json", "malformed"),
            ("1" * 6_000, "application/json", "malformed"),
            ("\xff", "application/json; charset=latin-7", "malformed"),
            ("a=b", "application/x-www-form-urlencoded", "media-type"),
            ('"' + "x" * 3_000_000 + '"', "application/json", "too-large"),
            ("[]", "application/json", "invalid"),
            ("NaN", "application/json", "malformed"),
            ('{"note": "\\u0000", "engagement": "\\ud800", "cells": [{"date": 1}]}', "application/json", "invalid"),
        ],
    )
    def test_a_body_that_cannot_be_taken(self, body: str, kind: str, code: str) -> None:
        client = program(builders.user())
        answer = client.generic("POST", DAYS, body, content_type=kind, headers={"Idempotency-Key": "k"})
        assert problem(answer) == code

    def test_mistakes_point_to_their_place(self) -> None:
        answer = write(
            program(builders.user()), DAYS, {"engagement": "E-1", "note": "a\u202eb", "cells": [{"date": "2026-02-30", "slot": "am"}]}
        )
        assert {error["pointer"] for error in answer.json()["errors"]} == {"#/note", "#/cells/0/date"}

    def test_a_browser_gets_a_page_of_it(self) -> None:
        for where in ("/api/v1/nothing/", "/api/v1/projects/nothing/"):
            answer = Client().get(where, headers=HTML)
            assert answer.status_code == 404
            assert "<h1>" in answer.content.decode()

    def test_too_many_are_told_how_long_to_wait(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(views, "STRANGERS", throttle.Limit("few", 1, dt.timedelta(minutes=1)))
        client = Client()
        assert client.get(PROJECTS).status_code == 200
        answer = client.get(PROJECTS)
        assert problem(answer) == "throttled"
        assert 0 < int(answer["Retry-After"]) <= 60

    def test_wrong_tokens_are_counted_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(views, "STRANGERS", throttle.Limit("few", 1, dt.timedelta(minutes=1)))
        client = Client(headers={"Authorization": "Bearer daybook_0"})
        assert [problem(client.get(PROJECTS)) for _ in range(2)] == ["signed-out", "throttled"]


class TestReading:
    def test_what_did_not_change_is_not_sent_again(self) -> None:
        opened()
        first = Client().get(PROJECTS)
        again = Client().get(PROJECTS, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        opened("fern")
        assert Client().get(PROJECTS, headers={"If-None-Match": first["ETag"]}).status_code == 200

    def test_it_is_kept_by_nobody_else(self) -> None:
        answer = Client().get(PROJECTS)
        assert {"private", "no-cache"} <= set(answer["Cache-Control"].split(", "))
        assert {"Accept", "Authorization", "Cookie"} <= set(answer["Vary"].split(", "))

    def test_a_list_goes_on_from_its_cursor(self) -> None:
        for number in range(5):
            opened(f"p{number}")
        found, where = [], f"{PROJECTS}?page_size=2"
        while where:
            page = Client().get(where).json()
            found += [item["slug"] for item in page["results"]]
            where = page["next"]
        assert found == ["p4", "p3", "p2", "p1", "p0"]

    def test_a_person_gets_a_table_and_the_json_below_it(self) -> None:
        opened()
        page = Client().get(PROJECTS, headers=HTML).content.decode()
        assert '<table class="ledger cards"' in page
        assert "/api/v1/projects/quillon/" in page
        assert "&quot;day_rate&quot;" in page
        assert "<script" not in page and "style=" not in page

    def test_what_a_person_wrote_is_text_there(self) -> None:
        made = opened()
        type(made).objects.update(
            name="<script>alert(1)</script>", headline="2026-02-30", homepage="2026-13-01T99:99Z", summary='"><img src=x onerror=alert(2)>'
        )
        for where in (PROJECTS, f"{PROJECTS}quillon/"):
            page = Client().get(where, headers=HTML).content.decode()
            assert "<script" not in page and "<img" not in page
