"""The stand-in's bad days by themselves: what each does to requests and events, how often, and that they end."""

from __future__ import annotations

import time
from typing import Any

import pytest

from funding.payments import gateway
from tests.funding.payments import builders
from tests.funding.payments.standin import StandIn
from tests.funding.payments.test_fakestripe import Listener, listener  # noqa: F401
from tests.funding.waiting import until


def intents(customer: str) -> int:
    return len(gateway.stripe._client().v1.payment_intents.list({"customer": customer}).data)


@pytest.mark.parametrize(("kind", "acted"), [("429", 0), ("500", 0), ("timeout_before", 0), ("timeout_after", 1), ("down", 0)])
def test_a_call_that_meets_it_is_unavailable_and_a_repeat_with_its_key_acts_once(stripe_stand_in: StandIn, kind: str, acted: int) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    stripe_stand_in.trouble(kind, operation="POST /v1/payment_intents")

    with pytest.raises(gateway.Unavailable):
        builders.charge(customer, card, with_key="renewal")

    assert intents(customer) == acted
    assert builders.charge(customer, card, with_key="renewal").status == "succeeded"
    assert intents(customer) == 1


def test_it_is_met_so_often_and_by_what_is_meant_only(stripe_stand_in: StandIn) -> None:
    stripe_stand_in.trouble("429", 3, "customers")
    stripe_stand_in.fund(builders.usd(100))
    for _ in range(3):
        assert gateway.read_balance()[0].available == builders.usd(100)
        with pytest.raises(gateway.Unavailable):
            builders.customer()
    builders.customer()


def test_without_a_count_it_lasts_until_it_is_cleared(stripe_stand_in: StandIn) -> None:
    stripe_stand_in.trouble("500", 0)
    for _ in range(3):
        with pytest.raises(gateway.Unavailable):
            builders.customer()
    stripe_stand_in.clear()
    builders.customer()


def test_it_can_be_down_for_an_hour_of_the_demos_calendar(stripe_stand_in: StandIn) -> None:
    opened = builders.checkout()
    stripe_stand_in.trouble("down", 0, seconds=3_600)
    with pytest.raises(gateway.Unavailable):
        gateway.read_checkout(opened.id)
    assert stripe_stand_in.pay(opened.id).status == 503
    assert stripe_stand_in.pull() == [], "who is down sends nothing either"
    assert "Bad days" in stripe_stand_in.request("/", method="GET").text
    stripe_stand_in.set_clock(3_601)
    assert gateway.read_checkout(opened.id).open
    assert stripe_stand_in.pay(opened.id).status == 303


def test_silence_is_as_long_as_it_is_told(stripe_stand_in: StandIn) -> None:
    stripe_stand_in.control("weather", kind="timeout_before", count=1, value="0.4", operation="balance")
    began = time.monotonic()
    gateway.read_balance()
    assert time.monotonic() - began >= 0.4


def test_events_are_doubled_turned_and_lost(stripe_stand_in: StandIn) -> None:
    customer, card = builders.customer_with_card(stripe_stand_in)
    stripe_stand_in.pull()

    def types() -> list[str]:
        builders.charge(customer, card)
        return [one.type for one in stripe_stand_in.pull()]

    usual = types()
    assert len(usual) > 2
    stripe_stand_in.weather(reorder=True)
    assert types() == usual[::-1]
    stripe_stand_in.clear()
    stripe_stand_in.weather(duplicate=2)
    assert sorted(types()) == sorted(usual * 3)
    stripe_stand_in.clear()
    stripe_stand_in.weather(drop=1)
    assert types() == usual[1:]
    assert types() == usual
    stripe_stand_in.weather(drop=True, events="charge.updated")
    assert types() == [kind for kind in usual if kind != "charge.updated"]
    assert [row["state"] for row in stripe_stand_in.deliveries()].count("dropped") == 2
    stripe_stand_in.clear()
    assert types() == usual, "a lost event stays lost"


def test_a_late_event_comes_when_the_day_is_over(stripe_stand_in: StandIn) -> None:
    stripe_stand_in.weather(delay=600)
    builders.customer()
    assert stripe_stand_in.pull() == []
    stripe_stand_in.clear()
    assert [one.type for one in stripe_stand_in.pull()] == ["customer.created"]


def test_a_live_listener_gets_them_doubled_and_turned(stripe_stand_in: StandIn, listener: Listener) -> None:  # noqa: F811
    stripe_stand_in.weather(duplicate=1, reorder=True)
    builders.card_page()
    until(lambda: len(listener.got) == 4)
    assert sorted(one.type for one in listener.got) == ["customer.created"] * 2 + ["setup_intent.created"] * 2


@pytest.mark.parametrize("wrong", [{"kind": "rain"}, {"kind": "500", "count": "-1"}, {"kind": "delay", "value": "soon"}, {}])
def test_a_bad_day_that_does_not_exist(stripe_stand_in: StandIn, wrong: dict[str, Any]) -> None:
    assert stripe_stand_in.request("/_test/weather", **wrong).status == 400
