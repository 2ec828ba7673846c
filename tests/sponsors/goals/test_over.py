"""The fund of a goal that is not met: empty it is listed apart, money that lies in it is pointed out and finds a use."""

from __future__ import annotations

import pytest

from funding import clock
from funding.errors import Refused
from funding.funds import moves, needs
from funding.funds import services as funds
from funding.funds.models import Fund, Project
from funding.money import Money
from funding.people.roles import Role
from sponsors.goals import services as goals
from sponsors.goals.models import Goal
from tests.funding.builders import browser, holder
from tests.funding.ledger import books
from tests.sponsors.goals import builders
from tests.sponsors.goals.builders import OPENED

pytestmark = pytest.mark.django_db


def over(of: Project | None = None) -> Goal:
    """Called off, so that nobody is charged."""
    with clock.at(OPENED):
        goal = builders.goal(of)
        return goals.call_off(actor=goal.created_by, goal=goal, reason="Somebody else pays")


def desk() -> str:
    return browser(holder(Role.TREASURER)).get("/desk/funds/").content.decode()


def test_an_empty_fund_of_a_goal_that_is_over_is_listed_apart_and_reachable() -> None:
    with clock.at(OPENED):
        other = builders.goal(slug="open")
    assert "Funds that are over" not in desk()
    goal = over(other.project)
    assert goal.fund is not None and Fund.objects.get(pk=goal.fund.pk).ended_at == OPENED
    listed, archive = desk().split("Funds that are over")
    assert f"/desk/funds/{goal.fund.slug}/" in archive and f"/desk/funds/{goal.fund.slug}/" not in listed
    assert "/desk/funds/goal-open/" in listed
    assert "came to nothing" in browser(holder(Role.TREASURER)).get(f"/desk/funds/{goal.fund.slug}/").content.decode()


def test_money_in_it_is_pointed_out_and_may_pay_for_approved_work_and_nothing_more_goes_in() -> None:
    goal = over()
    fund = Fund.objects.select_related("account").get(slug=f"goal-{goal.slug}")
    books.contribute(fund.account, 90_000)
    page = desk()
    assert f"lies in {fund.name}, and its goal was not met" in page and "Funds that are over" not in page
    need = needs.want(about="test:work", project=goal.project, half_days=2, rate=Money(goal.rate_amount, goal.currency))
    assert needs.may_pay(fund, need)
    with pytest.raises(Refused, match="is over, so no money goes into it"):
        moves.require_allowed(funds.project_fund(goal.project), fund)


def test_a_maintainers_desk_leads_to_the_goals_of_their_projects() -> None:
    with clock.at(OPENED):
        goal = builders.goal()
    maintainer = holder(Role.MAINTAINER, goal.project.subject)
    assert "/desk/goals/" in browser(maintainer).get("/desk/").content.decode()
    page = browser(maintainer).get("/desk/goals/").content.decode()
    assert goal.title in page and f"Write a goal for {goal.project}" in page
    assert browser(holder(Role.TREASURER)).get("/desk/goals/").status_code == 403
