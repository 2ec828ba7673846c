"""The fund desk: figures that move with the ledger, a top-up that begins work, and who may not find money for whom."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding.errors import Refused
from funding.funds import flows, needs, services
from funding.funds.models import Need
from funding.ledger import services as ledger
from funding.money import Money
from funding.people import services as people
from funding.people.models import User
from funding.people.roles import Role
from grants.committee.tasks import sweep_needs
from grants.engagements.models import Engagement
from tests.funding import builders as people_made
from tests.funding.ledger import books
from tests.grants import builders
from tests.grants.builders import browser, general_fund, project

pytestmark = pytest.mark.django_db
HALF = 22950


def treasurer() -> User:
    return people_made.holder(Role.TREASURER)


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def waiting_work() -> builders.Sitting:
    sitting = builders.ready(money=0)
    sitting.determine(wait=True)
    return sitting


def test_every_figure_moves_with_an_entry_of_any_path() -> None:
    fund = general_fund()
    services.host_fund("USD")
    reader = browser(treasurer())
    assert "Common fund" in text(reader.get("/desk/funds/"))
    books.contribute(fund.account, 123_456)
    ledger.reserve(account=fund.account, amount=3_456, holder=("test", 1), key="test", at=books.AT)
    page = text(reader.get("/desk/funds/"))
    for figure in ("1,234.56", "34.56", "1,200.00"):
        assert figure in page
    assert "1,200.00" in text(reader.get("/desk/funds/common/"))


def test_the_lines_of_a_fund_add_up_and_name_their_way() -> None:
    fund = services.open_fund(slug="goal-spring", name="Spring", kind="restricted", purpose="Work", currency=people_made.host().currency)
    award = services.open_fund(slug="award-one", name="One", kind="restricted", purpose="Work", currency="USD")
    given = [
        books.Line(books.cash(), books.clearing(), 1_000, "contribution"),
        books.Line(books.clearing(), fund.account, 600, "allocation"),
        books.Line(books.clearing(), award.account, 100, "award_received"),
        books.Line(books.clearing(), fund.account, 300, "host_fee"),
    ]
    books.post(*given)
    books.pay_out(fund.account, 150)
    flow, other = flows.of([fund, award])
    assert dict(flow.inflows) == {"Goals": Money(600, "USD"), flows.HOST_SHARE: Money(300, "USD")}
    assert dict(other.inflows) == {"Awards": Money(100, "USD")}
    assert (flow.came_in - flow.spent - flow.other_out - flow.reserved, flow.left) == (Money(750, "USD"), Money(750, "USD"))
    assert flow.left == fund.__class__.objects.get(pk=fund.pk).account.available


def test_the_desk_takes_as_many_queries_for_many_funds_as_for_one() -> None:
    def queries(address: str = "/desk/funds/") -> int:
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(address).status_code == 200
        return len(captured)

    def waits(number: int) -> None:
        made = services.open_fund(
            slug=f"goal-{number}", name=str(number), kind="restricted", purpose="Work", currency="USD", project=quillon
        )
        needs.have(about=f"goal:{number}", project=quillon, fund=made, rate=builders.RATE)

    reader = browser(treasurer())
    quillon = project(money=100)
    waits(1)
    queries()
    one = queries("/desk/funds/"), queries("/projects/quillon/")
    project("harrow", money=100)
    project("moss", money=100)
    waits(2)
    waits(3)
    assert (queries("/desk/funds/"), queries("/projects/quillon/")) == one


def test_a_treasurer_pays_for_approved_work_from_a_fund_that_may() -> None:
    sitting = waiting_work()
    need, desk = Need.objects.get(), browser(treasurer())
    assert "No fund may pay for it and buys half a day" in text(desk.get(f"/desk/funds/needs/{need.pk}/"))
    common = general_fund(money=6 * HALF)
    project("harrow", money=900_000)
    page = text(desk.get(f"/desk/funds/needs/{need.pk}/"))
    assert "Common fund: $1,377.00 available, buys 3 of 10 days now" in page
    assert "Harrow fund" not in page
    assert sitting.proposal.title in text(desk.get("/desk/funds/"))
    assert desk.post(f"/desk/funds/needs/{need.pk}/", {"fund": f"{common.pk}-now-6"}).status_code == 302
    assert sweep_needs() == 1
    assert Engagement.objects.get().cap_half_days == 6


def test_an_award_on_its_way_is_named_and_the_work_begins_when_it_buys_all_of_it() -> None:
    sitting = waiting_work()
    need, desk = Need.objects.get(), browser(treasurer())
    award = services.open_fund(slug="award-one", name="One", kind="restricted", purpose="Work", currency="USD")
    award.projects.set([sitting.project])
    line = award.lines.create(name="Developers", amount=900_000, position=1)
    address = f"/desk/funds/needs/{need.pk}/"
    page = text(desk.get(address))
    assert "The work begins once the money is there One, Developers: $0.00 so far, pays for all 10 days once it can" in page
    assert desk.post(address, {"fund": f"{award.pk}-{line.pk}-later-20"}).status_code == 302
    books.contribute(award.account, 19 * HALF)
    assert sweep_needs() == 0
    assert "the work begins once it buys 10 days" in text(desk.get("/desk/funds/"))
    assert "the work begins once that buys 10 days" in text(browser().get(f"/decisions/{sitting.proposal.ref}/"))
    books.contribute(award.account, HALF)
    assert sweep_needs() == 1
    assert Engagement.objects.get().cap_half_days == 20


def test_the_fund_of_a_goal_that_is_still_open_pays_for_nothing_else() -> None:
    sitting = waiting_work()
    goal = services.open_fund(slug="goal-spring", name="Spring", kind="restricted", purpose="Work", currency="USD", project=sitting.project)
    books.contribute(goal.account, 900_000)
    need, actor = Need.objects.get(), treasurer()
    assert "Spring" not in text(browser(actor).get(f"/desk/funds/needs/{need.pk}/"))
    with pytest.raises(Refused) as refused:
        needs.top_up(actor=actor, need=need, fund=goal, seen=20)
    assert refused.value.rule == "goal"
    needs.have(about="goal:spring", project=sitting.project, fund=goal, rate=builders.RATE)
    assert needs.top_up(actor=actor, need=need, fund=goal, seen=20).fund == goal


def test_a_fund_that_is_to_pay_later_gives_way_to_one_that_can_now() -> None:
    sitting, actor = waiting_work(), treasurer()
    own = services.project_fund(sitting.project)
    need = needs.top_up(actor=actor, need=Need.objects.get(), fund=own, seen=20)
    common = general_fund(money=3 * HALF)
    assert needs.top_up(actor=actor, need=need, fund=common, seen=6).fund == common
    assert Need.objects.get().at_least == 6


def test_what_was_read_is_what_begins_or_the_page_comes_back() -> None:
    waiting_work()
    need, desk, common = Need.objects.get(), browser(treasurer()), general_fund(money=20 * HALF)
    address = f"/desk/funds/needs/{need.pk}/"
    assert "buys 10 of 10 days now" in text(desk.get(address))
    ledger.reserve(account=common.account, amount=19 * HALF, holder=("other", 1), key="quicker", at=books.AT)
    answer = desk.post(address, {"fund": f"{common.pk}-now-20"})
    assert (answer.status_code, Need.objects.get().fund) == (422, None)
    assert "has changed since you opened the page" in answer.content.decode()
    needs.top_up(actor=treasurer(), need=need, fund=common, seen=20)
    assert (sweep_needs(), Engagement.objects.count()) == (0, 0)


def test_nobody_finds_money_for_work_that_pays_somebody_they_are_tied_to() -> None:
    sitting, common = waiting_work(), general_fund(money=900_000)
    friend, other = treasurer(), people_made.holder(Role.AUDITOR)
    people.declare_relation(actor=friend, other=sitting.applicant, kind="close")
    with pytest.raises(Refused) as refused:
        needs.top_up(actor=friend, need=Need.objects.get(), fund=common, seen=20)
    assert refused.value.rule == "relation"
    with pytest.raises(Refused):
        needs.top_up(actor=other, need=Need.objects.get(), fund=common, seen=20)
    people_made.give(sitting.applicant, Role.TREASURER)
    with pytest.raises(Refused) as own:
        needs.top_up(actor=sitting.applicant, need=Need.objects.get(), fund=common, seen=20)
    assert own.value.rule == "benefits"
    assert "You cannot do this" in text(browser(friend).get(f"/desk/funds/needs/{Need.objects.get().pk}/"))


def test_the_page_of_a_top_up_takes_as_many_queries_for_many_funds_as_for_one() -> None:
    waiting_work()
    address, reader = f"/desk/funds/needs/{Need.objects.get().pk}/", browser(treasurer())

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(address).status_code == 200
        return len(captured)

    general_fund(money=900_000)
    reader.get(address)
    one = queries()
    for number in range(3):
        made = services.open_fund(slug=f"gift-{number}", name=f"Gift {number}", kind="general", purpose="Any", currency="USD")
        books.contribute(made.account, 900_000)
    assert queries() == one


def test_the_form_of_a_move_begins_with_the_fund_that_was_clicked() -> None:
    fund = general_fund(money=500)
    form = browser(treasurer()).get("/desk/funds/moves/new/?from=common&to=%00nothing").context["form"]
    assert form["giver"].value() == str(fund.pk)
