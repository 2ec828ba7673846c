"""A project's page and the pages beside it: what they say, how often they ask the database, and when nothing has changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.funds import services as funds
from funding.funds.models import Project
from funding.money import Money
from funding.people.models import User
from funding.people.roles import Role
from funding.site.pages import prices
from funding.site.pages.project_page import figures
from sponsors.tiers.models import Interval, Tier
from tests.funding import builders as people
from tests.sponsors import builders

pytestmark = pytest.mark.django_db
PAGE = "/projects/quillon/"
MOST = 12
COLD = 12
"""Before anything is kept, and for whoever is signed in."""


def text(address: str, client: Client | None = None) -> str:
    answer = (client or Client()).get(address)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def join(tier: Tier, count: int, first: int = 0, **fields: Any) -> None:
    for number in range(first, first + count):
        builders.booked(builders.sign_up(tier, name=f"Sponsor {number:02}", email=f"s{number}@example.org", **fields))


@pytest.fixture
def tier() -> Tier:
    return builders.tier()


class TestMonth:
    def test_it_says_how_many_more_fill_the_month_and_who_is_in(self, tier: Tier) -> None:
        join(tier, 2)
        page = text(PAGE)
        assert "98 more of “Company seat” fill the month. 2 sponsors are in so far. One day costs $459.00" in page
        assert "2 taken, 98 open" in page

    def test_an_empty_month_and_a_full_one(self, tier: Tier) -> None:
        assert "100 more of “Company seat” fill the month. Be the first of this month." in text(PAGE)
        assert prices.missing(tier.project, Money(918_000, "USD"), Money(9_180, "USD")) == 0
        assert prices.missing(tier.project, Money(917_999, "USD"), Money(9_180, "USD")) == 1
        assert prices.missing(tier.project, Money(0, "USD"), Money(0, "USD")) == 0

    def test_full_time_is_said_of_twenty_days_only(self, tier: Tier) -> None:
        assert "20 days is full time" in text(PAGE)
        Project.objects.update(target_half_days=9)
        assert "4½ days is the target" in text(PAGE)

    def test_it_is_not_sent_again_while_nothing_has_changed(self, tier: Tier) -> None:
        first = Client().get(f"{PAGE}month/")
        assert first["Cache-Control"] == "no-cache, public"
        again = Client(headers={"if-none-match": first["ETag"]})
        assert again.get(f"{PAGE}month/").status_code == 304
        join(tier, 1)
        changed = again.get(f"{PAGE}month/")
        assert changed.status_code == 200
        assert changed["ETag"] != first["ETag"]
        assert "One sponsor is in so far." in changed.content.decode()

    def test_a_draft_has_none(self) -> None:
        admin = people.holder(Role.ADMIN)
        people.host()
        funds.create_project(actor=admin, slug="tern", name="Tern", summary="Yet to come.", target_half_days=40, rate=Money(45_900, "USD"))
        for address in ("month/", "work/", "sponsors/"):
            assert people.browser(admin).get(f"/projects/tern/{address}").status_code == 404


class TestPrices:
    def test_a_choice_of_intervals_only_where_there_are_several(self, tier: Tier) -> None:
        assert 'name="often"' not in Client().get(PAGE).content.decode()
        builders.tier(tier.project, 5_000, name="Gift", interval=Interval.ONCE)
        page = Client().get(PAGE).content.decode()
        assert re.findall(r'id="often-(\w+)"[^>]*?( checked)?>', page) == [("month", " checked"), ("once", "")]
        assert "Sponsor for $50 once" in page


class TestSponsors:
    def test_the_largest_are_named_and_all_are_on_their_page(self, tier: Tier) -> None:
        join(tier, 11)
        large = builders.tier(tier.project, 50_000, name="Whole day")
        builders.booked(builders.sign_up(large, name="Zoe Zimmer", email="z@example.org"), fee=1_480)
        page = text(PAGE)
        assert "Zoe Zimmer 1 " in page
        assert "Sponsor 10" not in page
        assert "All 12 sponsors" in page
        everybody = text(f"{PAGE}sponsors/")
        assert "Sponsor 10 0.2" in everybody

    def test_many_who_are_not_named_are_one_line(self, tier: Tier) -> None:
        join(tier, 2, naming="unnamed")
        assert "Unnamed, 2 sponsors 0.4" in text(PAGE)

    def test_an_earlier_month(self, tier: Tier) -> None:
        assert "Nobody paid in this month" in text(f"{PAGE}sponsors/?month={clock.today():%Y-%m}")
        assert Client().get(f"{PAGE}sponsors/?month=soon").status_code == 404

    @pytest.mark.parametrize(
        ("days", "words"), [("0.20", "0.2"), ("0.03", "0.03"), ("1.00", "1"), ("20.00", "20"), ("12.34", "12.34"), ("0", "0")]
    )
    def test_days_bought_have_decimals_only_where_they_say_something(self, days: str, words: str) -> None:
        from decimal import Decimal

        assert figures(Decimal(days)) == words


class TestQueries:
    """Read by a visitor, the second time: what the books say to everybody is kept until the next entry."""

    @pytest.mark.parametrize("address", [PAGE, "/", "/books/", f"/reports/quillon/{clock.today():%Y-%m}/", "/projects/", f"{PAGE}month/"])
    def test_as_few_for_thirty_sponsors_as_for_one(self, tier: Tier, address: str) -> None:
        cold, warm = [], []
        for more, first in ((1, 0), (29, 1)):
            join(tier, more, first)
            for counts in (cold, warm):
                with CaptureQueriesContext(connection) as asked:
                    assert Client().get(address).status_code == 200
                counts.append(len(asked))
        assert warm[0] == warm[1] <= MOST
        assert cold[0] == cold[1] <= COLD

    @pytest.mark.parametrize("address", [PAGE, "/", "/books/", f"/reports/quillon/{clock.today():%Y-%m}/"])
    def test_a_treasurer_for_whom_nothing_is_kept(self, tier: Tier, address: str) -> None:
        join(tier, 3)
        reader = people.browser(people.holder(Role.TREASURER))
        with CaptureQueriesContext(connection) as asked:
            assert reader.get(address).status_code == 200
        assert len(asked) <= COLD

    def test_who_is_signed_in_is_told_afresh(self, tier: Tier) -> None:
        from funding.site.reports import kept

        reader: User = people.user()
        said = iter(range(9))
        assert [kept.for_everybody(reader, "1", "test", None, lambda: next(said)) for _ in range(2)] == [0, 1]
        visitor: Any = type("Nobody", (), {"is_authenticated": False})()
        assert [kept.for_everybody(visitor, stand, "test", None, lambda: next(said)) for stand in "112"] == [2, 2, 3]
