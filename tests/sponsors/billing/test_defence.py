"""Somebody with many stolen cards at our card pages, over HTTP; and what sponsors still can do meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from funding import clock
from funding.errors import Refused, Throttled, Unavailable
from funding.mail.models import Message
from funding.payments import gateway, inbox
from funding.people.roles import Role
from sponsors.billing import defence, links
from sponsors.billing import services as billing
from sponsors.billing.models import Refusal
from sponsors.invoices.models import Payment
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Tier
from tests.funding import builders as people
from tests.funding.payments.standin import DECLINED, StandIn
from tests.sponsors import builders

pytestmark = pytest.mark.django_db

FORM = {"kind": "person", "name": "Ada Example", "email": "ada@example.org", "naming": "public", "public_name": "", "country": ""}


def press(client: Client, tier: Tier, email: str, place: str) -> int:
    where = reverse("billing:join", args=[tier.project.slug, tier.pk])
    return int(client.post(where, {**FORM, "email": email}, REMOTE_ADDR=place).status_code)


def hear(stand_in: StandIn, client: Client) -> None:
    """Take the processor's news, as the worker does."""
    stand_in.deliver_to(client)
    for pk in inbox.due():
        inbox.handle(event_pk=pk)


def many_refusals(count: int) -> None:
    for number in range(count):
        defence.refused(f"PAY-9{number:03}")


def test_hundreds_of_presses_of_one_network_open_a_few_pages(stripe_stand_in: StandIn, client: Client) -> None:
    tier = builders.tier()
    answers = [press(client, tier, f"a{number}@example.org", f"192.0.2.{number % 250 + 1}") for number in range(200)]
    assert answers.count(302) == defence.SIGN_UPS_OF_A_NETWORK
    assert set(answers) == {302, 429}
    assert Payment.objects.count() == defence.SIGN_UPS_OF_A_NETWORK
    assert press(client, tier, "bo@example.org", "198.51.100.7") == 302, "another network is not kept out"


def test_a_flood_from_everywhere_keeps_out_nobody_who_is_known(
    stripe_stand_in: StandIn, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tier = builders.tier()
    monkeypatch.setattr(defence, "SIGN_UPS_OF_STRANGERS", 5)
    answers = [press(client, tier, f"a{number}@example.org", f"203.0.{number}.9") for number in range(12)]
    assert answers == [302] * 5 + [429] * 7
    assert press(people.browser(people.user()), tier, "bo@example.org", "203.0.113.9") == 302


def test_one_person_has_one_card_page_a_tier(stripe_stand_in: StandIn, client: Client) -> None:
    tier = builders.tier()
    for _ in range(3):
        assert press(client, tier, "ada@example.org", "192.0.2.1") == 302
    assert list(Sponsorship.objects.order_by("pk").values_list("state", flat=True)) == ["ended", "ended", "pending"]
    pages = Payment.objects.exclude(checkout_id="").values_list("checkout_id", flat=True)
    assert sum(gateway.read_checkout(page).open for page in pages) == 1


def test_a_page_closes_after_a_few_refused_cards(stripe_stand_in: StandIn, client: Client) -> None:
    joined = builders.sign_up()
    page = billing.start_checkout(payment=joined.payment)
    for _ in range(defence.REFUSALS_A_PAGE):
        stripe_stand_in.press(page, "pay", DECLINED)
    hear(stripe_stand_in, client)
    assert Refusal.objects.filter(page=joined.payment.ref).count() == defence.REFUSALS_A_PAGE
    joined.payment.refresh_from_db()
    assert joined.payment.state == Payment.State.ABANDONED
    assert not gateway.read_checkout(joined.payment.checkout_id).open


def test_while_most_cards_are_refused_a_sign_up_needs_somebody_who_is_signed_in(stripe_stand_in: StandIn, client: Client) -> None:
    tier, treasurer = builders.tier(), people.holder(Role.TREASURER)
    many_refusals(defence.BRAKE_REFUSALS - 1)
    assert press(client, tier, "ada@example.org", "192.0.2.1") == 302
    assert not Message.objects.filter(kind="card_brake").exists()
    many_refusals(5)
    assert press(client, tier, "bo@example.org", "192.0.2.1") == 403
    assert press(people.browser(people.user()), tier, "cy@example.org", "192.0.2.1") == 302
    assert list(Message.objects.filter(kind="card_brake").values_list("to", flat=True)) == [treasurer.email], "one mail, not one a card"
    Refusal.objects.update(at=Refusal.objects.latest("pk").at - defence.BRAKE_WINDOW)
    assert press(client, tier, "di@example.org", "192.0.2.1") == 302, "it lets go by itself"


def test_many_payments_beside_the_refusals_are_a_good_day_and_no_attack(stripe_stand_in: StandIn) -> None:
    joined = builders.sponsor(stripe_stand_in)
    many_refusals(defence.BRAKE_REFUSALS)
    assert defence.braking()
    for number in range(defence.BRAKE_REFUSALS):
        builders.sign_up(joined.sponsorship.tier, people.user(), email=f"a{number}@example.org")
    Payment.objects.exclude(pk=joined.payment.pk).update(state=Payment.State.PAID, paid_on=clock.today(), paid_at=joined.payment.paid_at)
    assert not defence.braking()


def test_a_renewal_that_is_refused_is_no_card_page(stripe_stand_in: StandIn, client: Client) -> None:
    joined = builders.sponsor(stripe_stand_in)
    Payment.objects.update(method=Payment.Method.SAVED_CARD)
    billing.on_news(joined.payment.ref, "pi_1", defence.PAYMENT_REFUSED)
    assert not Refusal.objects.exists()


def test_the_pages_behind_signed_links_are_counted_too(stripe_stand_in: StandIn, client: Client) -> None:
    joined = builders.sponsor(stripe_stand_in)
    where = links.card(joined.sponsorship).removeprefix("http://127.0.0.1:8000")
    answers = [client.post(where, {}).status_code for _ in range(defence.PAGES_OF_A_SPONSORSHIP + 5)]
    assert answers == [302] * defence.PAGES_OF_A_SPONSORSHIP + [429] * 5


def test_while_nobody_can_count_no_page_opens(stripe_stand_in: StandIn, settings: Any) -> None:
    joined = builders.sponsor(stripe_stand_in)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(Unavailable):
        billing.change_card(actor=people.user(), sponsorship=joined.sponsorship)
    with pytest.raises(Unavailable):
        builders.sign_up(joined.sponsorship.tier, email="bo@example.org")


def test_the_service_refuses_what_the_page_would(monkeypatch: pytest.MonkeyPatch) -> None:
    tier = builders.tier()
    many_refusals(defence.BRAKE_REFUSALS)
    with pytest.raises(Refused):
        builders.sign_up(tier)
    Refusal.objects.all().delete()
    monkeypatch.setattr(defence, "SIGN_UPS_OF_AN_ADDRESS", 1)
    builders.sign_up(tier, email="Ada@example.org")
    with pytest.raises(Throttled):
        builders.sign_up(tier, email="ada@EXAMPLE.org")
