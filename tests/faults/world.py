"""The world in which every case begins: sponsors whose month is nearly over, a proposal that is voted on, a prepared payout run, a
goal for approved work, with two pledges, and an award of which one instalment has arrived.

Built once for a rig through the product's own services, then copied for each case.
"""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

from django.conf import settings

from funding import clock
from funding.funds import reserve
from funding.funds import services as funds
from funding.funds.models import Need
from funding.money import Money
from funding.payments import reconciliation
from funding.payments.models import Difference
from funding.payments.services import customer_for
from funding.people.models import User
from funding.site.demo import schedule
from grants.awards.models import Award
from grants.awards.services import TrancheTerms
from sponsors.goals.models import Goal
from sponsors.sponsorships.models import Sponsorship
from tests.faults import reading, timing
from tests.funding.builders import browser
from tests.funding.payments.standin import StandIn
from tests.grants import builders as grants
from tests.grants.awards import builders as awards
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders as payouts
from tests.sponsors import builders as sponsors
from tests.sponsors.goals import builders as goals

JOINED = dt.datetime(2026, 10, 5, 12, tzinfo=dt.UTC)
PREPARED = dt.datetime(2026, 10, 30, 9, tzinfo=dt.UTC)
BEGIN = dt.datetime(2026, 10, 30, 12, tzinfo=dt.UTC)
"""Later than all that was made, however long the making takes: no case goes back in time."""
RENEWAL = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)
DEADLINE = dt.datetime(2026, 11, 9, 12, tzinfo=dt.UTC)
"""Of the goal. Later than any case of the other flows ends."""
NEXT_YEAR = dt.date(2027, 10, 5)
ASKED = Money(459_000, "USD")
SPONSORS = ("Ada", "Bo", "Cy")
PLEDGERS = ("Eli", "Fay")
PLEDGED, MINIMUM = Money(20_000, "USD"), Money(50_000, "USD")
WORKERS = ("Wren Okafor", "Ola Nord", "Pia Strand")


def build(address: str, place: Path) -> dict[str, Any]:
    """Returns what the flows need to know: addresses and the cookies of the people who are signed in."""
    stand_in = StandIn(address)
    tier = _sponsors(stand_in, place)
    timing.set_clock(place, PREPARED)
    # Engagements number their own proposals, from here on.
    work._numbers = itertools.count(900)
    sitting = grants.ready(money=ASKED.amount)
    goal = _goal(stand_in, sitting)
    stand_in.fund(ASKED)
    people = payouts.Desk(
        work.user("Tora Maker", "treasurer"), work.user("Ivar Checker", "treasurer"), work.user("Lea Lead", "maintainer@project:tarn")
    )
    run = _run(people, stand_in)
    award = _award(people)
    stand_in.pull()
    assert schedule.run_due() == []
    _explain_gifts(people.maker)
    assert reading.open_work() == []
    return {
        "join": f"/projects/harrow/sponsor/{tier.pk}/",
        "proposal": sitting.proposal.ref,
        "run": run.number,
        "goal": f"/goals/{goal.slug}/pledge/",
        "award": f"/desk/awards/{award.slug}/",
        "move": {"giver": str(funds.host_fund("USD").pk), "taker": str(reserve.reserve_fund("USD").pk)},
        "chair": cookie(sitting.chair),
        "maker": cookie(people.maker),
        "treasurer": cookie(people.checker),
    }


def without_renewals() -> None:
    """For a case that is later than the end of the sponsors' month and not about it."""
    Sponsorship.objects.filter(tier__isnull=False).update(paid_through=NEXT_YEAR)


def cookie(person: User) -> str:
    return str(browser(person).cookies[settings.SESSION_COOKIE_NAME].value)


def _explain_gifts(treasurer: User) -> None:
    """The world's funds were given money without a payment, and the processor's balance as well. Nothing else may differ later."""
    reading.compare()
    for difference in Difference.objects.all():
        reconciliation.explain(actor=treasurer, difference=difference, reason="Given to the world before it began.")
    assert schedule.run_due() == []


def _sponsors(stand_in: StandIn, place: Path) -> Any:
    timing.set_clock(place, JOINED)
    tier = sponsors.tier(sponsors.project("harrow", "Harrow"))
    for name in SPONSORS:
        sponsors.sponsor(stand_in, tier, name=f"{name} Example", email=f"{name.lower()}@example.org")
    return tier


def _goal(stand_in: StandIn, other: grants.Sitting) -> Goal:
    """One day was approved without money. The goal needs another pledge beside the two that it has; the second's card is refused once."""
    project = grants.project("larch")
    call = grants.call([funds.project_fund(project)], slug="larch")
    sitting = grants.sit(grants.submitted(call, project, grants.user("Una Berg"), half_days=2))
    sitting.clear()
    sitting.review(*sitting.members[:2])
    sitting.vote("fffff")
    sitting.determine(actor=other.chair, wait=True)
    need = Need.objects.get()
    goal = goals.goal(project, slug="larch", half_days=2, minimum=MINIMUM, deadline=DEADLINE, zone="UTC", need=need)
    for name in PLEDGERS:
        pledge = goals.pledge(stand_in, goal, PLEDGED.amount, name=f"{name} Example", email=f"{name.lower()}@example.org")
    stand_in.switch(customer_for(party=pledge.sponsorship.party), "insufficient_funds")
    return goal


def _award(people: payouts.Desk) -> Award:
    """Its first tranche is in the bank. The others are due so late that nobody is reminded of them in any case."""
    desk, today = awards.Desk(people.maker, people.checker), clock.today()
    rows = [
        TrancheTerms(today, awards.usd(40_000), "Signature"),
        TrancheTerms(today + 150 * awards.DAY, awards.usd(40_000), "Interim report", awards.ACCEPTED),
        TrancheTerms(today + 180 * awards.DAY, awards.usd(20_000), "Final report"),
    ]
    award = awards.active(desk, tranches=rows)
    awards.book(desk, award, 1)
    return award


def _run(people: payouts.Desk, stand_in: StandIn) -> Any:
    project = work.project("tarn")
    for name in WORKERS:
        engagement = work.engagement(work.user(name), half_days=2, on=project)
        payouts.approved(engagement, 2, people.lead)
        payouts.onboarded(engagement.payee, engagement.worker, stand_in, balance=work.RATE)
    return payouts.prepared(people.maker)
