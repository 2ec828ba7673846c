"""At the determination: restricted money is reserved on a named line and within its purpose and period, or the refusal says which rule."""

from __future__ import annotations

import datetime as dt
from threading import Barrier, Thread

import pytest
from django.db import connections

from funding import clock
from funding.errors import Refused
from funding.funds import restrictions
from funding.funds import services as funds
from funding.funds.models import BudgetLine, Fund, LineReservation, Project
from funding.ledger.models import Reservation
from funding.people.models import User
from grants.committee import counting, planning, services
from grants.committee.models import Determination
from tests.grants import builders
from tests.grants.builders import sit

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def award(*projects: str, money: int = 500_000, engineering: int = 459_000) -> Fund:
    fund = funds.open_fund(slug="award-1", name="Alder 24-117", kind=Fund.Kind.RESTRICTED, purpose="Parsers", currency="USD")
    fund.projects.set([builders.project(slug) for slug in projects])
    BudgetLine.objects.create(fund=fund, name="Engineering", amount=engineering, position=0)
    BudgetLine.objects.create(fund=fund, name="Docs", amount=100_000, position=1)
    builders.put_money(fund, money)
    return fund


def voted(fund: Fund, *others: Fund, project: str = "quillon") -> builders.Sitting:
    """A proposal of ten days for 4,590.00 that the votes carry, in a call on these funds."""
    about = Project.objects.filter(slug=project).first() or builders.project(project)
    builders.committee()
    call = builders.call([fund, *others])
    sitting = sit(builders.submitted(call, about, builders.user("Inger Dahl")))
    sitting.clear()
    sitting.review(*sitting.members[:2])
    sitting.vote("fffff")
    return sitting


def determine(sitting: builders.Sitting, *lines: BudgetLine, actor: User | None = None) -> Determination:
    seen = counting.sheet(sitting.panel, also_recused=services.excluded_now(sitting.panel)).mark
    return services.determine(actor=actor or sitting.chair, panel=sitting.panel, reasons="Needed.", seen=seen, lines=lines)


def refused(sitting: builders.Sitting, *lines: BudgetLine) -> Refused:
    with pytest.raises(Refused) as refusal:
        determine(sitting, *lines)
    assert (Determination.objects.count(), Reservation.objects.count()) == (0, 0)
    return refusal.value


def test_the_sum_is_reserved_on_the_line_that_was_named() -> None:
    fund = award("quillon", "harrow")
    line = fund.lines.get(name="Engineering")
    made = determine(voted(fund), line)
    reservation = Reservation.objects.get()
    assert (made.outcome, reservation.account_id, reservation.open) == ("funded", fund.account_id, 459_000)
    assert LineReservation.objects.get(reservation=reservation).line == line
    assert restrictions.left(line).amount == 0


def test_work_on_another_project_is_refused_for_its_purpose() -> None:
    fund = award("quillon", "harrow")
    refusal = refused(voted(fund, project="tern"), fund.lines.get(name="Engineering"))
    assert refusal.rule == "purpose"
    assert "Alder 24-117 is for work on Harrow and Quillon only, and this is work on Tern." in refusal.message
    assert "$4,590.00 of $4,590.00 is missing." in refusal.message


def test_a_budget_bears_nothing_while_no_line_is_named() -> None:
    refusal = refused(voted(award("quillon")))
    assert (refusal.rule, "no line of it was named" in refusal.message) == ("line", True)


def test_a_line_that_has_too_little_left_is_refused_although_the_fund_has_enough() -> None:
    fund = award("quillon", engineering=400_000)
    refusal = refused(voted(fund), fund.lines.get(name="Engineering"))
    assert (refusal.rule, "The line “Engineering” of Alder 24-117 has $4,000.00 left." in refusal.message) == ("line", True)


@pytest.mark.parametrize(
    ("field", "days", "rule"), [("starts_on", 1, "period"), ("ends_on", -1, "period"), ("closeout_on", -1, "closeout")]
)
def test_outside_its_period_the_fund_bears_nothing(field: str, days: int, rule: str) -> None:
    fund = award("quillon")
    Fund.objects.filter(pk=fund.pk).update(**{field: clock.today() + days * DAY})
    assert refused(voted(fund), fund.lines.get(name="Engineering")).rule == rule


def test_what_the_award_may_not_bear_another_fund_does() -> None:
    fund, common = award("harrow"), builders.general_fund(money=459_000)
    made = determine(voted(fund, common))
    assert [share.fund.slug for share in made.shares.all()] == ["common"]


def test_what_is_missing_beside_the_award_is_missing_money_and_no_rule() -> None:
    refusal = refused(voted(award("harrow", money=1_000), builders.general_fund(money=1_000)))
    assert refusal.rule == "funds-short"
    assert "Common fund has $10.00 available. Alder 24-117 is for work on Harrow only" in refusal.message


def test_the_money_whose_period_ends_first_goes_first() -> None:
    fund, common = award("quillon", money=200_000), builders.general_fund(money=459_000)
    sooner = funds.open_fund(slug="award-2", name="Birch 7", kind=Fund.Kind.RESTRICTED, purpose="Parsers", currency="USD")
    Fund.objects.filter(pk=sooner.pk).update(ends_on=clock.today() + 30 * DAY)
    builders.put_money(sooner, 100_000)
    made = determine(voted(fund, common, sooner), fund.lines.get(name="Engineering"))
    assert [(share.fund.slug, share.amount) for share in made.shares.all()] == [
        ("award-2", 100_000),
        ("award-1", 200_000),
        ("common", 159_000),
    ]


def test_before_anybody_chose_the_page_shows_what_the_best_line_could_bear() -> None:
    fund = award("quillon")
    sitting = voted(fund)
    assert planning.plan(sitting.proposal).missing.amount == 0
    client = builders.browser(sitting.chair)
    address = f"/committee/{sitting.proposal.ref}/determine/"
    page = client.get(address).content.decode()
    assert "Budget line of Alder 24-117" in page
    assert "Engineering: $4,590.00 left" in page
    line = fund.lines.get(name="Engineering")
    seen = counting.sheet(sitting.panel, also_recused=services.excluded_now(sitting.panel)).mark
    typed = {"reasons": "Needed.", "seen": seen, f"line_{fund.pk}": ""}
    without = client.post(address, typed)
    assert (without.status_code, "no line of it was named" in without.content.decode()) == (422, True)
    assert client.post(address, {**typed, f"line_{fund.pk}": str(line.pk)}).status_code == 302
    assert restrictions.left(line).amount == 0


def test_a_page_about_another_project_says_why_the_money_may_not_be_used() -> None:
    sitting = voted(award("quillon"), project="tern")
    page = builders.browser(sitting.chair).get(f"/committee/{sitting.proposal.ref}/determine/").content.decode()
    assert "Alder 24-117 is for work on Quillon only, and this is work on Tern." in page
    assert "Budget line of" not in page


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_never_promise_the_same_line() -> None:
    """The fund has money for both; its line, for one."""
    fund = award("quillon", money=918_000)
    first = voted(fund)
    line = fund.lines.get(name="Engineering")
    second = sit(builders.submitted(first.call, first.project, builders.user("Mateus Pinto")))
    second.clear()
    second.review(*second.members[:2])
    second.vote("fffff")
    gate, outcomes = Barrier(2), []

    def run(sitting: builders.Sitting) -> None:
        try:
            gate.wait(10)
            outcomes.append(determine(sitting, line).outcome)
        except Refused as refusal:
            outcomes.append(refusal.rule)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[sitting]) for sitting in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["funded", "line"]
    assert restrictions.left(line).amount == 0
