"""A member's panels over the API: sealed, closed to who stepped back, and named only before a declaration."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from funding.people.models import User
from grants.committee import services as committees
from tests.funding.site.api.callers import program
from tests.grants import builders
from tests.grants.builders import CANARY, Sitting

PANELS = "/api/v1/panels/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def sitting() -> Sitting:
    return builders.sitting()


def seen(person: User, sitting: Sitting) -> Any:
    return program(person).get(f"{PANELS}{sitting.proposal.ref}/")


def test_before_declaring_there_is_a_reference_and_no_word_of_it(sitting: Sitting) -> None:
    member = sitting.members[1]
    (row,) = program(member).get(PANELS).json()["results"]
    assert (row["ref"], row["state"], row["title"]) == (sitting.proposal.ref, "declare", "")
    answer = seen(member, sitting)
    assert answer.status_code == 403
    assert CANARY not in answer.content.decode()


def test_who_stepped_back_finds_no_row_and_no_panel(sitting: Sitting) -> None:
    member = sitting.members[1]
    committees.declare(actor=member, panel=sitting.panel, conflict=True, because="A cousin.")
    assert program(member).get(PANELS).json()["results"] == []
    assert seen(member, sitting).status_code == 404


def test_nobody_without_a_seat_finds_it(sitting: Sitting) -> None:
    for person in (builders.user(), builders.admin(), sitting.applicant):
        assert seen(person, sitting).status_code == 404
    assert Client().get(PANELS).status_code == 401


def test_reviews_are_sealed_until_they_open(sitting: Sitting) -> None:
    sitting.clear()
    sitting.review(*sitting.members[:2])
    first, third = (seen(sitting.members[number], sitting).json() for number in (0, 2))
    assert first["reviews"] == third["reviews"] == []
    assert first["own_review"]["reasons"] == f"Reasons of {sitting.members[0]}"
    assert third["own_review"] is None
    assert CANARY in third["story"]
    sitting.open_reviews()
    assert len(seen(sitting.members[2], sitting).json()["reviews"]) == 2


def test_how_the_votes_stand_opens_with_the_quorum_to_who_voted(sitting: Sitting) -> None:
    sitting.clear()
    sitting.review(*sitting.members[:2])
    sitting.vote("fff")
    voted, silent = (seen(sitting.members[number], sitting).json() for number in (1, 4))
    assert any("3 for" in line for line in voted["arithmetic"])
    assert voted["own_vote"] == "for"
    assert not any(" for," in line for line in silent["arithmetic"])


def test_a_decision_is_everybody_s_to_read(sitting: Sitting) -> None:
    assert Client().get("/api/v1/decisions/").json()["results"] == []
    sitting.clear()
    sitting.review(*sitting.members[:2])
    sitting.vote("fffaa")
    sitting.determine()
    found = Client().get(f"/api/v1/decisions/{sitting.proposal.ref}/").json()
    assert (found["outcome"], found["votes_for"], found["votes_against"]) == ("funded", 3, 2)
    assert sum(share["amount"]["amount"] for share in found["funds"]) == found["reserved"]["amount"] == found["granted"]["amount"]
    assert seen(sitting.members[0], sitting).status_code == 404
