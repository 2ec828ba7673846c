"""Pages of day rates: one's own, those that wait, and what a form says about a rate that cannot be meant."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.money import Money
from funding.people.roles import Role
from grants.rates.models import RateCard
from tests.grants import builders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _host() -> None:
    builders.the_host()


def test_asked_for_and_approved_by_pages() -> None:
    person, decider = builders.user("Inger Dahl"), builders.holder(Role.TREASURER)
    answer = builders.browser(person).post("/rates/new/", {"amount": "459.00", "effective_from": clock.today().isoformat()})
    assert answer["Location"] == "/rates/"
    card = RateCard.objects.get()
    assert "Inger Dahl" in builders.browser(decider).get("/rates/").content.decode()
    assert builders.browser(decider).post(f"/rates/{card.pk}/approve/")["Location"] == "/rates/"
    assert "Your day rate today is" in builders.browser(person).get("/rates/").content.decode()


def test_approving_ones_own_is_a_page_that_says_why() -> None:
    person = builders.holder(Role.ADMIN)
    card = builders.rate(person, state="proposed")
    answer = builders.browser(person).post(f"/rates/{card.pk}/approve/")
    assert answer.status_code == 403
    assert "You prepared this, so it takes somebody else." in answer.content.decode()


def test_others_rates_are_private() -> None:
    card = builders.rate(builders.user("Inger Dahl"), state="proposed")
    stranger = builders.browser(builders.user())
    assert "Inger Dahl" not in stranger.get("/rates/").content.decode()
    for page in ("approve", "decline", "withdraw"):
        assert stranger.get(f"/rates/{card.pk}/{page}/").status_code == 404
        assert stranger.post(f"/rates/{card.pk}/{page}/", {"reason": "No"}).status_code == 404


@pytest.mark.parametrize("amount", ["", "-459", "0", "459.01", "459.001", "one", "99999999999999999999", "459\x00", "४५९.०१"])
def test_an_amount_that_cannot_be_meant_stays_in_the_form(amount: str) -> None:
    person = builders.user()
    answer = builders.browser(person).post("/rates/new/", {"amount": amount, "effective_from": clock.today().isoformat()})
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert not RateCard.objects.exists()


@pytest.mark.parametrize("date", ["", "2026-02-30", "21.11.2026", "1999-01-01", "2200-01-01", "2020-01-01"])
def test_a_date_that_cannot_be_meant(date: str) -> None:
    answer = builders.browser(builders.user()).post("/rates/new/", {"amount": "459.00", "effective_from": date})
    assert answer.status_code == 422
    assert not RateCard.objects.exists()


def test_as_many_queries_for_three_as_for_one() -> None:
    client = builders.browser(builders.holder(Role.ADMIN))
    counts = []
    for rows in (1, 2):
        for _ in range(rows):
            builders.rate(builders.user(), Money(45900, "USD"), state="proposed")
            builders.rate(builders.user(), Money(45900, "USD"))
        client.get("/rates/")
        with CaptureQueriesContext(connection) as captured:
            client.get("/rates/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
