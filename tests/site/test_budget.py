"""Twelve queries at most on the pages that are read most, whoever reads them and whether or not anything is remembered of them.

Counted is all that a request asks the database, from its session to the frame of the page. The first view is one after money moved, with
the note that the reader was here; the second finds what the first kept.
"""

from __future__ import annotations

import uuid
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.funds import needs
from funding.ledger.models import Transfer
from funding.money import Money
from funding.people import sessions
from funding.people.roles import Role
from funding.site.reports import kept
from grants.awards.models import Award
from grants.payouts import executing
from grants.payouts import services as payouts
from grants.payouts.models import Payout, PayoutRun
from tests.funding import builders
from tests.grants.awards import builders as awards
from tests.grants.engagements import builders as work
from tests.site.world import NOW, World
from tests.sponsors import builders as sponsors
from tests.sponsors.goals import builders as goals

MOST = 12
THIS_MONTH = f"{NOW:%Y-%m}"
EVERYBODY = ["nobody", "sponsor", "worker", "member 1", "treasurer"]
PUBLIC = ["/", "/books/", "/projects/quillon/", "/projects/pine/", f"/reports/quillon/{THIS_MONTH}/", f"/reports/pine/{THIS_MONTH}/"]
PAST = f"at={NOW:%Y-%m-%d}&since=2026-01-01&until={NOW:%Y-%m-%d}"
PUBLIC += ["/books/funds/quillon/", "/books/funds/pine/", f"/books/funds/pine/?{PAST}"]


@pytest.fixture(autouse=True)
def _numbers_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The world has proposals of its own."""
    monkeypatch.setattr(work, "_numbers", count(900))


def grow(world: World, rows: int) -> None:
    """A project with so many of each: sponsors, days that their money paid, goals with a pledge, awards, and what waits for money."""
    pine = sponsors.project("pine", "Pine")
    builders.give(world.people["lead"], Role.MAINTAINER, pine.subject)
    tier = sponsors.tier(pine, 50_000, actor=world.people["lead"], name="Seat")
    for row in range(rows):
        sponsors.booked(sponsors.sign_up(tier, name=f"Sponsor {row}", email=f"s{row}@example.org", naming="public" if row else "unnamed"))
        goal = goals.goal(pine, slug=f"pine-{row}", actor=world.people["lead"], deadline=NOW + 20 * goals.DAY)
        goals.started(goal, actor=world.people["sponsor"], name="Siri Sponsor", email="siri@example.org")
        awards.booked(world.people["treasurer"], world.people["second treasurer"], pine, f"pine-{row}")
        needs.want(about=world.submitted.subject if row else f"goal:{goal.slug}", project=pine, half_days=4, rate=Money(40_000, "USD"))
    engagement = work.engagement(work.user("Paul Pine"), on=pine, half_days=20)
    days = work.log(engagement, 2 * rows)
    work.approve(engagement, days, world.people["lead"])
    work.account(engagement.payee)
    release(world, world.run)
    release(world, payouts.prepare(actor=world.people["treasurer"], currency="USD", up_to=clock.today()))
    assert Transfer.objects.filter(kind="payout_sent", about_id__in=[day.pk for day in days]).count() == 2 * rows
    assert Award.objects.filter(projects=pine).count() == rows


def release(world: World, run: PayoutRun) -> None:
    """A second treasurer releases it and every payout is owed; the processor is not called."""
    payouts.release(actor=world.people["second treasurer"], run=run, control_total=run.control_total, withheld=0)
    for payout in run.payouts.filter(state=Payout.State.READY):
        executing.owe(payout_id=payout.pk)


def asked(world: World, who: str, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        answer = world.browser(who).get(address)
    assert answer.status_code == 200, f"{who} at {address}"
    return [query["sql"] for query in queries]


def away_for_a_while(world: World, who: str) -> None:
    """So that the next page notes that they are here."""
    session: Any = world.browser(who).session
    if sessions.SEEN in session:
        session[sessions.SEEN] -= 2 * sessions.STEP
        session.save()


def over(world: World, who: str, addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The pages that asked too much, with what they asked, and the count of each view of all of them."""
    found, counts = {}, {}
    for address in addresses:
        monkeypatch.setattr(kept, "SHAPES", uuid.uuid4().hex)  # nothing is remembered of any page
        away_for_a_while(world, who)
        first, again = asked(world, who, address), asked(world, who, address)
        counts[address] = len(first), len(again)
        found |= {f"{address} {view}": queries for view, queries in (("first", first), ("again", again)) if len(queries) > MOST}
    print(who, counts)
    return found


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("who", EVERYBODY)
def test_public_pages(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch, who: str, rows: int) -> None:
    settings.DEMO = False  # whose bar asks questions of its own
    grow(world, rows)
    assert over(world, who, PUBLIC, monkeypatch) == {}


@pytest.mark.parametrize("who", ["member 1", "member 2"])
def test_a_members_review(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    """Of a panel that has one review sealed, and of one whose reviews are open."""
    settings.DEMO = False
    addresses = [f"/committee/{panel.proposal.ref}/review/" for panel in (world.sealed, world.ready)]
    assert over(world, who, addresses, monkeypatch) == {}
