"""Approved work and the money that is found for it, when several act at the same moment: promised once, whoever is faster."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from funding.errors import DaybookError
from funding.funds import needs
from funding.funds import services as funds
from funding.funds.models import Need
from funding.ledger import checks
from funding.ledger.models import Reservation
from grants.committee import services
from grants.committee.models import Funding
from grants.engagements.models import Engagement
from grants.proposals import services as proposals
from tests.grants import builders
from tests.grants.committee.test_funding import HALF, approved, problems, raised, raised_for, state

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts: Any) -> list[Any]:
    """Run them at the same moment, each on a connection of its own; what they answered or raised."""
    gate, answers = Barrier(len(acts)), []

    def run(act: Any) -> None:
        try:
            gate.wait(10)
            answers.append(act())
        except DaybookError as error:
            answers.append(getattr(error, "rule", type(error).__name__))
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == len(acts)
    return answers


def test_news_and_sweeper_at_once_begin_the_work_once() -> None:
    approved()
    need = Need.objects.get()
    needs.offer(need=need, fund=raised(900_000))
    answers = together(*[lambda: services.fund(need_id=need.pk) for _ in range(3)])
    assert {answer.pk for answer in answers} == {Funding.objects.get().pk}
    assert (Reservation.objects.count(), Engagement.objects.count()) == (1, 1)


def test_a_withdrawal_at_the_moment_of_the_money_ends_one_way_or_the_other() -> None:
    sitting = approved()
    need = Need.objects.get()
    needs.offer(need=need, fund=raised(900_000))
    answers = together(
        lambda: services.fund(need_id=need.pk), lambda: proposals.withdraw(actor=sitting.applicant, proposal=sitting.proposal).state
    )
    held = Reservation.objects.count()
    assert (state(), Need.objects.get().state, held, "withdrawn" in answers) in {
        ("withdrawn", "dropped", 0, True),
        ("funded", "met", 1, False),
    }
    assert problems() == []


def test_two_decisions_at_once_spend_what_was_raised_once() -> None:
    first = builders.ready(money=0)
    other = builders.sit(builders.submitted(first.call, first.project, builders.user("Mateus Pinto")))
    other.clear()
    other.review(*other.members[:2])
    other.vote("fffff")
    fund = raised_for(first, 25 * HALF)
    answers = together(lambda: first.determine().outcome, lambda: other.determine().outcome)
    assert sorted(answers) == ["funded", "funds-short"]
    assert (builders.available(fund), Need.objects.get().state) == (5 * HALF, "funded")


def test_an_offer_while_another_decision_takes_the_money_never_promises_it_twice() -> None:
    """The other decision takes ten of the twelve days of the fund, or the offer does: never both, and the slower one waits."""
    first = approved()
    fund = funds.project_fund(first.project)
    second = builders.submitted(first.call, first.project, builders.user("Mateus Pinto"))
    other = builders.sit(second)
    other.clear()
    other.review(*other.members[:2])
    other.vote("fffff")
    builders.put_money(fund, 24 * HALF)
    need = Need.objects.get()
    needs.offer(need=need, fund=fund)
    answers = together(lambda: services.fund(need_id=need.pk), lambda: other.determine().outcome)
    decided = next(answer for answer in answers if isinstance(answer, str))
    found = next((answer.half_days for answer in answers if isinstance(answer, Funding)), 0)
    assert (found, decided, Need.objects.get().state) in {(20, "funds-short", "met"), (0, "funded", "wanted")}
    assert [problem for result in checks.run() for problem in result.problems] == []
