"""No address acts for somebody with a role who did not show a second factor. The addresses come from the URLconf, so none is forgotten."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import get_resolver

from funding.people.middleware import DOORS, OWN
from tests.funding.builders import browser, give
from tests.site.addresses import PART, addresses
from tests.site.content import changed, content
from tests.site.forms import ROWS, address
from tests.site.test_bad_input import send
from tests.site.world import World

FREE = DOORS | {"billing:stop", "billing:card", "payouts:freeze"}
"""Signing in, and pages whose signed address is the right to act."""


@pytest.fixture
def treasurer(world: World) -> Client:
    client = browser(world.people["treasurer"], factor=False)
    client.raise_request_exception = False
    return client


def test_every_address_asks_for_it_before_anything_unsafe(world: World, treasurer: Client) -> None:
    before, asked, open_to_all = content(), 0, []
    for name, text, _ in addresses(get_resolver().url_patterns):
        if name in FREE | OWN:
            continue
        where = "/" + PART.sub(lambda part: "1", text).lstrip("/")
        answer = treasurer.post(where)
        if answer.status_code == 403 and "Nothing was done yet" in answer.content.decode():
            asked += 1
        elif answer.status_code != 404:
            open_to_all.append(f"{name} {answer.status_code}")
    assert not open_to_all
    assert asked > 80
    assert not changed(before)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.who != "nobody" and name not in OWN])
def test_no_form_acts_for_somebody_with_a_role_who_did_not_show_it(name: str, world: World) -> None:
    row = ROWS[name]
    person = world.people[row.who]
    if not person.role_grants.exists():
        give(person, "auditor")
    if row.before:
        row.before(world)
    where, data, client = address(name, world), row.valid(world), browser(person, factor=False)
    before = content()
    answer = send(client, where, data)
    assert answer.status_code == 403
    assert "Nothing was done yet" in answer.content.decode()
    assert not changed(before)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "PROPFIND"])
def test_every_method_that_is_not_only_reading_asks_for_it(method: str, treasurer: Client) -> None:
    assert "Nothing was done yet" in treasurer.generic(method, "/profile/name/").content.decode()


@pytest.mark.parametrize("name", ["billing:stop"])
def test_a_signed_address_acts_for_whoever_opens_it(name: str, world: World, treasurer: Client) -> None:
    assert send(treasurer, address(name, world), {}).status_code == 302


def test_somebody_without_a_role_needs_none(world: World) -> None:
    assert send(browser(world.people["stranger"], factor=False), "/profile/name/", {"name": "New Name"}).status_code == 302


@pytest.mark.parametrize("name", ["payouts:debt_ask", "payouts:debt_decide", "payments:difference-explain"])
def test_what_gives_money_up_or_explains_it_away_takes_a_factor_shown_just_now(name: str) -> None:
    (view,) = [view for found, _, view in addresses(get_resolver().url_patterns) if found == name]
    assert view.view_class.fresh
