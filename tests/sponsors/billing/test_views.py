"""The sponsor's pages, as a visitor, a sponsor and a stranger meet them."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from funding import clock
from funding.funds import services as funds
from funding.mail.models import Message
from funding.people.models import Membership
from sponsors.billing import defence, links
from sponsors.billing import services as billing
from sponsors.billing.services import Joined
from sponsors.invoices.models import Payment
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers import services as tiers
from sponsors.tiers.models import Tier
from tests.funding import builders as people
from tests.funding.payments.standin import DECLINED, FAILS_LATER, StandIn
from tests.sponsors import builders

pytestmark = pytest.mark.django_db
FORM = {"kind": "person", "name": "Ada Example", "email": "ada@example.org", "naming": "public", "public_name": "", "country": ""}


def join_address(tier: Tier) -> str:
    return reverse("billing:join", args=[tier.project.slug, tier.pk])


def local(address: str) -> str:
    return address.removeprefix("http://127.0.0.1:8000")


def test_a_visitor_chooses_signs_up_pays_and_reads_the_receipt(stripe_stand_in: StandIn, client: Client) -> None:
    with clock.at(builders.JOINED):
        tier = builders.tier(benefits="A seat\nA report")
        assert "Quillon" in client.get("/sponsor/").text
        choice = client.get("/projects/quillon/sponsor/").text
        for words in ("$100", "One fifth of a day", "Card fee, about", "−$3.20", "$91.80", join_address(tier)):
            assert words in choice
        page = client.get(join_address(tier)).text
        for words in ("Pay $100.00 a month", "Sat 28 Feb 2026", "Nothing to do", "Total now"):
            assert words in page
        sent = client.post(join_address(tier), {**FORM, "once": str(uuid.uuid4())})
        assert sent.status_code == 302 and sent.url.startswith(stripe_stand_in.base)
        back = local(stripe_stand_in.press(sent.url, "pay").location)
        receipt = client.get(back)
        for words in ("−$3.20", "−$5.00", "$91.80", "PAY-", "/books/entries/", "Sat 28 Feb 2026", "/giving/stop/", "Ada Example"):
            assert words in receipt.text
        assert "Refresh" not in receipt.headers
        assert "no-store" in receipt.headers["Cache-Control"]
    assert stripe_stand_in.refusals() == []


def test_an_unpaid_page_waits_and_looks_by_itself(stripe_stand_in: StandIn, client: Client) -> None:
    joined = builders.sign_up()
    page = billing.start_checkout(payment=joined.payment)
    waiting = client.get(local(links.paid(joined.payment)))
    assert "on its way" in waiting.text and waiting.headers["Refresh"]
    stripe_stand_in.press(page, "pay", DECLINED)
    page = client.get(local(links.paid(joined.payment))).text
    assert "The card was refused" in page and "declined" not in page, "no detail for whoever tries cards"
    assert Payment.objects.get().state == Payment.State.PROCESSING


def test_the_receipt_page_stands_when_the_processor_does_not(stripe_stand_in: StandIn, client: Client, settings: Any) -> None:
    joined = builders.sign_up()
    billing.start_checkout(payment=joined.payment)
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    assert "cannot be reached" in client.get(local(links.paid(joined.payment))).text


def test_somebody_who_leaves_the_card_page_finds_what_they_typed(stripe_stand_in: StandIn, client: Client) -> None:
    tier = builders.tier()
    sent = client.post(join_address(tier), {**FORM, "kind": "organisation", "country": "NO", "public_name": "Ödön 🦉"})
    stripe_stand_in.press(sent.url, "pay", DECLINED)
    back = local(stripe_stand_in.press(sent.url, "cancel").location)
    answer = client.get(back)
    assert "no-store" in answer.headers["Cache-Control"] and answer.headers["X-Robots-Tag"] == "noindex"
    page = answer.text
    for words in ("The card was refused", "What you entered is kept", "Ada Example", "Ödön 🦉", "ada@example.org"):
        assert words in page
    assert re.search(r'value="NO"\s+selected', page)
    again = client.post(back, {**FORM, "name": "Ada B. Example"})
    assert again.url != sent.url
    assert [it.state for it in Sponsorship.objects.order_by("pk")] == ["ended", "pending"]
    stripe_stand_in.press(again.url, "pay")
    paid = client.get(local(links.back(Sponsorship.objects.latest("pk"))))
    assert paid.status_code == 302 and "/giving/paid/" in paid.url


def test_sign_ups_are_counted_by_the_senders_address(stripe_stand_in: StandIn, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tier = builders.tier()
    monkeypatch.setattr(defence, "SIGN_UPS_OF_A_NETWORK", 1)
    assert client.post(join_address(tier), FORM, REMOTE_ADDR="192.0.2.1").status_code == 302
    assert client.post(join_address(tier), {**FORM, "email": "b@example.org"}, REMOTE_ADDR="192.0.2.1").status_code == 429
    assert client.post(join_address(tier), {**FORM, "email": "b@example.org"}, REMOTE_ADDR="198.51.100.2").status_code == 302


def test_a_second_press_lands_on_the_first_ones_page_and_a_corrected_form_does_not(stripe_stand_in: StandIn, client: Client) -> None:
    tier = builders.tier()
    form = {**FORM, "once": str(uuid.uuid4())}
    first, second = client.post(join_address(tier), form), client.post(join_address(tier), form)
    assert first.url == second.url
    corrected = client.post(join_address(tier), {**form, "email": "ada@right.example"})
    assert corrected.url != first.url
    assert list(Sponsorship.objects.order_by("pk").values_list("contact_email", flat=True)) == ["ada@example.org", "ada@right.example"]


def test_a_tier_for_companies_needs_a_country_and_the_receipt_prints_its_name(stripe_stand_in: StandIn, client: Client) -> None:
    tier = builders.tier(audience="company")
    company = {**FORM, "kind": "organisation"}
    page = client.get(join_address(tier)).text
    assert 'autocomplete="organization"' in page and page.count("(optional)") == 1, "only the public name may stay empty"
    refused = client.post(join_address(tier), {**company, "country": ""})
    assert refused.status_code == 422 and "Choose the country in which the company is registered." in refused.text
    sent = client.post(join_address(tier), {**company, "country": "NO"})
    stripe_stand_in.press(sent.url, "pay")
    assert "Ada Example, Norway" in client.get(local(links.paid(Payment.objects.get()))).text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "is empty"),
        ({"name": "x" * 201}, "at most 200"),
        ({"name": "nul\x00"}, "Null characters"),
        ({"name": "\u202e\u2066"}, "Nothing of this can be seen."),
        ({"email": "nobody"}, "valid email"),
        ({"kind": "organisation", "country": ""}, "Choose the country"),
        ({"country": "QQ"}, "not one of the available choices"),
        ({"naming": "loud"}, "not one of the available choices"),
        ({"public_name": "x" * 2_000_000}, "at most 80"),
    ],
)
def test_bad_input_is_explained_kept_and_changes_nothing(client: Client, change: dict[str, str], words: str) -> None:
    tier = builders.tier()
    answer = client.post(join_address(tier), {**FORM, **change})
    assert answer.status_code == 422
    assert words in answer.text
    assert "ada@example.org" in answer.text or "email" in change
    assert not Sponsorship.objects.exists()


def test_the_processor_away_at_sign_up_says_so_and_another_press_works(stripe_stand_in: StandIn, client: Client, settings: Any) -> None:
    tier, there = builders.tier(), settings.STRIPE_API_BASE
    form = {**FORM, "once": str(uuid.uuid4())}
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    assert client.post(join_address(tier), form).status_code == 503
    settings.STRIPE_API_BASE = there
    assert client.post(join_address(tier), form).url.startswith(stripe_stand_in.base)


def test_what_is_not_offered_has_no_form(client: Client) -> None:
    tier = builders.tier()
    actor = builders.maintainer(tier.project)
    draft = builders.tier(tier.project, published=False)
    assert client.get(join_address(draft)).status_code == 404
    tiers.retire_tier(actor=actor, tier=tier)
    retired = client.get(join_address(tier))
    assert retired.status_code == 410 and "Retired" in retired.text
    assert "No prices yet" in client.get("/projects/quillon/sponsor/").text
    paused = funds.set_project_state(actor=actor, project=tier.project, state="paused")
    assert "Paused" in client.get(f"/projects/{paused.slug}/sponsor/").text
    assert "No project takes sponsors yet" in client.get("/sponsor/").text
    hidden = builders.project("hidden", "Hidden")
    type(hidden).objects.filter(pk=hidden.pk).update(state="draft")
    assert client.get("/projects/hidden/sponsor/").status_code == 404
    assert client.get("/projects/quillon/sponsor/?tier=x").status_code == 400


@pytest.fixture
def sponsored(stripe_stand_in: StandIn) -> Joined:
    with clock.at(builders.JOINED):
        return builders.sponsor(stripe_stand_in, actor=people.user("Olga Owner"), name="Canary Person", naming="secret")


def owner(joined: Joined) -> Client:
    return people.browser(joined.party.memberships.get().user)


def test_my_giving_shows_plans_payments_and_receipts(sponsored: Joined) -> None:
    ref, payment = sponsored.sponsorship.ref, sponsored.payment.ref
    mine = owner(sponsored)
    page = mine.get("/giving/").text
    for words in ("Next charge: Sat 28 Feb 2026, $100.00, from Visa ending 4242. Nothing to do.", "A sponsor", payment, "$100.00"):
        assert words in page
    assert payment in mine.get(f"/giving/{ref}/").text
    receipt = mine.get(f"/giving/{ref}/receipts/{payment}/").text
    assert "$91.80" in receipt and "Canary Person" in receipt
    assert mine.get(f"/giving/{ref}/receipts/PAY-9999/").status_code == 404
    assert "You do not sponsor anything yet" in people.browser(people.user()).get("/giving/").text


def test_somebody_elses_sponsorship_does_not_exist(sponsored: Joined, client: Client) -> None:
    ref, payment = sponsored.sponsorship.ref, sponsored.payment.ref
    employee = people.user()
    people.tie(employee, sponsored.party, Membership.Role.EMPLOYEE)
    for stranger in (people.browser(people.user()), people.browser(employee), people.browser(people.holder("treasurer"))):
        assert stranger.get(f"/giving/{ref}/").status_code == 404
        assert stranger.get(f"/giving/{ref}/receipts/{payment}/").status_code == 404
        assert "Canary" not in stranger.get("/giving/").text
    for path in ("/giving/", f"/giving/{ref}/", f"/giving/{ref}/receipts/{payment}/"):
        assert client.get(path).status_code == 302
    forged = [links.paid(sponsored.payment)[:-2] + "xx/", f"/giving/stop/{links.sign(links.PAID, ref)}/", f"/giving/card/{ref}/"]
    for path in forged:
        assert client.get(local(path)).status_code == 404


def test_stopping_takes_two_presses_and_the_link_then_tells_how_things_stand(sponsored: Joined, client: Client) -> None:
    letter = Message.objects.get(kind="receipt").body
    address = local(re.search(r"\S+/giving/stop/\S+", letter).group())  # type: ignore[union-attr]
    page = client.get(address)
    assert "Stop this sponsorship" in page.text
    sponsored.sponsorship.refresh_from_db()
    assert sponsored.sponsorship.stopped_at is None, "opening the link stops nothing"
    assert client.post(address, {}).status_code == 302
    after = client.get(address).text
    assert "your card is not charged again" in after and "<form class" not in after
    assert client.post(address, {}).status_code == 302
    assert Message.objects.filter(kind="sponsorship_stopped").count() == 1
    sponsored.sponsorship.refresh_from_db()
    assert sponsored.sponsorship.stopped_at is not None


def test_a_failed_renewal_is_paid_from_the_link_in_the_mail(stripe_stand_in: StandIn, client: Client) -> None:
    with clock.at(builders.JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER)
        assert "Nothing is owed" in client.get(local(links.pay(joined.sponsorship))).text
    with clock.at(dt.datetime(2026, 2, 28, tzinfo=dt.UTC)):
        billing.run_billing()
        letter = Message.objects.get(kind="card_failed").body
        address = local(re.search(r"\S+/giving/pay/\S+", letter).group())  # type: ignore[union-attr]
        page = client.get(address).text
        assert "The last charge was refused. Invoice" in page and "Pay $100.00 now" in page
        sent = client.post(address, {"once": str(uuid.uuid4())})
        back = local(stripe_stand_in.press(sent.url, "pay").location)
        assert "$91.80" in client.get(back).text
        assert "Nothing is owed" in client.get(address).text
        assert client.post(address, {}).status_code == 409


def test_a_payment_that_needs_a_person_is_on_the_desk_with_its_reason(stripe_stand_in: StandIn, client: Client, settings: Any) -> None:
    treasurer = people.browser(people.holder("treasurer"))
    with clock.at(builders.JOINED):
        builders.sponsor(stripe_stand_in)
    billing.start_checkout(payment=builders.sign_up(Tier.objects.get(), email="bo@example.org").payment)
    Payment.objects.update(looks=20)
    assert "No payment needs a person." in treasurer.get("/desk/payments/").text
    key, settings.STRIPE_SECRET_KEY = settings.STRIPE_SECRET_KEY, "rk_wrong"
    with clock.at(dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC)):
        assert billing.run_billing().failed == 1
    stuck = Payment.objects.get(method=Payment.Method.SAVED_CARD)
    assert (stuck.state, bool(stuck.trouble)) == (Payment.State.PROCESSING, True)
    page = treasurer.get("/desk/payments/").text
    assert stuck.ref in page and stuck.ref in treasurer.get("/desk/waiting/").text
    assert people.browser(people.user()).get("/desk/payments/").status_code == 403
    assert client.get("/desk/payments/").status_code == 302
    settings.STRIPE_SECRET_KEY = key
    billing.settle(payment_id=stuck.pk)
    assert "No payment needs a person." in treasurer.get("/desk/payments/").text


@pytest.mark.parametrize("path", ["/sponsor/", "/projects/quillon/sponsor/", "/giving/"])
def test_lists_take_a_constant_number_of_queries(stripe_stand_in: StandIn, path: str, django_assert_num_queries: Any) -> None:
    tier, user = builders.tier(), people.user()
    builders.sponsor(stripe_stand_in, tier, actor=user)
    reader = people.browser(user)

    def count() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            assert reader.get(path).status_code == 200
        return len(queries)

    with_one = count()
    for number in range(2):
        other = builders.tier(tier.project, 2_000 + number)
        builders.sponsor(stripe_stand_in, other, actor=user)
    assert count() == with_one
