"""An award that is raised for approved work offers what arrives to it, within its restrictions, and its pages say so."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from funding import clock
from funding.errors import Conflict, Invalid, Refused
from funding.funds import needs
from funding.funds.models import Need, Project
from funding.mail.models import Message
from funding.money import Money
from funding.people.models import Bar
from funding.people.roles import Role
from grants.awards import needing, services, tasks, tranches
from grants.awards.models import Award, Tranche
from tests.funding.builders import browser, holder
from tests.grants.awards import builders
from tests.grants.awards.builders import DAY, Desk
from tests.grants.builders import project

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return builders.desk()


def want(half_days: int = 10, rate: int = 10_000) -> Need:
    """Work that was approved and that nobody began: five days of 100.00 unless told."""
    about = Project.objects.filter(slug="quillon").first() or project("quillon")
    return needs.want(about="test:work", project=about, half_days=half_days, rate=Money(rate, "USD"))


def raised(desk: Desk, need: Need, **changes: Any) -> Award:
    harrow = Project.objects.filter(slug="harrow").first() or project("harrow")
    return builders.active(desk, need=need, need_line="Engineering", **{"projects": [need.project, harrow], **changes})


def fresh(need: Need) -> Need:
    return Need.objects.select_related("fund", "line").get(pk=need.pk)


def test_what_arrives_is_offered_and_waits_for_all_that_the_line_can_buy(desk: Desk) -> None:
    award = raised(desk, want(half_days=20))
    builders.book(desk, award, 1)
    need = fresh(want())
    assert need.fund is not None and need.line is not None
    assert (need.fund.slug, need.line.name, need.at_least) == ("award-alder", "Engineering", 14)
    assert needs.affordable(need) == 0
    tranches.withhold(actor=desk.maker, tranche=builders.tranche(award, 2), words="They have no money")
    builders.book(desk, award, 3)
    need = fresh(need)
    assert (need.at_least, needs.affordable(need)) == (12, 12)


def test_the_work_begins_once_all_of_it_is_there(desk: Desk) -> None:
    award = raised(desk, want(half_days=8))
    builders.book(desk, award, 1, 30_000)
    assert (fresh(want()).at_least, needs.affordable(fresh(want()))) == (8, 0)
    builders.book(desk, award, 3)
    assert needs.affordable(fresh(want())) == 8


def test_money_whose_condition_is_open_is_offered_when_it_is_met(desk: Desk) -> None:
    award = raised(desk, want())
    builders.book(desk, award, 2)
    assert fresh(want()).fund is None
    it = tranches.claim(actor=desk.maker, tranche=builders.tranche(award, 2), words="Their letter")
    tranches.decide(actor=desk.checker, tranche=it, met=True)
    assert fresh(want()).fund == award.fund
    mail = Message.objects.get(kind="award_condition_decided")
    assert (mail.to, "is the award's to spend" in mail.body) == (desk.maker.email, True)


def test_what_a_rule_forbids_today_is_offered_again_later(desk: Desk) -> None:
    today = clock.today()
    award = raised(desk, want(), starts_on=today + DAY)
    builders.book(desk, award, 1)
    assert (fresh(want()).fund, tasks.remind()) == (None, 0)
    assert fresh(want()).fund is None
    with clock.at(clock.now() + 2 * DAY):
        tasks.remind()
    assert fresh(want()).fund == award.fund


def test_another_fund_that_was_quicker_keeps_it_and_the_money_stays(desk: Desk) -> None:
    need = want()
    award = raised(desk, need)
    needs.drop(need=needs.lock(need))
    it = builders.book(desk, award, 1)
    assert (it.state, fresh(need).fund, needing.offer(award)) == (Tranche.State.RECEIVED, None, False)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"need_line": "Travel"}, "need_line"),
        ({"need_line": ""}, "need_line"),
        ({"need": None}, "need"),
        ({"projects": ["harrow"]}, "need"),
    ],
)
def test_it_is_raised_for_work_that_it_may_pay_for_by_one_of_its_lines(desk: Desk, changes: dict[str, Any], field: str) -> None:
    need, harrow = want(), project("harrow")
    changes = {**changes, "projects": [harrow]} if "projects" in changes else changes
    with pytest.raises(Invalid) as error:
        builders.draft(desk, **{"need": need, "need_line": "Engineering", "projects": [need.project], **changes})
    assert error.value.field == field


def test_nobody_raises_it_for_work_from_which_they_stepped_back(desk: Desk) -> None:
    need = want()
    Bar.objects.create(user=desk.maker, subject=need.about, reason="We share a house.", created_at=clock.now())
    with pytest.raises(Refused) as refusal:
        builders.draft(desk, need=need, need_line="Engineering", projects=[need.project])
    assert refusal.value.rule == "recused"


def test_the_pages_say_what_it_is_raised_for_and_the_form_offers_what_waits(desk: Desk) -> None:
    need = want()
    assert "Nothing in particular" in browser(desk.maker).get("/desk/awards/new/").content.decode()
    award = raised(desk, need)
    for address in ("/awards/alder/", "/desk/awards/alder/"):
        page = browser(desk.maker).get(address).content.decode()
        assert "test:work" in page and "What arrives is offered to it" in page
    with pytest.raises(DatabaseError), transaction.atomic():
        Award.objects.filter(pk=award.pk).update(need=None, need_line="")
    builders.book(desk, award, 1)
    assert "begins once this award buys 5 days" in browser(desk.maker).get("/awards/alder/").content.decode()


def test_whoever_said_that_it_was_agreed_hears_what_became_of_it(desk: Desk) -> None:
    admin, award = holder(Role.ADMIN), builders.draft(desk)
    services.move(actor=desk.maker, award=award, to="agreed", words="In the safe")
    assert set(Message.objects.filter(kind="award_agreed").values_list("to", flat=True)) == {desk.checker.email, admin.email}
    services.move(actor=desk.checker, award=award, to="draft", words="The sum is wrong")
    services.move(actor=desk.maker, award=award, to="agreed", words="In the safe")
    with pytest.raises(Conflict):
        services.activate(actor=admin, award=award, version=1)
    services.activate(actor=admin, award=award, version=Award.objects.get(pk=award.pk).version)
    back, active = Message.objects.filter(kind="award_checked").order_by("pk")
    assert {back.to, active.to} == {desk.maker.email}
    assert "The sum is wrong" in back.body and "made it active" in active.body
