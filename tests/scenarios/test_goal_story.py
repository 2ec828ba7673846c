"""A goal's story: 2,500.00 pounds are the least, 142 pledges promise 17,926.00, and the money buys 35 days of approved work.

The committee approves 35 days at 450.00 and no fund can pay them. A goal is raised for that Need: all or nothing, 2,500.00 at
least. 18 companies on the high levels pledge 9,500.00 of the 17,926.00, 124 people the rest. At the deadline six cards are
refused: one is put right with another card, one is paid in person, one is charged on the second try; three pledges, 200.00,
are dropped after seven days. 16,284.01 reach the fund and pay for all 35 days; 534.01 are left and wait for more work.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command

from funding import clock
from funding.funds import services as funds
from funding.funds.models import Need, Project
from funding.ledger import services as ledger
from funding.ledger.models import Transfer
from funding.mail.models import Message
from funding.money import Money
from funding.payments.services import customer_for
from funding.people import roles
from funding.people.models import User
from funding.people.roles import Role
from funding.site.reports import month
from grants.committee.models import Determination, Funding
from grants.committee.tasks import sweep_needs
from grants.engagements.models import Engagement
from grants.payouts import services as payouts
from grants.payouts.executing import execute_due
from grants.payouts.models import Payout
from grants.timesheets import services as timesheets
from grants.timesheets.models import WorkEntry
from sponsors.billing import services as billing
from sponsors.goals import selectors
from sponsors.goals.models import Goal, Pledge
from sponsors.invoices.models import Invoice, Payment
from tests.funding import builders as people
from tests.funding.payments.standin import ASKS_ALWAYS, FAILS_LATER, VISA, StandIn
from tests.grants import builders as work
from tests.grants.payouts.builders import onboarded
from tests.scenarios import books
from tests.sponsors.goals import builders

# 142 pledges through the card page and back take a minute.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

JANUARY = dt.datetime(2026, 1, 12, 9, tzinfo=dt.UTC)
DEADLINE = dt.datetime(2026, 1, 31, 18, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
PAYDAY = dt.datetime(2026, 4, 1, 9, tzinfo=dt.UTC)
RATE = Money(450_00, "GBP")
HALF_DAYS = 70
COMPANIES = [1000] * 4 + [500] * 8 + [250] * 6
PERSONS = [100] * 40 + [50] * 50 + [58] * 33 + [12]
OTHER_CARD, IN_PERSON, SECOND_TRY, NEVER = 60, 61, 62, (20, 70, 71)
"""Which persons' cards are refused, and what becomes of them."""
VISITOR = AnonymousUser()


def gbp(text: str) -> Money:
    return Money.parse(text, "GBP")


def test_a_goals_story(stripe_stand_in: StandIn) -> None:
    with clock.at(JANUARY):
        project = the_project()
        wren, need = approved_without_money(project)
        goal = published(project, need)
        assert len(COMPANIES) + len(PERSONS) == 142
        pledges = [company(stripe_stand_in, goal, number) for number in range(len(COMPANIES))]
        pledges += [person(stripe_stand_in, goal, number) for number in range(len(PERSONS))]
        (it,) = selectors.figures([goal])
        assert (it.promised.count, it.promised.sum, sum(COMPANIES)) == (142, gbp("17926.00"), 9500)

    with clock.at(DEADLINE):
        call_command("collect_goals")
        goal.refresh_from_db()
        assert goal.state == Goal.State.COLLECTING
        assert Counter(row.state for row in Payment.objects.all()) == {"booked": 136, "failed": 6}
        assert Message.objects.filter(kind="pledge_refused").count() == 6

    with clock.at(DEADLINE + DAY):
        put_right(stripe_stand_in, pledges[len(COMPANIES) + OTHER_CARD], pledges[len(COMPANIES) + IN_PERSON])
    with clock.at(DEADLINE + 2 * DAY):
        call_command("collect_goals")
        assert Pledge.objects.filter(state=Pledge.State.OWED).count() == len(NEVER)
    with clock.at(DEADLINE + 7 * DAY):
        call_command("collect_goals")
        goal.refresh_from_db()
        (it,) = selectors.figures([goal])
        assert (goal.state, it.collected.count, it.dropped.count) == (Goal.State.MET, 139, 3)
        assert (it.promised.sum, it.collected.sum, it.dropped.sum) == (gbp("17926.00"), gbp("17726.00"), gbp("200.00"))
        sweep_needs()
        funded(need, goal)

    last = days_worked_and_paid(stripe_stand_in, project, wren)
    print(books.journal())
    followed_to_the_pledgers(project, goal, last)
    assert "The books hold" in books.verified()


def the_project() -> Project:
    people.host(currency="GBP")
    admin = people.holder(Role.ADMIN)
    made = funds.create_project(actor=admin, slug="kestrel", name="Kestrel", summary="Serves pages.", target_half_days=40, rate=RATE)
    return funds.set_project_state(actor=admin, project=made, state=Project.State.OPEN)


def approved_without_money(project: Project) -> tuple[User, Need]:
    """35 days, approved while the project's fund is empty."""
    _, members = work.committee()
    call = work.call([funds.project_fund(project)])
    call.currency, call.max_half_days = "GBP", 100
    call.save()
    wren = people.user("Wren Okafor")
    work.rate(wren, RATE)
    sitting = work.sit(work.submitted(call, project, wren, half_days=HALF_DAYS))
    sitting.clear()
    sitting.review(*members[:2])
    sitting.vote("fffaa")
    made = sitting.determine(wait=True)
    need = Need.objects.get()
    assert (made.outcome, need.price) == (Determination.Outcome.APPROVED, gbp("15750.00"))
    return wren, need


def published(project: Project, need: Need) -> Goal:
    lead = people.holder(Role.MAINTAINER, project.subject)
    fields = {"title": "Streaming responses", "half_days": HALF_DAYS, "rate": RATE, "minimum": gbp("2500.00"), "deadline": DEADLINE}
    return builders.goal(project, slug="streaming", actor=lead, need=need, **fields)


def company(stand_in: StandIn, goal: Goal, number: int) -> Pledge:
    who = {"kind": "organisation", "name": f"Company {number:02}", "country": "GB", "email": f"company{number}@example.org"}
    return builders.pledge(stand_in, goal, COMPANIES[number] * 100, **who)


def person(stand_in: StandIn, goal: Goal, number: int) -> Pledge:
    """Every tenth stays unnamed."""
    naming = "unnamed" if number % 10 == 0 else "public"
    who = {"name": f"Person {number:03}", "email": f"person{number}@example.org", "naming": naming}
    made = builders.started(goal, PERSONS[number] * 100, **who)
    card = ASKS_ALWAYS if number == IN_PERSON else FAILS_LATER if number in (OTHER_CARD, *NEVER) else VISA
    page = builders.page(made)
    stand_in.press(page, "pay", card)
    if card == ASKS_ALWAYS:
        stand_in.press(page, "confirm", card)
    made = builders.settled(made)
    assert made.state == Pledge.State.PLEDGED
    if number == SECOND_TRY:
        stand_in.switch(customer_for(party=made.sponsorship.party), "insufficient_funds")
    return made


def put_right(stand_in: StandIn, other_card: Pledge, in_person: Pledge) -> None:
    stand_in.press(billing.change_card(actor=VISITOR, sponsorship=builders.fresh(other_card).sponsorship), "pay", VISA)
    assert builders.settled(other_card).state == Pledge.State.COLLECTED
    stand_in.press(billing.pay(actor=VISITOR, sponsorship=builders.fresh(in_person).sponsorship), "pay", VISA)
    billing.settle(payment_id=builders.payments(in_person)[-1].pk)
    assert builders.fresh(in_person).state == Pledge.State.COLLECTED


def funded(need: Need, goal: Goal) -> None:
    """The approved work has its money; what is more than that waits for work."""
    need.refresh_from_db()
    made = Funding.objects.get()
    net = sum(row.net or 0 for row in Payment.objects.filter(state=Payment.State.BOOKED))
    assert (need.state, need.fund, made.half_days) == (Need.State.MET, goal.fund, HALF_DAYS)
    assert (made.available, net, made.residue) == (net, 16_284_01, gbp("534.01"))
    assert Need.objects.get(about="goal:streaming").state == Need.State.FUNDED
    assert Invoice.objects.filter(state=Invoice.State.VOID).count() == 3


def days_worked_and_paid(stand_in: StandIn, project: Project, wren: User) -> dt.datetime:
    """All 35 days, logged week by week, approved by the lead, and paid in one run. Returns when."""
    engagement = Engagement.objects.get()
    (lead,) = roles.holders(Role.MAINTAINER, project.subject, on=PAYDAY.date())
    monday = dt.date(2026, 2, 9)
    for week in range(7):
        dates = [monday + dt.timedelta(days=7 * week + day) for day in range(5)]
        with clock.at(dt.datetime.combine(dates[-1], dt.time(17), dt.UTC)):
            cells = [(date, slot) for date in dates for slot in WorkEntry.Slot.values]
            entries = timesheets.log(actor=wren, engagement=engagement, cells=cells, note=f"Week {week + 1} of the stream reader")
            timesheets.approve(actor=lead, engagement=engagement, entries=[entry.pk for entry in entries])
    with clock.at(PAYDAY):
        maker, checker = people.holder("treasurer", name="Tove Maker"), people.holder("treasurer", name="Tim Checker")
        onboarded(engagement.payee, wren, stand_in)
        batch = payouts.prepare(actor=maker, currency="GBP", up_to=clock.today())
        payouts.release(actor=checker, run=batch, control_total=batch.control_total, withheld=0)
        execute_due()
        payout = Payout.objects.get(run=batch)
        assert (payout.state, payout.money) == (Payout.State.CONFIRMED, gbp("15750.00"))
    return PAYDAY


def followed_to_the_pledgers(project: Project, goal: Goal, paid_at: dt.datetime) -> None:
    """Every half day names whose pledges paid it, the oldest first and to the penny; nobody unnamed is named."""
    months = [month.of(project, dt.date(2026, number, 1), VISITOR) for number in (1, 2, 3)]
    worked = [item for it in months for item in it.work]
    assert len(worked) == HALF_DAYS
    assert all(sum(payer.amount.amount for payer in item.payers) == 225_00 for item in worked)
    names = {payer.label.text for item in worked for payer in item.payers}
    assert {"Company 00", "Person 001", "Unnamed sponsor"} <= names and "Person 000" not in names
    assert worked[0].payers[0].label.text == "Company 00"
    reached = Transfer.objects.filter(kind="allocation", credit_account__code="fund:goal-streaming:GBP")
    assert sum(row.amount for row in reached) == ledger.account("fund:goal-streaming:GBP").credits
    by_source = [row for it in months for row in it.by_source if row.fund == goal.fund]
    assert sum(row.came_in.amount for row in by_source) == 16_284_01
