"""Close a goal at its deadline: ask about every open card page, then decide, once.

The decision is one row that changes under a lock. What follows from it, pledge by pledge, is in collecting.py.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Sum

from funding import clock
from funding.audit.services import record as audit
from funding.funds import services as funds
from funding.money import Money
from sponsors.billing import services as billing
from sponsors.billing.models import CardChange
from sponsors.goals import emails
from sponsors.goals.models import GOAL, Goal, Pledge
from sponsors.goals.services import writing
from sponsors.goals.services.plan import GRACE

State = Goal.State


def close(*, goal_id: int) -> Goal:
    """Decide a goal whose deadline has come; changes nothing before it, and nothing the second time. Call it outside a transaction.

    A card that was saved before its page is closed here counts, whoever's news of it was late. While the processor cannot say, the
    goal stays open. Raises gateway.Unavailable.
    """
    goal = Goal.objects.get(pk=goal_id)
    if goal.state != State.OPEN or clock.now() < goal.deadline_at:
        return goal
    for change in open_pages(goal):
        billing.close_card_page(change_id=change)
    return _decide(goal_id)


def open_pages(goal: Goal) -> list[int]:
    """Ids of the visits to a card page that may still make a pledge count. A page for another card of one that counts is no matter."""
    started = Pledge.objects.filter(goal=goal, state=Pledge.State.STARTED).values("sponsorship")
    return list(
        CardChange.objects.filter(sponsorship__in=started, state__in=CardChange.UNDECIDED).order_by("pk").values_list("pk", flat=True)
    )


def promised(goal: Goal) -> Money:
    """What is pledged now, or was at the deadline."""
    counted = Pledge.objects.filter(goal=goal, state__in=Pledge.COUNTED)
    return Money(counted.aggregate(sum=Sum("sponsorship__amount"))["sum"] or 0, goal.currency)


@transaction.atomic
def _decide(goal_id: int) -> Goal:
    """Open → collecting or failed. Pledges lock the goal before they count, so that the sum is final here."""
    goal = writing.lock(goal_id)
    now = clock.now()
    if goal.state != State.OPEN or now < goal.deadline_at or open_pages(goal):
        return goal
    sum_ = promised(goal)
    least = goal.minimum if goal.rule == Goal.Rule.ALL else Money(1, goal.currency)
    outcome = State.COLLECTING if sum_.amount >= least.amount else State.FAILED
    GOAL.check(goal.state, outcome)
    goal.state, goal.decided_at = outcome, now
    goal.collect_until = now + GRACE if outcome == State.COLLECTING else None
    goal.save(update_fields=["state", "decided_at", "collect_until"])
    if outcome == State.FAILED and goal.fund is not None:
        funds.end_fund(goal.fund)
    audit(actor=None, act=f"goals.{outcome}", subject=goal, reason=f"{sum_} pledged; the minimum is {goal.minimum}")
    emails.decided(goal, sum_)
    return goal
