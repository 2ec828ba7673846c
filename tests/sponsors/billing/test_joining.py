"""Signing up and paying, against the real stand-in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail as outbox

from funding import clock
from funding.errors import Conflict, Invalid, Refused, Throttled, Unavailable
from funding.payments import gateway
from funding.people.models import Membership, Party
from sponsors.billing import defence
from sponsors.billing import services as billing
from sponsors.billing.services import joining
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers import services as tiers
from tests.funding import builders as people
from tests.funding.payments.standin import DECLINED, FAILS_LATER, StandIn
from tests.sponsors import builders
from tests.sponsors.builders import JOINED

pytestmark = pytest.mark.django_db

State = Payment.State
DAY = dt.timedelta(days=1)


def at(year: int, month: int, day: int) -> Any:
    return clock.at(dt.datetime(year, month, day, 12, tzinfo=dt.UTC))


def test_pressing_pay_twice_opens_one_page(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
    with at(2026, 2, 28):
        billing.run_billing()
        first = billing.pay(actor=people.user(), sponsorship=joined.sponsorship)
        assert billing.pay(actor=people.user(), sponsorship=joined.sponsorship) == first
        stripe_stand_in.press(first, "pay")
        assert "/giving/paid/" in billing.pay(actor=people.user(), sponsorship=joined.sponsorship)
    assert builders.in_fund(joined.sponsorship.project) == 2 * 9_180
    with pytest.raises(Conflict):
        billing.pay(actor=people.user(), sponsorship=joined.sponsorship)


def test_a_page_that_expired_unpaid_ends_the_sign_up(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    billing.start_checkout(payment=joined.payment)
    joined.payment.refresh_from_db()
    gateway.expire_checkout(joined.payment.checkout_id)
    builders.settled(joined)
    assert (joined.payment.state, joined.sponsorship.state) == (State.ABANDONED, Sponsorship.State.ENDED)
    assert joined.invoice.state == Invoice.State.VOID


def test_a_sign_up_whose_page_was_never_opened_is_given_up_after_a_day(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    builders.settled(joined)
    assert joined.payment.state == State.CREATED
    Payment.objects.update(key_at=joined.payment.key_at - 2 * DAY)
    builders.settled(joined)
    assert (joined.payment.state, joined.sponsorship.state) == (State.ABANDONED, Sponsorship.State.ENDED)


def test_coming_back_from_the_card_page_replaces_the_sign_up(stripe_stand_in: StandIn) -> None:
    tier = builders.tier()
    first = builders.sign_up(tier)
    page = billing.start_checkout(payment=first.payment)
    details = {"kind": "person", "name": "Ada Example", "email": "ada@example.org"}
    second = billing.join(actor=people.user(), tier=tier, replaces=first.sponsorship, **details)
    assert second != page
    first.sponsorship.refresh_from_db()
    assert first.sponsorship.state == Sponsorship.State.ENDED

    third = Sponsorship.objects.exclude(pk=first.sponsorship.pk).get()
    stripe_stand_in.press(second, "pay")
    assert "/giving/paid/" in billing.join(actor=people.user(), tier=tier, replaces=third, **details)
    assert Sponsorship.objects.count() == 2


def test_a_declined_card_leaves_its_reason_and_another_try_works(stripe_stand_in: StandIn) -> None:
    joined = builders.sign_up()
    page = billing.start_checkout(payment=joined.payment)
    stripe_stand_in.press(page, "pay", DECLINED)
    builders.settled(joined)
    assert (joined.payment.state, joined.payment.failure_code) == (State.PROCESSING, "generic_decline")
    stripe_stand_in.press(page, "pay")
    builders.settled(joined)
    assert (joined.payment.state, joined.payment.failure_code) == (State.BOOKED, "")


def test_who_signs_in_pays_through_their_own_party() -> None:
    tier, ada = builders.tier(), people.user("Ada Example")
    first, second = builders.sign_up(tier, ada), builders.sign_up(tier, ada)
    company = builders.sign_up(tier, ada, kind="organisation", name="Bracken  & Lowe", country="GB")
    same = builders.sign_up(tier, ada, kind="organisation", name="bracken & lowe", country="GB")
    assert first.party == second.party != company.party == same.party
    assert Membership.objects.filter(user=ada, role=Membership.Role.OWNER).count() == 2
    stranger = builders.sign_up(tier, email="ada.example@example.org")
    assert stranger.party != first.party and not stranger.party.memberships.exists()
    assert Party.objects.filter(name="Bracken & Lowe").count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " \u202e "}, "name"),
        ({"kind": "organisation", "country": ""}, "country"),
        ({"kind": "bank"}, "kind"),
        ({"naming": "loud"}, "naming"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_field(fields: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        builders.sign_up(**fields)
    assert refused.value.field == field
    assert not Sponsorship.objects.exists()


def test_a_tier_for_companies_is_not_for_people_and_a_retired_one_for_nobody() -> None:
    tier = builders.tier(audience="company")
    with pytest.raises(Invalid):
        builders.sign_up(tier)
    tiers.retire_tier(actor=builders.maintainer(tier.project), tier=tier)
    with pytest.raises(Conflict):
        builders.sign_up(tier, kind="organisation", country="NO")


def test_public_names_keep_scripts_and_lose_tricks() -> None:
    joined = builders.sign_up(public_name="  שרה\u202e\n Ödön 🦉 ")
    assert joined.sponsorship.public_name == "שרה Ödön 🦉"
    assert builders.sign_up(joined.sponsorship.tier, naming="secret").sponsorship.shown_name == "A sponsor"
    assert outbox.outbox == []


def test_an_address_that_signs_up_again_and_again_without_paying_has_to_wait(stripe_stand_in: StandIn) -> None:
    tier = builders.tier()
    for _ in range(10):
        builders.sign_up(tier)
    with pytest.raises(Refused):
        builders.sign_up(tier)
    builders.sign_up(tier, email="bo@example.org")
    with clock.at(clock.now() + dt.timedelta(minutes=61)):
        builders.sign_up(tier)


def test_sign_ups_from_one_place_and_of_one_tier_are_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    tier = builders.tier()
    monkeypatch.setattr(defence, "SIGN_UPS_OF_A_NETWORK", 2)
    for number in range(2):
        builders.sign_up(tier, email=f"a{number}@example.org", place="2001:db8::7")
    with pytest.raises(Throttled):
        builders.sign_up(tier, email="a2@example.org", place="2001:db8::7")
    builders.sign_up(tier, email="a3@example.org", place="2001:db8:0:1::8")
    monkeypatch.setattr(joining, "UNPAID_OF_A_TIER", 3)
    with pytest.raises(Refused):
        builders.sign_up(tier, email="a4@example.org")
    builders.sign_up(builders.tier(tier.project, 2_000), email="a4@example.org")


def test_nobody_signs_up_while_nobody_can_count_them(settings: Any) -> None:
    """A public card page is closed rather than left without its limit."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(Unavailable):
        builders.sign_up(place="2001:db8::9")
    assert not Sponsorship.objects.exists()
