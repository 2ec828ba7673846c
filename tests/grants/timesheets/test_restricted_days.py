"""Days are approved only when a fund of the engagement may pay for work of their date; the refusal says which rule forbids it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from funding import clock
from funding.errors import Refused
from funding.funds.models import Fund
from funding.people.models import User
from grants.engagements.models import Engagement
from grants.timesheets import services, stranded
from grants.timesheets.models import WorkEntry
from tests.grants.engagements import builders

pytestmark = pytest.mark.django_db
START = builders.START
DAY = dt.timedelta(days=1)
HALF = 22950


@pytest.fixture(autouse=True)
def _october() -> Any:
    with clock.at(builders.NOW):
        yield


@pytest.fixture
def lead() -> User:
    return builders.user("Lead Person", "maintainer@project:quillon")


def until(day: dt.date) -> Fund:
    """A fund whose period ends on that day."""
    fund = builders.fund("alder")
    Fund.objects.filter(pk=fund.pk).update(ends_on=day)
    return Fund.objects.get(pk=fund.pk)


def engaged(*split: tuple[Fund, int]) -> Engagement:
    return builders.engagement(builders.user("Marit Solheim"), half_days=4, split=split)


def test_a_day_outside_the_period_is_refused_and_stays_logged(lead: User) -> None:
    made = engaged((until(START), 4 * HALF))
    entries = builders.log(made, 4)
    with pytest.raises(Refused) as refusal:
        builders.approve(made, entries, lead)
    assert refusal.value.rule == "period"
    assert "Alder pays for work until 1 October 2026, and this is of 2 October 2026." in refusal.value.message
    assert set(WorkEntry.objects.values_list("state", flat=True)) == {"logged"}
    builders.approve(made, entries[:2], lead)
    assert WorkEntry.objects.filter(state="approved").count() == 2


def test_a_later_day_is_paid_by_the_fund_that_may(lead: User) -> None:
    made = engaged((until(START), 2 * HALF), (builders.fund("common"), 2 * HALF))
    builders.approve(made, builders.log(made, 4), lead)
    assert WorkEntry.objects.filter(state="approved").count() == 4


def test_more_late_days_than_the_open_fund_holds_are_refused(lead: User) -> None:
    made = engaged((until(START), 2 * HALF), (builders.fund("common"), 2 * HALF))
    late = builders.log(made, 4, first=START + DAY)
    builders.approve(made, late[:2], lead)
    with pytest.raises(Refused, match="funds hold for them is used up") as refusal:
        builders.approve(made, late[2:], lead)
    assert refusal.value.rule == "period"


def test_days_approved_out_of_their_order_are_paid_all_the_same(lead: User) -> None:
    made = engaged((until(START), 2 * HALF), (builders.fund("common"), 2 * HALF))
    early, late = builders.log(made, 2), builders.log(made, 2, first=START + DAY)
    builders.approve(made, late, lead)
    builders.approve(made, early, lead)
    assert WorkEntry.objects.filter(state="approved").count() == 4


def test_money_held_beyond_its_period_is_told_until_somebody_ends_the_engagement(lead: User) -> None:
    made = engaged((until(START), 4 * HALF))
    builders.approve(made, builders.log(made, 2), lead)
    (item,) = stranded.find(10).items
    assert "Alder pays for work until Thu 1 Oct 2026, so $459.00 that it holds" in item.why
    entries = builders.log(made, 1, first=START + DAY)
    assert stranded.find(10).count == 0
    services.withdraw(actor=made.worker, entry=entries[0])
    services.end_engagement(actor=made.worker, engagement=made, reason="The award is over.")
    assert stranded.find(10).count == 0
