"""What sponsors read of their own payments, and what the public books say of somebody who is not to be named."""

from __future__ import annotations

import pytest
from django.test import Client

from funding.people.models import User
from funding.people.roles import Role
from sponsors.billing.services import Joined
from tests.funding import builders as people
from tests.funding.site.api.callers import program
from tests.sponsors import builders

OWN = ("sponsorships", "invoices", "payments", "receipts")
NAME = "Umbra Nightshade"
pytestmark = pytest.mark.django_db


@pytest.fixture
def sponsor() -> User:
    return people.user(NAME)


@pytest.fixture
def joined(sponsor: User) -> Joined:
    return builders.booked(builders.sign_up(actor=sponsor, name=NAME, email=sponsor.email, naming="secret"))


@pytest.mark.parametrize("what", OWN)
def test_each_sees_their_own_and_nobody_else_s(what: str, joined: Joined, sponsor: User) -> None:
    (row,) = program(sponsor).get(f"/api/v1/{what}/").json()["results"]
    where = row["url"].partition("8000")[2]
    assert program(sponsor).get(where).json() == row
    for other in (people.user(), people.holder(Role.TREASURER)):
        assert program(other).get(f"/api/v1/{what}/").json()["results"] == []
        assert program(other).get(where).status_code == 404


def test_a_receipt_adds_up(joined: Joined, sponsor: User) -> None:
    (row,) = program(sponsor).get("/api/v1/receipts/").json()["results"]
    assert row["gross"]["amount"] == sum(row[part]["amount"] for part in ("card_fee", "host_fee", "net")) == 10_000


def test_a_secret_name_is_in_no_answer_but_its_owner_s_and_the_office_s(joined: Joined, sponsor: User) -> None:
    addresses = ["/api/v1/entries/", "/api/v1/transfers/", f"/api/v1/trails/{joined.payment.ref}/", "/api/v1/funds/", "/api/v1/projects/"]
    entry = Client().get("/api/v1/entries/").json()["results"][0]
    addresses.append(entry["url"].partition("8000")[2])
    for client in (Client(), program(people.user())):
        for where in addresses:
            answer = client.get(where)
            assert answer.status_code == 200
            assert NAME not in answer.content.decode(), where
    assert NAME in program(sponsor).get(addresses[2]).content.decode()
    assert NAME in program(people.holder(Role.AUDITOR)).get(addresses[2]).content.decode()


def test_a_line_of_the_books_says_whose_money_it_was(joined: Joined) -> None:
    entry = Client().get("/api/v1/entries/").json()["results"][0]
    lines = Client().get(entry["url"].partition("8000")[2]).json()["lines"]
    by_kind = {line["kind"]: line["amount"]["amount"] for line in lines}
    assert by_kind["contribution"] == by_kind["processor_fee"] + by_kind["host_fee"] + by_kind["allocation"]
