"""The page of bad days: each switch reaches the stand-in, is shown, and is switched off again. None of it without a demo."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from funding.payments import gateway
from funding.site.demo import calendar, processor, schedule
from tests.funding.payments import builders
from tests.funding.payments.standin import StandIn

pytestmark = pytest.mark.django_db
PAGE = "/demo/processor/"


def test_without_a_demo_there_is_no_such_page(client: Client) -> None:
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, {"kind": "down", "times": "on"}).status_code == 404
    assert client.post(f"{PAGE}end/").status_code == 404


@pytest.mark.usefixtures("demo")
class TestInTheDemo:
    def test_every_switch_is_known_to_the_stand_in_and_shown(self, client: Client, stripe_stand_in: StandIn) -> None:
        for kind in processor.BAD_DAYS:
            for times, _ in processor.TIMES:
                assert client.post(PAGE, {"kind": kind, "about": "", "times": times})["Location"] == PAGE
        stripe_stand_in.clear()
        for about, _ in processor.ABOUT:
            assert client.post(PAGE, {"kind": "429", "about": about, "times": "3"}).status_code == 302
        page = client.get(PAGE).content.decode()
        for _, label in processor.ABOUT[1:]:
            assert f"{label}, 3 more. Requests that met it: 0." in page

    def test_an_answer_is_lost_once_and_the_page_says_that_it_was(self, client: Client, stripe_stand_in: StandIn) -> None:
        customer, card = builders.customer_with_card(stripe_stand_in)
        client.post(PAGE, {"kind": "timeout_after", "about": "POST /v1/payment_intents", "times": "on"})
        with pytest.raises(gateway.Unavailable):
            builders.charge(customer, card, with_key="one")
        page = client.get(PAGE).content.decode()
        assert "Charging a saved card, until you switch it off. Requests that met it: 2." in page
        (row,) = processor.overview()["weather"]
        client.post(f"{PAGE}end/", {"number": row["id"]})
        assert builders.charge(customer, card, with_key="one").status == "succeeded"
        assert "The processor behaves well" in client.get(PAGE).content.decode()

    def test_lost_news_is_listed_as_lost(self, client: Client, stripe_stand_in: StandIn) -> None:
        client.post(PAGE, {"kind": "drop", "about": "GET ", "times": "1"})
        builders.customer()
        page = client.get(PAGE).content.decode()
        assert "customer.created" in page and "Lost" in page

    def test_an_hour_is_over_when_the_calendar_has_moved_by_a_day(self, client: Client, stripe_stand_in: StandIn, monkeypatch: Any) -> None:
        monkeypatch.setattr(schedule, "run_day", list)
        calendar.move_to(dt.timedelta())
        client.post(PAGE, {"kind": "down", "about": "", "times": "hour"})
        assert "60 more minutes" in client.get(PAGE).content.decode()
        with pytest.raises(gateway.Unavailable):
            builders.customer()
        schedule.advance(dt.timedelta(days=1))
        builders.customer()

    @pytest.mark.parametrize(
        "wrong", [{}, {"kind": "rain", "times": "on"}, {"kind": "down", "times": "7"}, {"kind": "down", "about": "x", "times": "on"}]
    )
    def test_what_cannot_be_chosen(self, client: Client, stripe_stand_in: StandIn, wrong: dict[str, str]) -> None:
        assert client.post(PAGE, wrong).status_code == 422
        assert processor.overview()["weather"] == []
        assert client.post(f"{PAGE}end/", {"number": "x"}).status_code == 404

    def test_a_stand_in_that_is_gone_is_said_so(self, client: Client, settings: Any) -> None:
        settings.STRIPE_API_BASE = "http://127.0.0.1:9"
        assert client.get(PAGE).status_code == 503
        settings.STRIPE_API_BASE = ""
        assert client.get(PAGE).status_code == 404
        assert client.post(f"{PAGE}end/").status_code == 404

    def test_the_bar_leads_there(self, client: Client, stripe_stand_in: StandIn) -> None:
        assert f'href="{PAGE}"' in client.get("/accounts/login/").content.decode()
