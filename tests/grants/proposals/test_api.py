"""Proposals from a program: the way from a draft to the committee, and what nobody else finds."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from funding.people.models import User
from grants.proposals.models import Call, Proposal
from tests.funding.site.api.callers import program, write
from tests.grants import builders

PROPOSALS = "/api/v1/proposals/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def call() -> Call:
    project = builders.project(money=459_000)
    builders.committee()
    return builders.call([project.funds.get()])


@pytest.fixture
def inger() -> User:
    person = builders.user("Inger Dahl")
    builders.rate(person)
    return person


def words(**changes: Any) -> dict[str, Any]:
    return {"project": "quillon", "title": "Faster tables", "story": "Why.", "outcome": "Tables.", "days": "4.5", **changes}


def test_a_program_writes_changes_and_submits_one(call: Call, inger: User) -> None:
    client = program(inger)
    begun = write(client, PROPOSALS, words(call=call.slug, outcome=""))
    assert begun.status_code == 201, begun.content
    where, version = begun.json()["url"].partition("8000")[2], begun.json()["version"]
    assert write(client, f"{where}submit/").json()["errors"][0]["pointer"] == "#/outcome"
    changed = write(client, where, words(version=version), method="PUT")
    assert changed.json()["days"] == {"half_days": 9, "text": "4.5"}
    done = write(client, f"{where}submit/")
    assert (done.status_code, done.json()["state"]) == (200, "submitted")
    assert done.json()["price"]["amount"] == 9 * 22_950
    assert write(client, f"{where}reopen/").json()["state"] == "draft"
    assert write(client, f"{where}withdraw/").json()["state"] == "withdrawn"


def test_a_draft_that_changed_meanwhile_is_a_conflict(call: Call, inger: User) -> None:
    proposal = builders.draft(call, call.funds.get().project, inger)
    answer = write(program(inger), f"{PROPOSALS}{proposal.ref}/", words(version=proposal.version + 1), method="PUT")
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"days": "0.3"}, "#/days"),
        ({"days": "31"}, "#/days"),
        ({"project": "nothing"}, "#/project"),
        ({"payee": "Somebody Else AS"}, "#/payee"),
        ({"call": "nothing"}, "#/call"),
        ({"title": "two\nlines"}, "#/title"),
        ({"story": "\u200b"}, "#/story"),
        ({"title": "x" * 121}, "#/title"),
    ],
)
def test_a_mistake_points_to_its_field(changes: dict[str, str], pointer: str, call: Call, inger: User) -> None:
    answer = write(program(inger), PROPOSALS, words(**{"call": call.slug, **changes}))
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])
    assert not Proposal.objects.exists()


def test_what_is_not_decided_is_its_applicant_s_alone(call: Call, inger: User) -> None:
    project = call.funds.get().project
    refs = {builders.draft(call, project, inger).ref, builders.submitted(call, project, inger).ref}
    others = [builders.user(), builders.admin(), User.objects.get(name=builders.MEMBERS[0]), None]
    for client in map(program, others):
        assert client.get(PROPOSALS).json()["results"] == []
        for ref in refs:
            assert client.get(f"{PROPOSALS}{ref}/").status_code == 404
            if "Authorization" in str(client.defaults):
                assert write(client, f"{PROPOSALS}{ref}/withdraw/").status_code == 404
    assert {item["ref"] for item in program(inger).get(PROPOSALS).json()["results"]} == refs


def test_a_funded_one_is_everybody_s_to_read_and_nobody_s_to_change(call: Call, inger: User) -> None:
    proposal = builders.submitted(call, call.funds.get().project, inger)
    Proposal.objects.filter(pk=proposal.pk).update(state=Proposal.State.FUNDED)
    where = f"{PROPOSALS}{proposal.ref}/"
    assert Client().get(where).json()["title"] == proposal.title
    assert write(program(builders.user()), f"{where}withdraw/").status_code == 404
    assert write(program(inger), f"{where}withdraw/").status_code == 409
