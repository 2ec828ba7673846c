"""Pages of the committee take a constant number of queries, however many rows and members they show."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding.people.models import User
from funding.people.roles import Role
from grants.committee import counting, services
from tests.grants import builders
from tests.grants.builders import browser

pytestmark = pytest.mark.django_db


def queries(person: User | None, address: str) -> int:
    client = browser(person)
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def newcomer(sitting: builders.Sitting, name: str) -> User:
    """A member since today, who declared no conflict and handed in a review with scores."""
    person = builders.user(name)
    builders.give(person, Role.MEMBER, sitting.panel.committee.subject)
    services.seat_newcomer(user=person, committee=sitting.panel.committee)
    sitting.clear(person)
    review(sitting, person)
    return person


def review(sitting: builders.Sitting, person: User) -> None:
    marks = {criterion.pk: services.Mark(points=3) for criterion in sitting.call.criteria.all()}
    words = {"recommendation": "fund", "reasons": f"Reasons of {person.name}", "notes": ""}
    services.save_review(actor=person, panel=sitting.panel, version=0, marks=marks, submit=True, **words)


@pytest.mark.parametrize("address", ["/committee/", "/decisions/"])
def test_lists_take_as_many_queries_for_three_rows_as_for_one(address: str) -> None:
    sitting = builders.ready("fffff", money=2000000)
    sitting.determine()
    builders.submitted(sitting.call, sitting.project, builders.user("Applicant One"))
    one = queries(sitting.members[0], address)
    for name in ("Applicant Two", "Applicant Three"):
        proposal = builders.submitted(sitting.call, sitting.project, builders.user(name))
        panel = counting.Panel.objects.select_related("committee", "proposal").get(proposal=proposal)
        another = builders.Sitting(sitting.project, sitting.call, proposal.applicant, proposal, panel, sitting.members)
        another.clear()
        another.review(*another.members[:2])
        another.vote("fffff")
        if name == "Applicant Two":
            another.determine()
    builders.submitted(sitting.call, sitting.project, builders.user("Applicant Four"))
    assert queries(sitting.members[0], address) == one


@pytest.mark.parametrize("opened", [False, True], ids=["sealed", "open"])
def test_a_panel_takes_as_many_queries_with_three_more_members_as_with_one(opened: bool) -> None:
    """Each with a review and its scores, so that the table, the record and the opened reviews all grow."""
    sitting = builders.sitting()
    builders.criteria(sitting.call)
    sitting.clear()
    for member in sitting.members[:2]:
        review(sitting, member)
    if opened:
        sitting.open_reviews()
    address, reader = f"/committee/{sitting.proposal.ref}/", sitting.members[0]
    newcomer(sitting, "New One")
    one = queries(reader, address)
    newcomer(sitting, "New Two"), newcomer(sitting, "New Three")
    page = browser(reader).get(address).content.decode()
    assert "New Three" in page
    assert ("Reasons of New Three" in page) is opened
    assert queries(reader, address) == one
