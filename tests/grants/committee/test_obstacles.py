"""What would refuse a determination is on its page before anybody presses, and the page comes back with what was typed."""

from __future__ import annotations

import pytest

from funding import clock
from funding.people.models import RoleGrant
from funding.people.roles import Role
from grants.committee import counting
from grants.committee.models import Determination
from tests.grants import builders
from tests.grants.builders import browser

pytestmark = pytest.mark.django_db
WARNS = "This would be refused as it stands."


def page(sitting: builders.Sitting) -> str:
    return browser(sitting.chair).get(f"/committee/{sitting.proposal.ref}/determine/").content.decode()


def press(sitting: builders.Sitting) -> tuple[int, str]:
    data = {"reasons": "It is needed, and here is why.", "seen": counting.sheet(sitting.panel).mark}
    answer = browser(sitting.chair).post(f"/committee/{sitting.proposal.ref}/determine/", data)
    return answer.status_code, answer.content.decode()


def test_that_nobody_funds_alone() -> None:
    sitting = builders.ready("foo")
    assert WARNS in page(sitting) and "Nobody funds alone" in page(sitting)
    status, body = press(sitting)
    assert (status, "It is needed, and here is why." in body, Determination.objects.count()) == (422, True, 0)


def test_that_nobody_could_approve_the_days() -> None:
    sitting = builders.ready("fffaa")
    assert WARNS not in page(sitting)
    RoleGrant.objects.filter(role=Role.ADMIN).update(until=clock.today())
    assert WARNS in page(sitting) and "nobody independent of Inger Dahl and Inger Dahl could approve its days" in page(sitting)
    status, body = press(sitting)
    assert (status, "It is needed, and here is why." in body, Determination.objects.count()) == (422, True, 0)


@pytest.mark.parametrize("choices", ["aoo", "ffaao"])
def test_what_is_not_funded_needs_neither(choices: str) -> None:
    sitting = builders.ready(choices)
    RoleGrant.objects.filter(role=Role.ADMIN).update(until=clock.today())
    assert WARNS not in page(sitting)
