"""Approved work without money waits, visibly, and begins when a fund is offered: days as far as the money goes, once."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from funding.errors import Conflict, DaybookError, Invalid, Refused
from funding.funds import needs, restrictions
from funding.funds import services as funds
from funding.funds.models import Fund, Need
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Reservation
from funding.mail.models import Message
from funding.money import Money
from funding.people.models import RoleGrant
from funding.web.models import Trouble
from grants.committee import services, tasks
from grants.committee.models import Determination, Ending, Funding
from grants.engagements.models import Engagement
from grants.proposals import services as proposals
from grants.proposals.models import Proposal
from tests.funding.builders import user
from tests.grants import builders

pytestmark = pytest.mark.django_db
HALF = 22950


def approved(*, money: int = 0) -> builders.Sitting:
    """Ten days for 4,590.00, approved while the call's fund holds `money`."""
    sitting = builders.ready(money=money)
    sitting.determine(wait=True)
    return sitting


def raised(money: int = 0, slug: str = "goal-builds") -> Fund:
    fund = funds.open_fund(slug=slug, name=slug.title(), kind=Fund.Kind.RESTRICTED, purpose="Builds", currency="USD")
    if money:
        builders.put_money(fund, money)
    return fund


def raised_for(sitting: builders.Sitting, money: int) -> Fund:
    """Money for the project that waits for work."""
    fund = funds.open_fund(
        slug="goal-spring", name="Spring", kind=Fund.Kind.RESTRICTED, purpose="Work", currency="USD", project=sitting.project
    )
    builders.put_money(fund, money)
    needs.have(about="goal:spring", project=sitting.project, fund=fund, rate=builders.RATE)
    return fund


def state() -> str:
    return Proposal.objects.get().state


def test_short_of_money_it_may_be_published_as_approved_and_waits() -> None:
    sitting = builders.ready(money=400_000)
    made = sitting.determine(wait=True)
    assert (made.outcome, made.money, made.half_days, made.shares.count()) == ("approved", Money(459000, "USD"), 20, 0)
    need = Need.objects.get()
    assert (need.about, need.state, need.price, need.project) == (sitting.proposal.subject, "wanted", made.money, sitting.project)
    assert state() == "approved"
    assert not Engagement.objects.exists() and not Reservation.objects.exists()
    mail = Message.objects.get(kind="decision_published")
    assert "approved, waiting for money" in mail.subject
    assert "Nothing is reserved yet" in mail.body


def test_where_the_money_is_there_it_is_funded_and_nothing_waits() -> None:
    assert builders.ready().determine(wait=True).outcome == "funded"
    assert not Need.objects.exists()


def test_votes_that_do_not_carry_wait_for_nothing() -> None:
    assert builders.ready("ffaaa", money=0).determine(wait=True).outcome == "declined"
    assert not Need.objects.exists()


def test_what_takes_two_to_fund_takes_two_to_approve() -> None:
    sitting = builders.ready("fooaa", money=0)
    sitting.vote("oo", *sitting.members[3:])
    with pytest.raises(Refused) as refused:
        sitting.determine(wait=True)
    assert refused.value.rule == "sole"


def test_money_that_is_found_is_reserved_and_the_work_begins() -> None:
    sitting = approved()
    fund = raised(500_000)
    needs.offer(need=Need.objects.get(), fund=fund)
    made = services.fund(need_id=Need.objects.get().pk)
    assert made is not None
    assert (made.half_days, made.available, made.share.amount, made.residue) == (20, 500_000, 459_000, Money(41_000, "USD"))
    engagement = Engagement.objects.get()
    assert (engagement.cap_half_days, engagement.cap, engagement.worker) == (20, Money(459000, "USD"), sitting.applicant)
    assert [source.fund for source in engagement.funds.all()] == [fund]
    assert (state(), Need.objects.get().state, builders.available(fund)) == ("funded", "met", 41_000)
    assert Determination.objects.get().outcome == "approved"
    mail = Message.objects.get(kind="money_found")
    assert mail.to == sitting.applicant.email
    assert "$410.00" in mail.body
    assert [problem for result in checks.run() for problem in result.problems] == []


def test_a_fund_with_less_begins_fewer_days_and_says_what_is_left_over() -> None:
    approved()
    needs.offer(need=Need.objects.get(), fund=raised(3 * HALF + 22_949))
    made = services.fund(need_id=Need.objects.get().pk)
    assert made is not None
    assert (made.half_days, made.share.amount, made.residue) == (3, 3 * HALF, Money(22_949, "USD"))
    assert Engagement.objects.get().cap_half_days == 3


def test_a_budget_line_gives_no_more_than_it_has_left() -> None:
    approved()
    fund = raised(900_000, "award-one")
    line = fund.lines.create(name="Developers", amount=5 * HALF + 7, position=1)
    needs.offer(need=Need.objects.get(), fund=fund, line=line)
    made = services.fund(need_id=Need.objects.get().pk)
    assert made is not None
    assert (made.half_days, made.available, restrictions.left(line)) == (5, 5 * HALF + 7, Money(7, "USD"))


def test_a_fund_that_was_closed_since_pays_nothing_and_it_waits_on() -> None:
    approved()
    fund = raised(900_000)
    needs.offer(need=Need.objects.get(), fund=fund)
    Fund.objects.filter(pk=fund.pk).update(closeout_on="2020-01-01", ends_on="2020-01-01")
    with pytest.raises(Refused) as refused:
        services.fund(need_id=Need.objects.get().pk)
    assert refused.value.rule == "period"
    assert (Need.objects.get().state, Reservation.objects.count()) == ("wanted", 0)


def test_less_than_half_a_day_stays_waiting_until_all_of_it_is_there_and_no_trickle_begins_it() -> None:
    approved()
    fund = raised(HALF - 1)
    needs.offer(need=Need.objects.get(), fund=fund)
    assert services.fund(need_id=Need.objects.get().pk) is None
    builders.put_money(fund, 1)
    assert tasks.sweep_needs() == 0
    assert (Need.objects.get().state, state(), Reservation.objects.count()) == ("wanted", "approved", 0)
    builders.put_money(fund, 19 * HALF)
    assert tasks.sweep_needs() == 1
    assert Engagement.objects.get().cap_half_days == 20
    assert tasks.sweep_needs() == 0


def test_fewer_days_than_the_fund_bought_when_it_was_named_never_begin() -> None:
    """What was read is what begins: another use that was quicker makes it wait, and the rest of the approval is not lost."""
    approved()
    fund = raised(12 * HALF)
    needs.offer(need=Need.objects.get(), fund=fund)
    ledger.reserve(account=fund.account, amount=11 * HALF, holder=("other", 1), key="quicker", at=Need.objects.get().opened_at)
    assert services.fund(need_id=Need.objects.get().pk) is None
    assert Need.objects.get().state == "wanted"
    builders.put_money(fund, 12 * HALF)
    made = services.fund(need_id=Need.objects.get().pk)
    assert made is not None
    assert made.half_days == 13


def test_the_same_news_twice_begins_the_work_once() -> None:
    approved()
    needs.offer(need=Need.objects.get(), fund=raised(900_000))
    first = services.fund(need_id=Need.objects.get().pk)
    assert first is not None
    assert services.fund(need_id=Need.objects.get().pk) == first
    assert (Funding.objects.count(), Reservation.objects.count(), Engagement.objects.count()) == (1, 1, 1)


def test_a_need_that_nobody_offered_to_is_left_alone() -> None:
    approved()
    assert services.fund(need_id=Need.objects.get().pk) is None


def test_where_nobody_independent_could_approve_the_days_it_waits_and_is_noted() -> None:
    approved()
    RoleGrant.objects.filter(role__in=["admin", "maintainer"]).delete()
    needs.offer(need=Need.objects.get(), fund=raised(900_000))
    assert tasks.sweep_needs() == 0
    assert "nobody independent" in Trouble.objects.get().error
    assert (Need.objects.get().state, state(), Reservation.objects.count()) == ("wanted", "approved", 0)


def test_whoever_asked_may_withdraw_while_it_waits_and_the_need_goes() -> None:
    sitting = approved()
    proposals.withdraw(actor=sitting.applicant, proposal=sitting.proposal)
    assert (Need.objects.get().state, state()) == ("dropped", "withdrawn")
    assert builders.browser().get(f"/decisions/{sitting.proposal.ref}/").status_code == 200
    with pytest.raises(DaybookError):
        needs.offer(need=Need.objects.get(), fund=raised(900_000))


def test_the_chair_or_an_administrator_ends_the_wait_with_a_reason() -> None:
    sitting = approved()
    item = Determination.objects.get()
    for person in (sitting.members[1], sitting.applicant, user()):
        with pytest.raises(Refused):
            services.end_waiting(actor=person, determination=item, reason="The project ended.")
    with pytest.raises(Invalid, match="Say why"):
        services.end_waiting(actor=sitting.chair, determination=item, reason=" ")
    at = f"/decisions/{sitting.proposal.ref}/"
    assert "End the wait for money" in builders.browser(sitting.chair).get(at).content.decode()
    assert "End the wait for money" not in builders.browser(sitting.members[1]).get(at).content.decode()
    assert builders.browser(sitting.chair).post(f"{at}end/", {"reason": "The project ended."}).status_code == 302
    assert (Need.objects.get().state, state(), Ending.objects.get().ended_by) == ("dropped", "withdrawn", sitting.chair)
    page = builders.browser().get(at).content.decode()
    assert "Approved, then ended" in page and "Reason: The project ended." in page
    mail = Message.objects.get(kind="waiting_ended", to=sitting.applicant.email)
    assert "The project ended." in mail.body
    admin = builders.admin()
    assert builders.browser(admin).post(f"{at}end/", {"reason": "Once more"}).status_code == 409
    with pytest.raises(Conflict, match="does not wait"):
        services.end_waiting(actor=admin, determination=item, reason="Once more")
    with pytest.raises(DatabaseError), transaction.atomic():
        Ending.objects.update(reason="Another")


def test_money_that_waits_for_work_is_spent_first_and_is_met_when_it_is_used_up() -> None:
    sitting = builders.ready(money=459_000)
    raised_for(sitting, 8 * HALF + 5)
    made = sitting.determine()
    assert [(share.fund.slug, share.amount) for share in made.shares.all()] == [("goal-spring", 8 * HALF + 5), ("quillon", 12 * HALF - 5)]
    assert Need.objects.get().state == "met"


def test_money_that_waits_for_work_goes_on_waiting_while_it_buys_half_a_day() -> None:
    sitting = builders.ready(money=0)
    raised_for(sitting, 21 * HALF)
    sitting.determine()
    assert (Need.objects.get().state, needs.affordable(needs.lock(Need.objects.get()))) == ("funded", 1)


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_later_row_is_written_once_too(statement: str) -> None:
    approved()
    needs.offer(need=Need.objects.get(), fund=raised(900_000))
    services.fund(need_id=Need.objects.get().pk)
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("committee_funding"))
    assert "permission denied" in str(refusal.value) or "written once" in str(refusal.value) or "must be owner" in str(refusal.value)


def test_whatever_was_raised_days_and_residue_add_up() -> None:
    approved()
    days_and_residue_add_up()


@given(money=st.integers(1, 30 * HALF), spent=st.integers(0, 30 * HALF))
@settings(max_examples=25, deadline=None)
def days_and_residue_add_up(money: int, spent: int) -> None:
    with transaction.atomic():
        fund = raised(money)
        if 0 < spent <= money:
            ledger.reserve(account=fund.account, amount=spent, holder=("other", 1), key="other", at=Need.objects.get().opened_at)
        there = builders.available(fund)
        needs.offer(need=Need.objects.get(), fund=fund)
        made = services.fund(need_id=Need.objects.get().pk)
        if made is None:
            assert there < HALF
        else:
            assert made.half_days == min(20, there // HALF)
            assert made.share.amount + made.residue.amount == made.available == there
            assert made.half_days == 20 or made.residue.amount < HALF
        transaction.set_rollback(True)


def test_the_books_are_checked_for_what_was_found_and_what_waits() -> None:
    sitting = approved()
    wrong = funds.project_fund(sitting.project)
    builders.put_money(wrong, 100_000)
    assert problems() == []
    held = ledger.reserve(account=wrong.account, amount=4 * HALF, holder=("proposal", 1), key="wrong", at=sitting.panel.opened_at)
    determination = Determination.objects.get()
    share = determination.shares.create(fund=wrong, reservation=held, amount=4 * HALF, position=0)
    Funding.objects.create(determination=determination, share=share, half_days=3, available=100_000, funded_at=sitting.panel.opened_at)
    found = " ".join(problems())
    assert "was granted 1.5 days, and its fund had money for 2.0" in found
    assert "is not the price of its days" in found
    assert "its need is not met" in found
    assert "on one side only" in found


def problems() -> list[str]:
    return [problem for result in checks.run("I7") for problem in result.problems]


def test_treasurers_and_maintainers_are_told_that_money_is_wanted() -> None:
    sitting = builders.ready(money=0)
    builders.give(lead := builders.user("Lead Person"), "maintainer", sitting.project.subject)
    builders.give(treasurer := builders.user("Tora Maker"), "treasurer")
    sitting.determine(wait=True)
    mails = Message.objects.filter(kind="money_wanted")
    assert {mail.to for mail in mails} == {lead.email, treasurer.email}
    assert all("$4,590.00" in mail.body for mail in mails)


def test_the_page_of_the_decision_says_what_waits_what_was_found_and_what_is_left_over() -> None:
    sitting = approved()
    page = f"/decisions/{sitting.proposal.ref}/"

    def read(address: str = page) -> str:
        return " ".join(builders.browser().get(address).content.decode().split())

    assert "Approved: 10 days at $459.00 a day = $4,590.00. Nothing was reserved at the decision." in read()
    assert "It waits. Nothing is reserved, and no work has begun." in read()
    fund = raised(100)
    needs.offer(need=Need.objects.get(), fund=fund)
    assert "Goal-Builds was named for it and has $1.00 available; the work begins once that buys 10 days." in read()
    builders.put_money(fund, 100_000)
    needs.offer(need=Need.objects.get(), fund=fund, at_least=4)
    services.fund(need_id=Need.objects.get().pk)
    assert "$1,001.00 ÷ $459.00 a day buys 2 of 10 days, in whole half days: $918.00 reserved." in read()
    assert "$83.00 was left over and stays in Goal-Builds." in read()
    assert "Approved, funded later" in read("/decisions/")
    assert builders.browser().get(f"/proposals/{sitting.proposal.ref}/").status_code == 200


def test_whoever_decides_is_asked_whether_it_may_wait_only_where_the_funds_are_short() -> None:
    sitting = builders.ready(money=0)
    chair, page = builders.browser(sitting.chair), f"/committee/{sitting.proposal.ref}/determine/"
    answer = chair.get(page)
    assert b"Publish it as approved, waiting for money" in answer.content
    seen = answer.context["form"]["seen"].value()
    refused = chair.post(page, {"reasons": "It is needed.", "seen": seen})
    assert (refused.status_code, state()) == (422, "submitted")
    assert b'type="checkbox"' in refused.content
    assert chair.post(page, {"reasons": "It is needed.", "seen": seen, "wait": "on"}).status_code == 302
    assert (state(), Need.objects.get().state) == ("approved", "wanted")


def test_nobody_is_asked_where_the_money_is_there() -> None:
    sitting = builders.ready()
    page = builders.browser(sitting.chair).get(f"/committee/{sitting.proposal.ref}/determine/")
    assert b'type="checkbox"' not in page.content
