"""Every address, seen by every kind of person: the answer is the one in `matrix.txt`, and what is refused to see cannot be sent either."""

from __future__ import annotations

import pytest
from django.urls import get_resolver

from funding.payments import gateway
from funding.payments.models import ConnectedAccount
from tests.funding.payments.standin import StandIn
from tests.site import matrix
from tests.site.addresses import OTHERS, addresses
from tests.site.content import changed, content
from tests.site.forms import ROWS
from tests.site.world import World

LINES = matrix.lines()
CLOSED = {"no", "--", "in"}


def test_every_address_has_a_line() -> None:
    there = {name for name, text, _ in addresses(get_resolver().url_patterns) if not text.startswith(OTHERS)}
    named = {line.name for line in LINES}
    assert sorted(there - named) == [], "these addresses have no line in matrix.txt"
    assert sorted(named - there) == [], "these lines name no address"
    assert len({line.key for line in LINES}) == len(LINES)


@pytest.mark.parametrize("column", matrix.PEOPLE)
def test_each_address_answers_as_the_table_says(column: str, world: World, stripe_stand_in: StandIn) -> None:
    _known_to_the_processor(world)
    browser = world.browser(matrix.PEOPLE[column])
    found = {line.key: matrix.answer(browser.get(line.address(world))) for line in LINES}
    wrong = {line.key: f"{found[line.key]}, not {line.answers[column]}" for line in LINES if found[line.key] != line.answers[column]}
    assert not wrong


def _known_to_the_processor(world: World) -> None:
    """The stand-in is emptied for each test, so the payee's account is made there anew; a page reads it when somebody comes back."""
    made = gateway.create_account(name="Worker", email="worker@example.org", country="US", currency="USD", metadata={}, key="matrix")
    ConnectedAccount.objects.filter(party=world.engagement.payee).update(account_id=made.id)


@pytest.mark.parametrize("column", matrix.PEOPLE)
def test_what_may_not_be_seen_cannot_be_sent(column: str, world: World) -> None:
    """The right words from the wrong person: the answer is as closed as the page, and no row changes but the record of the attempt."""
    browser = world.browser(matrix.PEOPLE[column])
    before, wrong = content(), {}
    for line in LINES:
        if line.name in ROWS and line.answers[column] in CLOSED:
            answered = matrix.answer(browser.post(line.address(world), ROWS[line.name].valid(world)))
            if answered not in CLOSED:
                wrong[line.key] = answered
    assert (wrong, changed(before)) == ({}, [])
