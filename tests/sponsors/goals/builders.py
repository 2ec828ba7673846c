"""Goals and pledges for tests, through the services and the stand-in as the site makes them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.models import AnonymousUser

from funding.funds.models import Project
from funding.money import Money
from funding.people.models import User
from sponsors.goals import services as goals
from sponsors.goals.models import Goal, Pledge
from sponsors.invoices.models import Payment
from tests.funding.payments.standin import VISA, StandIn
from tests.sponsors import builders

OPENED = dt.datetime(2026, 1, 10, 9, tzinfo=dt.UTC)
DEADLINE = dt.datetime(2026, 1, 31, 18, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
DAY = dt.timedelta(days=1)


def terms(**fields: Any) -> goals.Terms:
    """Four days at $459.00, a minimum of $300.00, until DEADLINE."""
    usual = {
        "title": "Right-to-left tables",
        "summary": "Tables that read from right to left.",
        "story": "Half of the world needs **this**.",
        "half_days": 8,
        "rate": builders.usd(45_900),
        "minimum": builders.usd(30_000),
        "rule": Goal.Rule.ALL,
        "deadline": DEADLINE,
        "zone": "Europe/London",
    }
    return goals.Terms(**{**usual, **fields})


def goal(of: Project | None = None, *, slug: str = "rtl", actor: User | None = None, published: bool = True, **fields: Any) -> Goal:
    """Call it with the clock before the deadline."""
    of = of or builders.project()
    actor = actor or builders.maintainer(of)
    made = goals.create_goal(actor=actor, project=of, slug=slug, terms=terms(**fields))
    return goals.publish_goal(actor=actor, goal=made, version=made.version) if published else made


def started(of: Goal, amount: int = 10_000, actor: User | None = None, **fields: Any) -> Pledge:
    """A pledge whose card is not saved."""
    details = {"kind": "person", "name": "Ada Example", "email": "ada@example.org", "naming": "public", **fields}
    return goals.start_pledge(actor=actor or AnonymousUser(), goal=of, amount=Money(amount, of.currency), **details)


def page(of: Pledge) -> str:
    """The address of its card page."""
    return goals.open_card_page(actor=AnonymousUser(), pledge=of)


def pledge(stand_in: StandIn, of: Goal, amount: int = 10_000, *, card: str = VISA, **fields: Any) -> Pledge:
    """A pledge that counts."""
    made = started(of, amount, **fields)
    stand_in.press(page(made), "pay", card)
    return settled(made)


def settled(of: Pledge) -> Pledge:
    """As it is after the card page was looked at."""
    from sponsors.billing import services as billing
    from sponsors.billing.models import CardChange

    for change in CardChange.objects.filter(sponsorship=of.sponsorship_id, state__in=CardChange.UNDECIDED):
        billing.settle_card(change_id=change.pk)
    return fresh(of)


def fresh(of: Pledge) -> Pledge:
    return Pledge.objects.select_related("goal__project", "goal__fund", "sponsorship").get(pk=of.pk)


def state(of: Goal) -> str:
    return Goal.objects.values_list("state", flat=True).get(pk=of.pk)


def payments(of: Pledge) -> list[Payment]:
    return list(Payment.objects.filter(invoice__sponsorship=of.sponsorship_id).order_by("pk"))
