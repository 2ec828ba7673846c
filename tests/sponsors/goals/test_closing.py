"""The deadline: decided once, whoever comes at the same moment and whatever dies on the way."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from funding import clock
from funding.errors import Conflict
from funding.funds.models import Need
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.mail.models import Message
from funding.payments import gateway
from funding.web.models import Trouble
from sponsors.billing import services as billing
from sponsors.billing.models import CardChange
from sponsors.goals import selectors
from sponsors.goals import services as goals
from sponsors.goals.models import Goal, Pledge
from sponsors.invoices.models import Invoice, Payment
from tests.funding.payments.standin import FAILS_LATER, StandIn
from tests.sponsors.goals import builders
from tests.sponsors.goals.builders import DEADLINE, OPENED, SECOND

pytestmark = pytest.mark.django_db
real_commits = pytest.mark.django_db(transaction=True)
State = Pledge.State


def test_the_deadline_is_the_first_instant_at_which_nobody_pledges_and_the_goal_is_closed(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        made = builders.pledge(stripe_stand_in, goal, 30_000)
    with clock.at(DEADLINE - SECOND / 1_000_000):
        builders.started(goal, email="last@example.org")
        goals.change_pledge(actor=AnonymousUser(), pledge=made, amount=made.money, naming="unnamed", public_name="")
        assert goals.close(goal_id=goal.pk).state == Goal.State.OPEN
    with clock.at(DEADLINE):
        for late in (
            lambda: builders.started(goal),
            lambda: builders.page(made),
            lambda: goals.withdraw(actor=AnonymousUser(), pledge=made),
            lambda: goals.change_pledge(actor=AnonymousUser(), pledge=made, amount=made.money, naming="public", public_name=""),
        ):
            with pytest.raises(Conflict):
                late()
        assert goals.close(goal_id=goal.pk).state == Goal.State.COLLECTING


def test_a_pledge_in_the_last_second_counts_although_nobody_heard_of_its_card(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
    with clock.at(DEADLINE - SECOND):
        made = builders.started(goal, 30_000)
        stripe_stand_in.press(builders.page(made), "pay")
        assert builders.fresh(made).state == State.STARTED
    with clock.at(DEADLINE):
        goals.collect_goals()
    assert (builders.fresh(made).state, builders.state(goal)) == (State.COLLECTED, Goal.State.MET)


def test_a_page_without_a_card_is_closed_with_the_goal(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        made = builders.started(goal, 30_000)
        page = builders.page(made)
    with clock.at(DEADLINE):
        goals.collect_goals()
        assert stripe_stand_in.press(page, "pay").status != 303
        billing.sweep_cards()
    assert (builders.fresh(made).state, builders.state(goal)) == (State.LAPSED, Goal.State.FAILED)
    assert CardChange.objects.get().state == CardChange.State.ABANDONED


def test_a_card_on_a_page_that_opened_while_the_goal_was_closed_comes_too_late(stripe_stand_in: StandIn, monkeypatch: Any) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        made = builders.started(goal, 30_000)
    opened = gateway.open_card_page

    def slow(**fields: Any) -> gateway.Checkout:
        with clock.at(DEADLINE):
            goals.collect_goals()
        return opened(**fields)

    with clock.at(DEADLINE - SECOND), monkeypatch.context() as patch:
        patch.setattr(gateway, "open_card_page", slow)
        page = builders.page(made)
    with clock.at(DEADLINE + SECOND):
        stripe_stand_in.press(page, "pay")
        billing.settle_card(change_id=CardChange.objects.get().pk)
        goals.collect_goals()
    made = builders.fresh(made)
    assert (made.state, made.sponsorship.payment_method, builders.state(goal)) == (State.LAPSED, "", Goal.State.FAILED)
    assert Message.objects.filter(kind="pledge_too_late").count() == 1 and not Payment.objects.exists()


def test_a_page_that_the_processor_does_not_know_keeps_no_goal_open(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        made = builders.pledge(stripe_stand_in, goal, 30_000)
        lost = builders.started(goal, 5_000, email="lost@example.org")
        builders.page(lost)
        CardChange.objects.filter(sponsorship=lost.sponsorship).update(checkout_id="cs_test_gone")
    with clock.at(DEADLINE):
        goals.collect_goals()
    assert [builders.fresh(row).state for row in (made, lost)] == [State.COLLECTED, State.LAPSED]
    assert Trouble.objects.get().about.startswith("card page:")


def test_a_withdrawn_pledge_does_not_count_and_is_not_charged(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        kept, gone = (builders.pledge(stripe_stand_in, goal, 20_000, email=f"{who}@example.org") for who in ("kept", "gone"))
        goals.withdraw(actor=AnonymousUser(), pledge=gone)
        goals.withdraw(actor=AnonymousUser(), pledge=gone)
    with clock.at(DEADLINE):
        goals.collect_goals()
    assert [builders.fresh(row).state for row in (kept, gone)] == [State.RELEASED, State.WITHDRAWN]
    assert Message.objects.filter(kind="pledge_withdrawn").count() == 1


def test_the_database_refuses_to_change_what_people_pledged_to_and_to_decide_again(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
    changes: list[dict[str, Any]] = [
        {"minimum_amount": 1}, {"deadline_at": OPENED}, {"rule": "keep"}, {"rate_amount": 2}, {"half_days": 1}, {"story": "Other."},
        {"host_fee_basis_points": 0}, {"zone": "UTC"}, {"state": "draft", "published_at": None},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            Goal.objects.filter(pk=goal.pk).update(**change)
    with clock.at(DEADLINE):
        goals.close(goal_id=goal.pk)
    for change in ({"state": "collecting"}, {"decided_at": OPENED}, {"state": "open", "decided_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Goal.objects.filter(pk=goal.pk).update(**change)


@real_commits
def test_two_closers_at_once_decide_once_and_charge_each_card_once(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        made = [builders.pledge(stripe_stand_in, goal, 20_000, email=f"p{number}@example.org") for number in range(2)]
    barrier, failures = threading.Barrier(2), []

    def run() -> None:
        try:
            barrier.wait(10)
            goals.collect_goals()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    with clock.at(DEADLINE):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert failures == []
        settle_all()
    whole(goal, made)


class Killed(BaseException):
    """A worker that ends here: nothing after this line runs, and its connection is gone."""


NETWORK = ["expire_checkout", "read_checkout", "charge_off_session", "read_charge"]


def caller() -> str:
    """The nearest function of the rooms that a point belongs to."""
    frame = sys._getframe(2)
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if name.startswith(("sponsors.goals.services", "sponsors.billing.services", "sponsors.invoices")):
            return f"{name.rpartition('.')[2]}.{frame.f_code.co_name}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""


@contextmanager
def killing(patch: Any, seen: list[str]) -> Iterator[None]:
    """Each point, which is a call of the processor or a commit, before or after, kills the first run that reaches it."""

    def pass_(point: str) -> None:
        if point not in seen:
            seen.append(point)
            raise Killed(point)

    def wrap(name: str, original: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            point = f"{caller()} {name}"
            if name == "commit" and f"{point} before" not in seen:
                args[0].rollback()  # the server does this when a worker's connection is gone
            pass_(f"{point} before")
            result = original(*args, **kwargs)
            pass_(f"{point} after")
            return result

        return call

    with patch.context() as within:
        for name in NETWORK:
            within.setattr(gateway, name, wrap(name, getattr(gateway, name)))
        within.setattr(BaseDatabaseWrapper, "commit", wrap("commit", BaseDatabaseWrapper.commit))
        yield


@real_commits
def test_a_closer_killed_at_each_commit_and_each_call_leaves_everything_to_the_next(stripe_stand_in: StandIn, monkeypatch: Any) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
        made = [builders.pledge(stripe_stand_in, goal, 20_000, email=f"p{number}@example.org") for number in range(2)]
        bad = builders.pledge(stripe_stand_in, goal, 5_000, email="bad@example.org", card=FAILS_LATER)
        empty = builders.started(goal, 5_000, email="empty@example.org")
        builders.page(empty)
    seen: list[str] = []
    for moment in (DEADLINE, DEADLINE + 8 * builders.DAY):
        with clock.at(moment), killing(monkeypatch, seen):
            for _ in range(100):
                try:
                    goals.collect_goals()
                    break
                except Killed:
                    connection.close()
        with clock.at(moment):
            settle_all()
    places = {(point.partition(":")[0], *point.split()[1:]) for point in seen}
    assert {
        ("carding.close_card_page", "expire_checkout", "after"),
        ("closing.close", "commit", "before"),  # the decision
        ("closing.close", "commit", "after"),
        ("collecting._charge", "charge_off_session", "before"),
        ("collecting._charge", "charge_off_session", "after"),
        ("running.collect_goals", "commit", "after"),  # the end
    } <= places, seen
    steps = {point for point in seen if point.startswith("collecting.advance") and point.endswith("commit after")}
    assert len(steps) == 4, seen  # begin, next step, tell, let go
    whole(goal, made)
    assert (builders.fresh(bad).state, builders.fresh(empty).state) == (State.DROPPED, State.LAPSED)
    kinds = list(Message.objects.exclude(kind="pledge_made").order_by("kind").values_list("kind", flat=True))
    assert kinds == ["goal_decided", "goal_finished", "pledge_dropped", "pledge_refused", "receipt", "receipt"]


def settle_all() -> None:
    """What the sweepers do in the seconds after."""
    Payment.objects.update(next_look_at=OPENED)
    billing.sweep()
    goals.collect_goals()


def whole(goal: Goal, made: list[Pledge]) -> None:
    """Decided once, each charged once, and everything booked: by our rows, by the books and by the processor."""
    goal.refresh_from_db()
    assert (goal.state, goal.decided_at) == (Goal.State.MET, DEADLINE)
    assert [builders.fresh(row).state for row in made] == [State.COLLECTED] * len(made)
    assert Invoice.objects.filter(sponsorship__in=[row.sponsorship_id for row in made]).count() == len(made)
    charged = [row for pledge in made for row in builders.payments(pledge) if row.state == Payment.State.BOOKED]
    assert len(charged) == len(made) == Entry.objects.filter(kind="contribution").count()
    assert sum(row.gross for row in charged) == sum(row.sponsorship.amount for row in made)
    (balance,) = [row for row in gateway.read_balance() if row.available.currency == "USD"]
    fees = sum(row.fee or 0 for row in charged)
    assert (balance.available + balance.pending).amount == sum(row.gross for row in charged) - fees
    assert ledger.account("fund:goal-rtl:USD").credits == sum(row.net or 0 for row in charged)
    assert Need.objects.count() == 1


def test_a_goal_that_nobody_closes_is_shown_to_those_who_keep_the_site(stripe_stand_in: StandIn) -> None:
    with clock.at(OPENED):
        goal = builders.goal()
    for moment, found in ((DEADLINE, 0), (DEADLINE + 7_200 * SECOND, 1)):
        with clock.at(moment):
            assert selectors.late(10).count == found
    with clock.at(DEADLINE + 7_200 * SECOND):
        (item,) = selectors.late(10).items
        assert goal.title in item.what and item.since == DEADLINE
        goals.collect_goals()
        assert selectors.late(10).count == 0
