"""Payouts over the API: whose are shown to whom, and whose half days in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from funding import clock
from funding.people.models import Membership, User
from grants.payouts import services as payouts
from grants.payouts.models import PayoutRun
from tests.funding.builders import organisation, tie
from tests.funding.site.api.callers import program
from tests.grants.engagements import builders

PAYOUTS, RUNS = "/api/v1/payouts/", "/api/v1/runs/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(builders.NOW):
        yield


@pytest.fixture
def run() -> PayoutRun:
    """Two people of one company worked, and the company is paid for both in one payout."""
    lead, treasurer = builders.user("Lead Person", "maintainer@project:quillon"), builders.user("Tora Maker", "treasurer")
    builders.project()
    company = organisation("Tundra AS", "pay@tundra.example")
    tie(builders.user("Olga Owner"), company, Membership.Role.OWNER)
    for name in ("Marit Solheim", "Ketil Moe"):
        worker = builders.user(name)
        tie(worker, company)
        engagement = builders.engagement(worker, payee=company)
        builders.approve(engagement, builders.log(engagement, 2), lead)
    builders.account(company)
    return payouts.prepare(actor=treasurer, currency="USD", up_to=clock.today())


def test_a_worker_of_a_company_sees_their_own_half_days_in_its_payout(run: PayoutRun) -> None:
    (row,) = program(User.objects.get(name="Marit Solheim")).get(PAYOUTS).json()["results"]
    assert {line["worker"] for line in row["lines"]} == {"Marit Solheim"}
    assert row["partial"] is True
    (whole,) = program(User.objects.get(name="Olga Owner")).get(PAYOUTS).json()["results"]
    assert {line["worker"] for line in whole["lines"]} == {"Marit Solheim", "Ketil Moe"}
    assert whole["partial"] is False
    assert sum(line["amount"]["amount"] for line in whole["lines"]) == whole["amount"]["amount"]


def test_nobody_else_finds_it(run: PayoutRun) -> None:
    ref = run.payouts.get().ref
    for person in (builders.user("Stranger Danger"), User.objects.get(name="Lead Person")):
        assert program(person).get(PAYOUTS).json()["results"] == []
        assert program(person).get(f"{PAYOUTS}{ref}/").status_code == 404


def test_runs_are_the_desk_s(run: PayoutRun) -> None:
    (row,) = program(User.objects.get(name="Tora Maker")).get(RUNS).json()["results"]
    assert (row["number"], row["control_total"]["amount"]) == (run.number, run.control_total)
    assert program(User.objects.get(name="Marit Solheim")).get(RUNS).status_code == 403
