"""Money moves between two funds by two people, with a reason, and only where restricted money stays what it is for."""

from __future__ import annotations

import datetime as dt
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from funding.audit.models import Record
from funding.errors import DaybookError, Invalid, Refused
from funding.funds import flows, moves, needs, provenance, reserve, services
from funding.funds.models import Fund, FundMove
from funding.ledger import checks
from funding.ledger.services import Line
from funding.mail.models import Message
from funding.money import Money
from funding.people.roles import Role
from funding.states import IllegalTransition
from tests.funding import builders
from tests.funding.ledger import books
from tests.grants.builders import project

pytestmark = pytest.mark.django_db


def usd(amount: int) -> Money:
    return Money(amount, "USD")


@pytest.fixture(autouse=True)
def _host(db: Any) -> None:
    builders.host()
    books.contribute(services.host_fund("USD").account, 1_000)


def host() -> Fund:
    return services.host_fund("USD")


def fund(slug: str, money: int = 0, kind: str = Fund.Kind.RESTRICTED, **fields: Any) -> Fund:
    made = services.open_fund(slug=slug, name=slug.title(), kind=kind, purpose=f"For {slug}", currency="USD", **fields)
    if money:
        books.contribute(made.account, money)
    return made


def general(slug: str = "common", money: int = 0) -> Fund:
    return fund(slug, money, Fund.Kind.GENERAL)


def asked(giver: Fund | None = None, taker: Fund | None = None, amount: int = 400) -> FundMove:
    actor = builders.holder(Role.TREASURER)
    terms = {"giver": giver or host(), "taker": taker or general()}
    return moves.ask(actor=actor, **terms, amount=usd(amount), reason="The call needs it.")


def approve(move: FundMove) -> FundMove:
    return moves.approve(actor=builders.holder(Role.TREASURER), move=move)


def available(fund: Fund) -> int:
    fund.account.refresh_from_db()
    return fund.account.available.amount


def sound() -> bool:
    return [problem for result in checks.run() for problem in result.problems] == []


def test_a_second_person_moves_money_between_two_funds() -> None:
    move = approve(asked())
    assert (move.state, move.entry and move.entry.kind, move.ref) == ("done", "fund_move", f"FM-{move.pk:04d}")
    assert (available(host()), available(general())) == (600, 400)
    assert sound()


def test_the_money_keeps_its_origin() -> None:
    giver, taker = general(money=500), general("other")
    approve(asked(giver, taker, 300))
    out = books.post(Line(taker.account, books.cash(), 200, "used")).transfers.get()
    [share] = provenance.origins([out.pk])[out.pk]
    assert (share.amount, share.transfer.credit_account) == (200, giver.account)


def test_whoever_asked_cannot_approve_and_the_attempt_is_on_record() -> None:
    move = asked()
    with pytest.raises(Refused, match="You prepared this"):
        moves.approve(actor=move.asked_by, move=move)
    assert Record.objects.get(act="funds.approve_move").rule == "prepared"
    with pytest.raises(Refused):
        moves.approve(actor=builders.holder(Role.AUDITOR), move=move)
    assert available(general()) == 0


def test_the_database_itself_keeps_two_people_and_two_funds() -> None:
    move = asked()
    for change in ({"state": "done", "decided_by": move.asked_by}, {"taker": move.giver}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FundMove.objects.filter(pk=move.pk).update(**change)


def test_only_a_treasurer_asks_and_not_for_more_than_there_is() -> None:
    with pytest.raises(Refused):
        moves.ask(actor=builders.holder(Role.ADMIN), giver=host(), taker=general(), amount=usd(1), reason="x")
    for amount, reason, taker in ((0, "x", general()), (1_001, "x", general()), (1, " ", general()), (1, "x", host())):
        with pytest.raises(Invalid):
            moves.ask(actor=builders.holder(Role.TREASURER), giver=host(), taker=taker, amount=usd(amount), reason=reason)
    assert not FundMove.objects.exists()


def test_whoever_may_approve_is_told_and_whoever_asked_hears_what_became_of_it() -> None:
    treasurer, admin = builders.holder(Role.TREASURER, name="Ivar Checker"), builders.holder(Role.ADMIN, name="Signe Holm")
    first, second = asked(), asked()
    told = Message.objects.filter(kind="fund_move_waits")
    assert {treasurer.email, admin.email} <= {mail.to for mail in told.filter(subject__contains="$4.00 from")}
    assert not told.filter(to=first.asked_by.email, body__contains=f"{first.asked_by.name} asks").exists()
    moves.approve(actor=admin, move=first)
    moves.withdraw(actor=treasurer, move=second, reason="The call was put off.")
    answers = Message.objects.filter(kind="fund_move_decided")
    assert "approved it" in answers.get(to=first.asked_by.email).body
    assert "The call was put off." in answers.get(to=second.asked_by.email).body
    assert "The call was put off." in builders.browser(treasurer).get("/desk/funds/").content.decode()


def test_whoever_takes_back_their_own_move_is_not_told() -> None:
    move = asked()
    moves.withdraw(actor=move.asked_by, move=move, reason="A mistake")
    assert not Message.objects.filter(kind="fund_move_decided").exists()


def test_a_move_is_made_once_or_not_at_all() -> None:
    move = approve(asked())
    for late in (lambda: approve(move), lambda: moves.withdraw(actor=builders.holder(Role.TREASURER), move=move, reason="Late")):
        with pytest.raises(IllegalTransition):
            late()
    other = asked()
    moves.withdraw(actor=other.asked_by, move=other, reason="Not needed")
    with pytest.raises(IllegalTransition):
        approve(other)
    assert available(general()) == 400


def test_money_that_was_promised_since_is_not_moved() -> None:
    move = asked(amount=900)
    books.post(Line(host().account, general("third").account, 200, "fund_move"))
    with pytest.raises(DaybookError, match="missing"):
        approve(move)
    move.refresh_from_db()
    assert (move.state, available(general())) == ("asked", 0)


def test_restricted_money_goes_only_where_its_purpose_still_holds() -> None:
    quillon, harrow = project(), project("harrow")
    goal = fund("goal-spring", 900, project=quillon)
    with pytest.raises(Refused) as early:
        asked(general("gifts", 500), goal, 50)
    assert early.value.rule == "goal"
    needs.have(about="goal:spring", project=quillon, fund=goal, rate=quillon.rate)
    for taker in (general(), services.project_fund(harrow), host(), reserve.reserve_fund("USD"), fund("anything")):
        with pytest.raises(Refused) as refused:
            asked(goal, taker, 100)
        assert refused.value.rule == "purpose"
    approve(asked(goal, services.project_fund(quillon), 100))
    assert available(services.project_fund(quillon)) == 100
    approve(asked(general("gifts", 500), goal, 50))
    assert available(goal) == 850


def test_money_with_a_budget_or_a_period_goes_to_no_other_fund() -> None:
    quillon = project()
    award = fund("award-one", 900, project=quillon)
    award.lines.create(name="Developers", amount=900, position=1)
    dated = fund("award-two", 900, project=quillon)
    Fund.objects.filter(pk=dated.pk).update(ends_on=dt.date(2030, 1, 1))
    dated.refresh_from_db()
    for giver, rule in ((award, "line"), (dated, "period")):
        with pytest.raises(Refused) as refused:
            asked(giver, services.project_fund(quillon), 100)
        assert refused.value.rule == rule


def test_what_is_left_after_the_closeout_may_go_on_within_its_purpose() -> None:
    quillon = project()
    award = fund("award-one", 900, project=quillon)
    award.lines.create(name="Developers", amount=900, position=1)
    Fund.objects.filter(pk=award.pk).update(ends_on=dt.date(2020, 1, 1), closeout_on=dt.date(2020, 4, 1))
    award.refresh_from_db()
    with pytest.raises(Refused):
        asked(award, general(), 100)
    assert approve(asked(award, services.project_fund(quillon), 100)).state == "done"


def test_a_restriction_that_came_since_stops_the_approval() -> None:
    quillon = project()
    goal = fund("goal-spring", 900, project=quillon)
    move = asked(goal, services.project_fund(quillon), 100)
    goal.lines.create(name="Developers", amount=900, position=1)
    with pytest.raises(Refused):
        approve(move)


def test_a_second_treasurer_moves_money_into_the_reserve_and_back() -> None:
    stand = reserve.reserve_fund("USD")
    approve(asked(taker=stand))
    assert (stand.kind, available(stand), available(host())) == (Fund.Kind.RESERVE, 400, 600)
    with pytest.raises(Refused):
        asked(stand, fund("goal-spring"), 100)
    approve(asked(stand, host(), 150))
    assert (available(stand), available(host())) == (250, 750)


def test_what_is_set_aside_repays_the_shortfall_first_and_nothing_else_leaves_the_host() -> None:
    books.post(Line(reserve.shortfall_account("USD"), books.fund("elsewhere"), 300, "cover"))
    with pytest.raises(Refused) as refused:
        asked()
    assert refused.value.rule == "shortfall"
    approve(asked(taker=reserve.reserve_fund("USD")))
    assert (reserve.shortfall("USD"), available(reserve.reserve_fund("USD"))) == (usd(0), 100)
    assert sound()


def test_the_sums_of_a_fund_come_from_the_ledger_by_whatever_path_it_was_posted() -> None:
    goal = fund("goal-spring", 900, project=project())
    flow = flows.of([goal])[0]
    assert (flow.came_in, flow.left, flow.spent) == (usd(900), usd(900), usd(0))
    approve(asked(goal, services.project_fund(goal.project), 100))
    books.contribute(goal.account, 7)
    flow, into = flows.of([goal, services.project_fund(goal.project)])
    assert (flow.came_in, flow.other_out, flow.left) == (usd(907), usd(100), usd(807))
    assert (into.by(flows.OTHER_FUNDS), into.left) == (usd(100), usd(100))


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_move_it_once() -> None:
    move, gate, answers = asked(), Barrier(2), []
    people = [builders.holder(Role.TREASURER), builders.holder(Role.TREASURER)]

    def run(actor: Any) -> None:
        gate.wait(10)
        try:
            answers.append(moves.approve(actor=actor, move=move).state)
        except DaybookError as error:
            answers.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[actor]) for actor in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["IllegalTransition", "done"]
    assert available(general()) == 400


def test_nobody_elses_money_goes_into_a_fund_that_a_grantor_reads() -> None:
    quillon = project()
    budgeted, dated = fund("award-one", project=quillon), fund("award-two", project=quillon)
    budgeted.lines.create(name="Developers", amount=900, position=1)
    Fund.objects.filter(pk=dated.pk).update(ends_on=dt.date(2020, 1, 1), closeout_on=dt.date(2020, 4, 1))
    dated.refresh_from_db()
    for taker in (budgeted, dated):
        with pytest.raises(Refused) as refused:
            asked(general("gifts", 500), taker, 100)
        assert refused.value.rule == "line"


def test_a_move_that_a_rule_forbids_comes_back_with_what_was_typed() -> None:
    quillon, other = project(money=900), project("harrow")
    form = {
        "giver": str(services.project_fund(quillon).pk),
        "taker": str(services.project_fund(other).pk),
        "amount": "1.00",
        "reason": "Harrow needs it.",
    }
    answer = builders.browser(builders.holder(Role.TREASURER)).post("/desk/funds/moves/new/", form)
    assert answer.status_code == 422
    assert "Quillon fund is restricted" in answer.content.decode()
    assert "Harrow needs it." in answer.content.decode()
    assert Record.objects.get(act="funds.ask_move").rule == "purpose"
