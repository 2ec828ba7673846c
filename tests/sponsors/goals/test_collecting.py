"""What follows from a decision, against the real stand-in: charged, reminded, dropped, let go, finished."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.funds.models import Need
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.mail.models import Message
from sponsors.billing import services as billing
from sponsors.goals import services as goals
from sponsors.goals.models import Goal, Pledge
from sponsors.goals.services import collecting
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship
from tests.funding import builders as people
from tests.funding.payments.standin import ASKS_ALWAYS, DECLINED, FAILS_LATER, VISA, StandIn
from tests.sponsors import builders as sponsors
from tests.sponsors.goals import builders
from tests.sponsors.goals.builders import DAY, DEADLINE, OPENED

pytestmark = pytest.mark.django_db
State = Pledge.State


def mails(kind: str) -> int:
    return Message.objects.filter(kind=kind).count()


def test_a_goal_that_is_reached_charges_each_card_once_and_fills_its_fund(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        made = [builders.pledge(stripe_stand_in, goal, email=f"p{number}@example.org") for number in range(3)]
    with clock.at(DEADLINE):
        with CaptureQueriesContext(connection) as queries:
            run = goals.collect_goals()
        again = goals.collect_goals()
    assert sum("ledger_post" in query["sql"] for query in queries) == 1, "three payments, one call to the books"
    assert str(run) == (
        "Goals: 1 reached, 0 not met, 1 finished. Pledges: 3 collected (USD 300.00), 0 still owed, 0 dropped, 0 released. Errors 0."
    )
    assert (again.reached, again.met, again.pledges.total()) == (0, 0, 0)
    assert [builders.fresh(row).state for row in made] == [State.COLLECTED] * 3
    goal.refresh_from_db()
    assert (goal.state, goal.finished_at) == (Goal.State.MET, DEADLINE)
    account = ledger.account("fund:goal-rtl:USD")
    assert account.credits == 3 * 9_180
    entry = Entry.objects.get(reference=builders.payments(made[0])[0].ref)
    assert sponsors.entry_lines(entry) == [
        ("contribution", "cash:stripe:USD", "clearing:USD", 10_000),
        ("processor_fee", "clearing:USD", "cash:stripe:USD", 320),
        ("host_fee", "clearing:USD", "fund:host-usd:USD", 500),
        ("allocation", "clearing:USD", "fund:goal-rtl:USD", 9_180),
    ]
    need = Need.objects.get()
    assert (need.about, need.state, need.fund) == ("goal:rtl", Need.State.FUNDED, goal.fund)
    assert (mails("receipt"), mails("goal_decided"), mails("goal_finished")) == (3, 1, 1)
    assert Invoice.objects.count() == Payment.objects.count() == 3


def test_a_goal_that_is_not_reached_charges_nobody_and_says_so(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        made = builders.pledge(stripe_stand_in, goal, 29_999)
    with clock.at(DEADLINE):
        run = goals.collect_goals()
        goals.collect_goals()
    assert "1 not met" in str(run) and "1 released (USD 299.99)" in str(run)
    made = builders.fresh(made)
    assert (made.state, made.sponsorship.state, made.sponsorship.payment_method) == (State.RELEASED, Sponsorship.State.ENDED, "")
    assert (Invoice.objects.count(), mails("pledge_released"), builders.state(goal)) == (0, 1, Goal.State.FAILED)
    assert not Entry.objects.exists() and not Need.objects.exists()


def test_keep_it_charges_whatever_was_pledged(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal(rule=Goal.Rule.KEEP)
        builders.pledge(stripe_stand_in, goal, 5_000)
        empty = builders.goal(goal.project, slug="empty", rule=Goal.Rule.KEEP)
    with clock.at(DEADLINE):
        goals.collect_goals()
    assert (builders.state(goal), builders.state(empty)) == (Goal.State.MET, Goal.State.FAILED)


def test_a_refused_card_is_told_tried_again_on_its_days_and_dropped_after_seven(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        builders.pledge(stripe_stand_in, goal, 30_000)
        bad = builders.pledge(stripe_stand_in, goal, email="bo@example.org", card=FAILS_LATER)
    told = {}
    for day in range(9):
        for hours in (0, 6):
            with clock.at(DEADLINE + day * DAY + hours * DAY / 24):
                goals.collect_goals()
        told[day] = (len(builders.payments(bad)), mails("pledge_refused"), builders.fresh(bad).state)
    assert told == {
        0: (1, 1, "owed"), 1: (1, 1, "owed"), 2: (2, 2, "owed"), 3: (2, 2, "owed"), 4: (3, 3, "owed"),
        5: (3, 3, "owed"), 6: (4, 4, "owed"), 7: (4, 4, "dropped"), 8: (4, 4, "dropped"),
    }  # fmt: skip
    assert Invoice.objects.get(sponsorship=bad.sponsorship).state == Invoice.State.VOID
    assert mails("pledge_dropped") == 1
    goal.refresh_from_db()
    assert (goal.state, goal.finished_at) == (Goal.State.MET, DEADLINE + 7 * DAY)
    assert ledger.account("fund:goal-rtl:USD").credits == 30_000 - 900 - 1_500


def test_a_bank_that_wants_the_owner_is_not_asked_again_without_them(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        asks = builders.started(goal, 30_000)
        address = builders.page(asks)
        stripe_stand_in.press(address, "pay", ASKS_ALWAYS)
        stripe_stand_in.press(address, "confirm", ASKS_ALWAYS)
        builders.settled(asks)
    with clock.at(DEADLINE):
        goals.collect_goals()
    with clock.at(DEADLINE + 2 * DAY):
        goals.collect_goals()
        assert [row.failure_code for row in builders.payments(asks)] == ["authentication_required"]
        assert mails("pledge_refused") == 2
        text = Message.objects.filter(kind="pledge_refused").latest("pk").body
        assert "Your bank wants you to confirm" in text and "/giving/pay/" in text
        page = billing.pay(actor=people.user(), sponsorship=Sponsorship.objects.get(pk=asks.sponsorship_id))
        stripe_stand_in.press(page, "pay", VISA)
        billing.settle(payment_id=builders.payments(asks)[-1].pk)
        goals.collect_goals()
    assert (builders.fresh(asks).state, builders.state(goal)) == (State.COLLECTED, Goal.State.MET)


def test_a_new_card_in_the_grace_is_charged_at_once(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        bad = builders.pledge(stripe_stand_in, goal, 30_000, card=FAILS_LATER)
    with clock.at(DEADLINE):
        goals.collect_goals()
        assert builders.state(goal) == Goal.State.COLLECTING
    with clock.at(DEADLINE + DAY):
        sponsorship = Sponsorship.objects.get(pk=bad.sponsorship_id)
        stripe_stand_in.press(billing.change_card(actor=people.user(), sponsorship=sponsorship), "pay", VISA)
        bad = builders.settled(bad)
        assert bad.state == State.COLLECTED
        goals.collect_goals()
    assert [row.state for row in builders.payments(bad)] == [Payment.State.FAILED, Payment.State.BOOKED]
    assert (mails("pledge_card"), mails("card_changed"), builders.state(goal)) == (1, 0, Goal.State.MET)


def test_whoever_paid_on_the_card_page_before_the_end_of_the_grace_is_not_dropped(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        bad = builders.pledge(stripe_stand_in, goal, 30_000, card=FAILS_LATER)
    with clock.at(DEADLINE):
        goals.collect_goals()
        page = billing.pay(actor=people.user(), sponsorship=Sponsorship.objects.get(pk=bad.sponsorship_id))
    stripe_stand_in.press(page, "pay", VISA)
    with clock.at(DEADLINE + 7 * DAY):
        goals.collect_goals()
    assert (builders.fresh(bad).state, builders.state(goal)) == (State.COLLECTED, Goal.State.MET)


def test_an_open_card_page_does_not_keep_a_pledge_beyond_the_grace(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        bad = builders.pledge(stripe_stand_in, goal, 30_000, card=FAILS_LATER)
    with clock.at(DEADLINE):
        goals.collect_goals()
        page = billing.pay(actor=people.user(), sponsorship=Sponsorship.objects.get(pk=bad.sponsorship_id))
    with clock.at(DEADLINE + 7 * DAY):
        goals.collect_goals()
        billing.sweep()
        assert stripe_stand_in.press(page, "pay", VISA).status != 303
    assert builders.fresh(bad).state == State.DROPPED
    assert (builders.state(goal), Need.objects.count()) == (Goal.State.MET, 0)


def test_a_new_card_is_charged_although_a_page_to_pay_on_was_left_open(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        bad = builders.pledge(stripe_stand_in, goal, 40_000, card=FAILS_LATER)
    with clock.at(DEADLINE):
        goals.collect_goals()
        sponsorship = Sponsorship.objects.get(pk=bad.sponsorship_id)
        page = billing.pay(actor=people.user(), sponsorship=sponsorship)
        stripe_stand_in.press(billing.change_card(actor=people.user(), sponsorship=sponsorship), "pay", VISA)
        assert builders.settled(bad).state == State.OWED
        goals.collect_goals()
        assert stripe_stand_in.press(page, "pay", VISA).status != 303
    assert (builders.fresh(bad).state, builders.state(goal)) == (State.COLLECTED, Goal.State.MET)
    assert [row.state for row in builders.payments(bad)] == ["failed", "abandoned", "booked"]


def test_a_run_looks_only_at_pledges_for_which_something_is_due(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        builders.pledge(stripe_stand_in, goal, 40_000, card=FAILS_LATER)
    with clock.at(DEADLINE):
        goals.collect_goals()
        goal.refresh_from_db()
        assert not collecting.due(goal).exists()
    for day, found in ((1, 0), (2, 1)):
        with clock.at(DEADLINE + day * DAY):
            assert collecting.due(goal).count() == found


def test_money_that_arrives_after_an_empty_finish_waits_for_work_too(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        bad = builders.pledge(stripe_stand_in, goal, 40_000, card=FAILS_LATER)
    with clock.at(DEADLINE):
        goals.collect_goals()
        page = billing.pay(actor=people.user(), sponsorship=Sponsorship.objects.get(pk=bad.sponsorship_id))
    with clock.at(DEADLINE + 7 * DAY):
        # Nobody hears of the payment: the charge is there a moment after the page was looked at for the last time.
        for pledge in Pledge.objects.all():
            collecting.next_step(pledge_id=pledge.pk)
        goals.collect_goals()
        assert (builders.fresh(bad).state, builders.state(goal), Need.objects.count()) == (State.DROPPED, Goal.State.MET, 0)
        stripe_stand_in.press(page, "pay", VISA)
        billing.settle(payment_id=builders.payments(bad)[-1].pk)
        assert builders.fresh(bad).state == State.COLLECTED
        goals.collect_goals()
        goals.collect_goals()
    need = Need.objects.get()
    assert (need.about, need.fund) == ("goal:rtl", Goal.objects.get().fund)
    assert ledger.account("fund:goal-rtl:USD").credits == 40_000 - 1_190 - 2_000


def test_the_processor_away_leaves_the_goal_open_and_nothing_is_lost(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        made = builders.pledge(stripe_stand_in, goal, 30_000)
        late = builders.started(goal, 10_000, email="late@example.org")
        stripe_stand_in.press(builders.page(late), "pay")
    with clock.at(DEADLINE):
        stripe_stand_in.trouble("down", 0)
        assert goals.collect_goals().errors == 1
        assert builders.state(goal) == Goal.State.OPEN
        stripe_stand_in.clear()
        stripe_stand_in.trouble("down", 0, "payment_intents")
        goals.collect_goals()
        assert builders.fresh(made).state == State.OWED
        stripe_stand_in.clear()
        Payment.objects.update(next_look_at=OPENED)
        billing.sweep()
        goals.collect_goals()
    assert {builders.fresh(row).state for row in (made, late)} == {State.COLLECTED}
    assert (Payment.objects.count(), mails("pledge_refused"), builders.state(goal)) == (2, 0, Goal.State.MET)


def test_a_declined_card_saves_nothing(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        made = builders.started(goal)
        stripe_stand_in.press(builders.page(made), "pay", DECLINED)
        assert builders.settled(made).state == State.STARTED
    with clock.at(DEADLINE):
        goals.collect_goals()
    assert (builders.fresh(made).state, builders.state(goal)) == (State.LAPSED, Goal.State.FAILED)
