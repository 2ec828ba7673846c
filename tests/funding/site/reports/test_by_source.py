"""A project's month and page tell subscriptions, goals and awards apart, and what waits for money or for work."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from funding import clock, days
from funding.funds import needs, services
from funding.funds.models import Fund, Need
from funding.money import Money
from funding.site.reports import by_source
from grants.committee import services as committee
from grants.engagements.models import Engagement
from tests.funding.ledger import books
from tests.grants import builders
from tests.grants.builders import browser
from tests.grants.engagements import builders as work

pytestmark = pytest.mark.django_db
HALF = 22950


def text(address: str) -> str:
    answer = browser().get(address)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def fund(slug: str, **fields: Any) -> Fund:
    return services.open_fund(slug=slug, name=slug.title(), kind=Fund.Kind.RESTRICTED, purpose="Work", currency="USD", **fields)


def arrive(into: Fund, amount: int, kind: str) -> None:
    lines = [
        books.Line(books.cash(), books.clearing(), amount, "contribution"),
        books.Line(books.clearing(), into.account, amount, kind),
    ]
    entry_date = clock.today()
    books.ledger.post(
        kind="contribution", source="test", reference=f"{into.slug}-{amount}", lines=lines, at=clock.now(), effective_on=entry_date
    )


@pytest.fixture
def sitting(db: None) -> builders.Sitting:
    return builders.ready(money=0)


def test_each_source_has_its_own_line_and_shared_money_is_not_added(sitting: builders.Sitting) -> None:
    project, harrow = sitting.project, builders.project("harrow")
    goal, award = fund("goal-spring", project=project), fund("award-one")
    award.projects.set([project, harrow])
    arrive(services.project_fund(project), 500, "allocation")
    arrive(goal, 8 * HALF, "allocation")
    arrive(award, 90_000, "award_received")
    needs.have(about="goal:spring", project=project, fund=goal, rate=builders.RATE)
    sitting.determine(wait=True)
    needs.offer(need=Need.objects.get(about=sitting.proposal.subject), fund=goal)
    committee.fund(need_id=Need.objects.get(about=sitting.proposal.subject).pk)
    entry = work.log(Engagement.objects.get(), 1, first=clock.today())[0]
    books.ledger.post(
        kind="payout_sent",
        source="test",
        reference="payout",
        lines=[books.Line(goal.account, books.payouts(), HALF, "payout_sent", about=("work", entry.pk), reservation=first_reservation())],
        at=clock.now(),
        effective_on=clock.today(),
    )
    rows = by_source.of(project, *days.month_bounds(clock.today()))
    assert [(row.way, row.fund.slug, row.came_in.amount, row.paid.amount, row.shared) for row in rows] == [
        ("Sponsorships", "quillon", 500, 0, False),
        ("Goals", "goal-spring", 8 * HALF, HALF, False),
        ("Awards", "award-one", 90_000, 0, True),
    ]
    assert by_source.came_in(rows, "USD") == Money(500 + 8 * HALF, "USD")
    address = f"/reports/quillon/{clock.today():%Y-%m}"
    assert "Award-One, for several projects Awards $900.00" in text(f"{address}/")
    table = list(csv.DictReader(io.StringIO(browser().get(f"{address}.csv").content.decode())))
    assert [row["amount"] for row in table if row["section"] == "source" and row["who"] == "Goals: Goal-Spring"] == ["1836.00", "229.50"]


def first_reservation() -> Any:
    return Engagement.objects.get().funds.get().reservation


def test_the_page_of_a_project_says_what_waits(sitting: builders.Sitting) -> None:
    assert "What waits" not in text("/projects/quillon/")
    goal = fund("goal-spring", project=sitting.project)
    arrive(goal, 3 * HALF, "allocation")
    sitting.determine(wait=True)
    needs.have(about="goal:spring", project=sitting.project, fund=goal, rate=builders.RATE)
    page = text("/projects/quillon/")
    assert f"{sitting.proposal.ref}: {sitting.proposal.title} Waiting for money" in page
    assert "$4,590.00 is to be found before it starts" in page
    assert "There is money for 1½ days" in page
