"""A need is wanted or funded, is met once, and an offer is taken from one fund only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from funding.errors import Conflict, DaybookError, Refused
from funding.funds import needs, reserve, services
from funding.funds.models import Fund, Need, Project
from funding.funds.signals import need_met
from funding.ledger import services as ledger
from funding.money import Money
from tests.funding.ledger import books
from tests.grants.builders import project

pytestmark = pytest.mark.django_db
RATE = Money(45900, "USD")


@pytest.fixture
def quillon(db: None) -> Project:
    return project()


@pytest.fixture
def news() -> Iterator[list[Need]]:
    heard: list[Need] = []

    def hear(sender: Any, need: Need, **kwargs: Any) -> None:
        heard.append(need)

    need_met.connect(hear)
    yield heard
    need_met.disconnect(hear)


def fund(slug: str = "goal-spring", money: int = 0, **fields: Any) -> Fund:
    terms = {"name": slug.title(), "kind": Fund.Kind.RESTRICTED, "purpose": "Raised money", "currency": "USD", **fields}
    made = services.open_fund(slug=slug, **terms)
    if money:
        books.contribute(made.account, money)
    return made


def wanted(quillon: Project, half_days: int = 20) -> Need:
    return needs.want(about="proposal:P-0007", project=quillon, half_days=half_days, rate=RATE)


def test_a_wanted_need_says_its_days_and_price_and_is_opened_once(quillon: Project) -> None:
    need = wanted(quillon)
    assert (need.state, need.price, need.kind) == ("wanted", Money(459000, "USD"), "proposal")
    assert wanted(quillon) == need
    assert needs.waiting() == needs.waiting(quillon) == [need]
    assert needs.waiting(project("other")) == []


def test_an_offer_names_the_fund_and_tells_once_after_the_commit(
    quillon: Project, news: list[Need], django_capture_on_commit_callbacks: Any
) -> None:
    need, raised = wanted(quillon), fund(money=100_000)
    with django_capture_on_commit_callbacks(execute=True):
        needs.offer(need=need, fund=raised)
        assert news == []
    with django_capture_on_commit_callbacks(execute=True):
        assert needs.offer(need=need, fund=raised).fund == raised
    assert news == [need]
    assert needs.offered() == [need.pk]
    assert needs.affordable(needs.lock(need)) == 4


def test_a_fund_that_has_too_little_is_named_and_gives_way_to_one_that_has_more(quillon: Project) -> None:
    need = wanted(quillon)
    assert needs.affordable(needs.offer(need=need, fund=fund("poor", 22_949))) == 0
    assert needs.offer(need=need, fund=fund("rich", 9_000_000)).fund == fund("rich")
    assert needs.affordable(needs.lock(need)) == 20
    with pytest.raises(Conflict, match="Rich was named for this a moment ago"):
        needs.offer(need=need, fund=fund("late", 9_000_000))


def test_a_fund_for_something_else_cannot_be_offered(quillon: Project) -> None:
    need = wanted(quillon)
    with pytest.raises(Refused) as refused:
        needs.offer(need=need, fund=fund("other-fund", 9_000_000, project=project("other")))
    assert refused.value.rule == "purpose"
    with pytest.raises(Refused):
        needs.offer(need=need, fund=reserve.reserve_fund("USD"))
    budgeted = fund("award-one", 9_000_000)
    budgeted.lines.create(name="Developers", amount=9_000_000, position=1)
    with pytest.raises(Refused, match="no line of it was named"):
        needs.offer(need=need, fund=budgeted)
    with pytest.raises(Conflict, match="is kept in EUR"):
        needs.offer(need=need, fund=fund("euro", currency="EUR"))
    assert Need.objects.get().fund is None


def test_what_is_met_or_dropped_stays_so(quillon: Project) -> None:
    raised = fund(money=900_000)
    met = needs.meet(need=needs.offer(need=wanted(quillon), fund=raised))
    assert met.settled_at is not None
    assert needs.offer(need=met, fund=raised) == met
    for late in (lambda: needs.offer(need=met, fund=fund("late")), lambda: needs.meet(need=met), lambda: needs.drop(need=met)):
        with pytest.raises(Conflict):
            late()
    assert needs.waiting() == needs.offered() == []


def test_money_without_work_waits_with_its_fund_and_counts_its_days_from_the_books(quillon: Project) -> None:
    raised = fund(money=100_000, project=quillon)
    need = needs.have(about="goal:spring", project=quillon, fund=raised, rate=RATE)
    assert need == needs.have(about="goal:spring", project=quillon, fund=raised, rate=RATE)
    assert (need.state, needs.affordable(need)) == ("funded", 4)
    books.contribute(raised.account, 100_000)
    assert needs.affordable(need) == 8
    assert needs.waiting(quillon) == [need]
    with pytest.raises(Conflict):
        needs.offer(need=need, fund=fund("late"))


def test_whoever_knows_a_need_tells_what_it_is_about(quillon: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    need = wanted(quillon)
    monkeypatch.setattr(needs, "_registry", {})
    assert needs.describe([need]) == {"proposal:P-0007": needs.Told("proposal:P-0007")}
    needs.register("proposal", lambda abouts: {about: needs.Told("Builds", "/decisions/P-0007/") for about in abouts})
    assert needs.describe([need])[need.about].text == "Builds"


@pytest.mark.django_db(transaction=True)
def test_of_two_offers_at_once_one_is_taken_and_the_other_is_told() -> None:
    need = wanted(project())
    raised, answers = [fund("one", 900_000), fund("two", 900_000)], []
    together = threading.Barrier(2)

    def offer(mine: Fund) -> None:
        together.wait(timeout=10)
        try:
            answers.append(needs.offer(need=need, fund=mine).fund)
        except DaybookError as error:
            answers.append(type(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=offer, args=[mine]) for mine in raised]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(answers) == 2
    assert answers.count(Conflict) == 1
    assert Need.objects.get().fund in answers


def test_many_needs_are_told_in_days_as_one_is(quillon: Project) -> None:
    rich = fund("award-one", 9 * 22_950)
    line = rich.lines.create(name="Developers", amount=5 * 22_950, position=1)
    needs.offer(need=wanted(quillon), fund=rich, line=line)
    needs.have(about="goal:spring", project=quillon, fund=fund(money=70_000, project=quillon), rate=RATE)
    needs.want(about="proposal:P-0008", project=quillon, half_days=4, rate=RATE)
    found = needs.waiting()
    assert needs.bought_by_each(found) == {need.pk: needs.affordable(need) for need in found}
    assert sorted(needs.bought_by_each(found).values()) == [0, 3, 5]


def test_what_pages_show_follows_the_money_of_a_goal(quillon: Project) -> None:
    goal = fund(project=quillon, money=22_950)
    need = needs.have(about="goal:spring", project=quillon, fund=goal, rate=RATE)
    assert needs.follow() == 0
    held = books.reserve(goal.account, 1)
    assert (needs.follow(), needs.waiting()) == (1, [])
    ledger.release(reservation=held, amount=1, key="back", at=books.AT)
    assert (needs.follow(), needs.waiting()) == (1, [need])
    assert needs.follow() == 0


def test_what_a_goal_raised_for_approved_work_waits_for_other_work_when_it_comes_back(quillon: Project) -> None:
    goal = fund(project=quillon, money=900_000)
    need = needs.offer(need=wanted(quillon), fund=goal)
    assert (needs.raised_funds(quillon), needs.follow()) == ([], 0)
    needs.meet(need=need)
    assert needs.raised_funds(quillon) == [goal.pk]
    assert (needs.follow(), needs.waiting()[0].about) == (1, "goal:spring")
    assert needs.raised_funds(quillon) == [goal.pk]


def test_a_fund_of_another_kind_that_once_paid_is_not_raised_for_the_project(quillon: Project) -> None:
    needs.meet(need=needs.offer(need=wanted(quillon), fund=fund("common", 900_000, kind=Fund.Kind.GENERAL)))
    assert needs.raised_funds(quillon) == []
    assert needs.follow() == 0
