"""What a page asked is known to it alone: not to an act, and not to the next page."""

from __future__ import annotations

from itertools import count

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from funding.people import roles
from funding.people.roles import Role
from funding.web import reading
from tests.funding import builders

ADDRESS = "/"


def answers(method: str, asks: int = 3) -> list[int]:
    """What `once` said to each who asked, in two requests."""
    said, numbers = [], count()

    def view(request: HttpRequest) -> HttpResponse:
        said.extend(reading.once("number", lambda: next(numbers)) for _ in range(asks))
        return HttpResponse()

    for _ in range(2):
        reading.Reading(view)(RequestFactory().generic(method, ADDRESS))
    return said


def test_a_page_asks_once_and_the_next_one_asks_again() -> None:
    assert answers("GET") == [0, 0, 0, 1, 1, 1]


def test_an_act_asks_each_time() -> None:
    assert answers("POST") == [0, 1, 2, 3, 4, 5]


def test_outside_a_request_nothing_is_known() -> None:
    reading.learn("number", 7)
    assert [reading.once("number", lambda: 1), reading.on()] == [1, False]


def test_what_an_act_changes_is_not_remembered_from_before() -> None:
    numbers, said = count(), []

    def view(request: HttpRequest) -> HttpResponse:
        said.append(reading.once("number", lambda: next(numbers)))
        with reading.afresh():
            said.append(reading.once("number", lambda: next(numbers)))
        said.append(reading.once("number", lambda: next(numbers)))
        return HttpResponse()

    reading.Reading(view)(RequestFactory().get(ADDRESS))
    assert said == [0, 1, 2]


@pytest.mark.django_db
def test_a_role_given_while_a_page_is_read_is_seen_on_it() -> None:
    admin, user, said = builders.holder(Role.ADMIN), builders.user(), []

    def view(request: HttpRequest) -> HttpResponse:
        said.append(roles.has(user, Role.AUDITOR))
        roles.grant(actor=admin, user=user, role=Role.AUDITOR)
        said.append(roles.has(user, Role.AUDITOR))
        return HttpResponse()

    reading.Reading(view)(RequestFactory().get(ADDRESS))
    assert said == [False, True]
