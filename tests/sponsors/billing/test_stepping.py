"""An unpaid renewal, day by day, against the real stand-in."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from funding import clock
from funding.mail.models import Message
from funding.payments import gateway
from funding.people.roles import Role
from sponsors.billing import services as billing
from sponsors.billing.services import Joined
from sponsors.dunning import services as dunning
from sponsors.dunning.models import Course, StepTaken
from sponsors.dunning.plan import DELIVERED, LAST, Step
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship
from sponsors.sponsorships.selectors import perk_counts, with_perks
from tests.funding import builders as people
from tests.funding.payments.standin import ASKS_ALWAYS, FAILS_LATER, StandIn
from tests.sponsors import builders
from tests.sponsors.builders import JOINED

pytestmark = pytest.mark.django_db
real_commits = pytest.mark.django_db(transaction=True)

State, Plan = Payment.State, Sponsorship.State
REFUSED = dt.date(2026, 2, 28)
"""The first renewal of somebody who joined on 31 January."""


def on(day: int) -> Any:
    """Noon, so many days after the refusal."""
    return clock.at(dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC) + dt.timedelta(days=day))


def unpaid(stand_in: StandIn, card: str = FAILS_LATER, **fields: Any) -> Joined:
    """A sponsor whose first renewal was refused."""
    with clock.at(JOINED):
        joined = builders.sign_up(**fields)
        page = billing.start_checkout(payment=joined.payment)
        stand_in.press(page, "pay", card)
        if card == ASKS_ALWAYS:
            stand_in.press(page, "confirm", card)
        builders.settled(joined)
    with on(0):
        billing.run_billing()
    return fresh(joined)


def fresh(joined: Joined) -> Joined:
    joined.sponsorship.refresh_from_db()
    return joined


def day_by_day(first: int, last: int) -> dict[int, str]:
    """Run the steps on each day; what each day with something to say printed."""
    said = {}
    for day in range(first, last + 1):
        with on(day):
            run = billing.run_dunning()
            again = billing.run_dunning()
            assert (again.steps, again.lapsed, again.past_due, again.failed) == (0, 0, 0, 0), "a second run finds nothing"
            if run.steps or run.lapsed or run.past_due:
                said[day] = str(run)
    return said


def tries(joined: Joined) -> list[dt.date]:
    return [payment.created_at.date() for payment in builders.payments_of(joined)[1:]]


def test_a_renewal_that_nobody_pays_meets_each_step_on_its_day(stripe_stand_in: StandIn) -> None:
    joined = unpaid(stripe_stand_in)
    sponsorship = joined.sponsorship
    assert (sponsorship.state, sponsorship.perks_through) == (Plan.GRACE, dt.date(2026, 3, 13))
    letter = Message.objects.get(kind="card_failed").body
    for words in (
        "go on through Fri 13 Mar 2026",
        "again on Tue 3 Mar 2026",
        "lapses on Sat 21 Mar 2026",
        "/giving/card/",
        "/giving/stop/",
    ):
        assert words in letter

    said = day_by_day(0, 40)

    assert sorted(said) == [3, 7, 14, 21]
    assert said[3].startswith("Steps taken 1: 1 cards tried again, 0 paid, 0 waiting")
    assert "Past due 1." in said[14] and "Lapsed 1." in said[21]
    assert tries(joined) == [REFUSED + dt.timedelta(days=day) for day in (0, 3, 7, 14)]
    kinds = list(Message.objects.exclude(kind="receipt").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["card_failed", "card_reminder", "card_last", "sponsorship_lapsed"]
    last = Message.objects.get(kind="card_last")
    assert "lapses on Sat 21 Mar 2026" in last.subject
    fresh(joined)
    assert (sponsorship.state, sponsorship.next_charge_on, sponsorship.perks_through) == (Plan.LAPSED, None, dt.date(2026, 2, 27))
    assert Invoice.objects.latest("pk").state == Invoice.State.VOID
    assert Course.objects.get().outcome == Course.Outcome.LAPSED
    with on(60):
        assert billing.run_billing().renewed == 0, "nothing is charged any more"
    said = StringIO()
    call_command("verify_books", stdout=said)
    assert "The books hold: 10 of 10 invariants." in said.getvalue()


def test_perks_follow_from_dates_and_never_from_a_state(stripe_stand_in: StandIn) -> None:
    joined = unpaid(stripe_stand_in)
    held = lambda day: with_perks(dt.date(2026, 2, 28) + dt.timedelta(days=day)).exists()  # noqa: E731
    assert [held(day) for day in (-1, 0, 13, 14)] == [True, True, True, False]
    for state in (Plan.ACTIVE, Plan.PAST_DUE):
        Sponsorship.objects.update(state=state)
        assert [held(day) for day in (-1, 0, 13, 14)] == [True, True, True, False], state
    with on(13):
        assert perk_counts([joined.sponsorship.project]) == {joined.sponsorship.project_id: 1}
    with on(14):
        assert perk_counts([joined.sponsorship.project]) == {}
    Sponsorship.objects.update(state=Plan.GRACE)
    with on(1):
        billing.stop(actor=people.user(), sponsorship=joined.sponsorship)
    assert [held(day) for day in (-1, 0)] == [True, False], "who stops has what is paid and no grace"


def test_a_card_that_pays_again_ends_the_steps_and_keeps_the_dates(stripe_stand_in: StandIn) -> None:
    joined = unpaid(stripe_stand_in)
    stripe_stand_in.attach_card(gateway.read_charge(joined.payment.charge_id).customer or "")
    with on(3):
        card = stripe_stand_in.attach_card(gateway.read_charge(joined.payment.charge_id).customer or "")
        Sponsorship.objects.update(payment_method=card)
        run = billing.run_dunning()
    assert (run.retried, run.paid, dict(run.recovered)) == (1, 1, {"USD": 10_000})
    fresh(joined)
    assert (joined.sponsorship.state, joined.sponsorship.next_charge_on) == (Plan.ACTIVE, dt.date(2026, 3, 31))
    assert Course.objects.get().outcome == Course.Outcome.PAID
    assert day_by_day(4, 30) == {}
    assert not Message.objects.filter(kind__in=["card_reminder", "card_last"]).exists()


@pytest.mark.parametrize(("switch", "code"), [("lost_card", "lost_card"), ("authentication_required", "authentication_required")])
def test_a_refusal_that_is_final_is_never_tried_again_and_the_mails_go_out(stripe_stand_in: StandIn, switch: str, code: str) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in)
    stripe_stand_in.switch(gateway.read_charge(joined.payment.charge_id).customer or "", switch, once=False)
    with on(0):
        billing.run_billing()
    assert builders.payments_of(joined)[1].failure_code == code
    assert "We do not try this card again" in Message.objects.get(kind="card_failed").body
    assert sorted(day_by_day(1, 30)) == [3, 7, 14, 21]
    assert tries(joined) == [REFUSED]
    assert set(StepTaken.objects.values_list("payment", flat=True)) == {None}
    assert Message.objects.filter(kind__in=["card_reminder", "card_last", "sponsorship_lapsed"]).count() == 3


def test_a_processor_that_is_away_costs_no_step(stripe_stand_in: StandIn, settings: Any) -> None:
    joined = unpaid(stripe_stand_in)
    there, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:1"
    with on(3):
        run = billing.run_dunning()
        assert (run.retried, run.waiting, run.failed) == (1, 1, 0)
    for day in (4, 7, 14, 21, 30):
        with on(day):
            assert billing.run_dunning().steps == 0, "the outcome comes first, however long it takes"
    assert fresh(joined).sponsorship.state == Plan.PAST_DUE
    settings.STRIPE_API_BASE = there
    waiting = builders.payments_of(joined)[-1]
    assert waiting.state == State.PROCESSING
    Payment.objects.filter(pk=waiting.pk).update(next_look_at=waiting.key_at)
    with on(31):
        billing.sweep()
    course = Course.objects.get()
    assert (course.taken, course.next_on) == (1, REFUSED + dt.timedelta(days=35)), "the rest keeps its distances"
    assert sorted(day_by_day(32, 60)) == [35, 42, 49]
    assert len(tries(joined)) == 4


def test_days_on_which_nothing_ran_move_the_steps_and_the_grace(stripe_stand_in: StandIn) -> None:
    joined = unpaid(stripe_stand_in)
    assert sorted(day_by_day(10, 40)) == [10, 14, 21, 28]
    assert tries(joined) == [REFUSED + dt.timedelta(days=day) for day in (0, 10, 14, 21)]
    assert joined.sponsorship.perks_through == dt.date(2026, 3, 13)
    assert fresh(joined).sponsorship.grace_days == 14 + 7, "what we did not do is not the sponsor's loss"


def test_a_late_first_try_starts_the_grace_on_that_day(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with on(9):
        billing.run_billing()
    fresh(joined)
    assert (joined.sponsorship.state, joined.sponsorship.perks_through) == (Plan.GRACE, REFUSED + dt.timedelta(days=22))


def test_what_fell_due_keeps_the_steps_of_that_day(stripe_stand_in: StandIn) -> None:
    old = unpaid(stripe_stand_in)
    with on(1):
        treasurer = people.holder(Role.TREASURER)
        short = replace(DELIVERED, steps=(Step(2, retry=False, mail=LAST),), grace_days=1, lapse_after=4)
        dunning.write_schedule(actor=treasurer, version=0, plan=short)
        new = builders.sponsor(stripe_stand_in, old.sponsorship.tier, card=FAILS_LATER, email="bo@example.org")
    with on(32):
        billing.run_billing()
    fresh(new)
    assert new.sponsorship.perks_through == new.sponsorship.paid_through + dt.timedelta(days=1)
    versions = dict(Course.objects.values_list("invoice__sponsorship", "version"))
    assert versions == {old.sponsorship.pk: 0, new.sponsorship.pk: 1}


def test_a_worker_killed_between_step_and_charge_and_mail_loses_nothing(stripe_stand_in: StandIn) -> None:
    joined = unpaid(stripe_stand_in)
    with on(7):
        Course.objects.update(taken=1, next_on=clock.today())
        taken = billing.take_step(course_id=Course.objects.get().pk, on=clock.today())
        assert taken is not None and taken.payment is not None
        # Killed here, before the charge. Redis knows nothing of it either.
        assert billing.run_dunning().steps == 0, "the attempt is the sweeper's"
        assert billing.take_step(course_id=taken.course_id, on=clock.today()) is None, "nor by a run that saw it a moment ago"
        Payment.objects.filter(pk=taken.payment.pk).update(next_look_at=taken.payment.key_at)
        billing.sweep()
    assert Message.objects.filter(kind="card_reminder").count() == 1
    assert Course.objects.get().taken == 2
    assert len(tries(joined)) == 2


@real_commits
def test_two_runs_at_once_take_a_step_once(stripe_stand_in: StandIn) -> None:
    joined = unpaid(stripe_stand_in)
    barrier, failures = threading.Barrier(3), []

    def run() -> None:
        try:
            barrier.wait(10)
            billing.run_dunning()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    with on(3):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert failures == []
    assert (StepTaken.objects.count(), len(tries(joined)), Course.objects.get().taken) == (1, 2, 1)


def test_the_database_lets_a_step_happen_once_an_invoice(stripe_stand_in: StandIn) -> None:
    unpaid(stripe_stand_in)
    course = Course.objects.get()
    dunning.take(course=course, payment=None, on=REFUSED)
    with pytest.raises(IntegrityError), transaction.atomic():
        dunning.take(course=course, payment=None, on=REFUSED)


def test_one_sponsor_whose_step_fails_does_not_stop_the_others(stripe_stand_in: StandIn) -> None:
    tier = builders.tier()
    broken = unpaid(stripe_stand_in, of=tier)
    with clock.at(JOINED):
        other = builders.sponsor(stripe_stand_in, tier, email="bo@example.org", card=FAILS_LATER)
    with on(0):
        billing.run_billing()
    Course.objects.filter(invoice__sponsorship=broken.sponsorship).update(content={})
    with on(3):
        run = billing.run_dunning()
    assert (run.steps, run.failed) == (1, 1)
    assert len(tries(other)) == 2


def test_while_a_card_page_is_open_a_step_does_not_charge_beside_it(stripe_stand_in: StandIn) -> None:
    joined = unpaid(stripe_stand_in)
    with on(3):
        page = billing.pay(actor=people.user(), sponsorship=joined.sponsorship)
        run = billing.run_dunning()
        assert (run.steps, run.retried) == (1, 0)
        stripe_stand_in.press(page, "pay")
        billing.settle(payment_id=builders.payments_of(joined)[-1].pk)
    assert fresh(joined).sponsorship.state == Plan.ACTIVE
    assert builders.in_fund(joined.sponsorship.project) == 2 * 9_180


def test_a_page_left_open_neither_stops_the_end_nor_takes_money_after_it(stripe_stand_in: StandIn) -> None:
    joined = unpaid(stripe_stand_in)
    day_by_day(1, 20)
    with on(21):
        page = billing.pay(actor=people.user(), sponsorship=joined.sponsorship)
        assert billing.run_dunning().lapsed == 1
        billing.sweep()
        assert stripe_stand_in.press(page, "pay").status != 303
    assert builders.payments_of(joined)[-1].state == State.ABANDONED


def test_money_that_overtakes_the_end_is_a_sponsorship_again(stripe_stand_in: StandIn) -> None:
    joined = unpaid(stripe_stand_in)
    day_by_day(1, 20)
    with on(21):
        page = billing.pay(actor=people.user(), sponsorship=joined.sponsorship)
        stripe_stand_in.press(page, "pay")
        assert billing.run_dunning().lapsed == 1
        billing.sweep()
    fresh(joined)
    assert (joined.sponsorship.state, joined.sponsorship.next_charge_on) == (Plan.ACTIVE, dt.date(2026, 3, 31))
    assert Course.objects.get().outcome == Course.Outcome.PAID
