from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from funding.audit.models import Record
from funding.errors import Invalid
from funding.payments import gateway, services, tasks
from funding.payments.models import ConnectedAccount, Customer
from tests.funding.builders import organisation, own_party, user
from tests.funding.payments.standin import StandIn

pytestmark = pytest.mark.django_db

RETURN, REFRESH = "http://127.0.0.1:8000/back/", "http://127.0.0.1:8000/again/"


def customers() -> list[Any]:
    return list(gateway.stripe._client().v1.customers.list({}).data)


def test_a_party_has_one_customer(stripe_stand_in: StandIn) -> None:
    party = organisation(email="pay@northgate.example")
    first = services.customer_for(party=party)
    assert services.customer_for(party=party) == first
    assert [(customer.id, customer.email) for customer in customers()] == [(first, "pay@northgate.example")]


def test_a_repeat_after_an_answer_that_got_lost_finds_the_same_customer(stripe_stand_in: StandIn) -> None:
    party = organisation(email="pay@northgate.example")
    first = services.customer_for(party=party)
    # As if this process had died between the processor's answer and our own commit, and the party was renamed since.
    Customer.objects.update(processor_id="")
    party.name = "Northgate Holding"
    party.save()
    assert services.customer_for(party=party) == first
    assert len(customers()) == 1


def test_an_outage_leaves_the_key_for_the_next_try(stripe_stand_in: StandIn, settings: Any) -> None:
    party = organisation(email="pay@northgate.example")
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(gateway.Unavailable):
        services.customer_for(party=party)
    key = Customer.objects.get().key
    settings.STRIPE_API_BASE = stripe_stand_in.base
    services.customer_for(party=party)
    assert Customer.objects.get().key == key


def test_onboarding_makes_an_account_once_and_the_webhook_opens_it(stripe_stand_in: StandIn, client: Client) -> None:
    person = user("Bo Example")
    party = own_party(person)
    with pytest.raises(Invalid) as caught:
        services.start_onboarding(party=party, actor=person, return_url=RETURN, refresh_url=REFRESH)
    assert caught.value.field == "country"
    party.country = "DE"
    party.save()

    link = services.start_onboarding(party=party, actor=person, return_url=RETURN, refresh_url=REFRESH)
    account = ConnectedAccount.objects.get()
    assert (account.country, account.currency, account.payouts_enabled) == ("DE", "EUR", False)
    assert "external_account" in account.requirements
    assert services.start_onboarding(party=party, actor=person, return_url=RETURN, refresh_url=REFRESH) == link
    assert ConnectedAccount.objects.count() == 1
    assert Record.objects.filter(act="payments.start_onboarding").count() == 1

    assert stripe_stand_in.press(link, "submit").location == RETURN
    assert stripe_stand_in.deliver_to(client) == ["account.updated"]
    tasks.sweep_inbox()

    account.refresh_from_db()
    assert (account.payouts_enabled, account.details_submitted, account.requirements) == (True, True, [])


def test_an_account_that_is_blocked_later_is_closed_here_too(stripe_stand_in: StandIn, client: Client) -> None:
    person = user()
    party = own_party(person)
    party.country = "US"
    party.save()
    services.start_onboarding(party=party, actor=person, return_url=RETURN, refresh_url=REFRESH)
    account = ConnectedAccount.objects.get()
    for state, able in (("submitted", True), ("blocked", False)):
        stripe_stand_in.onboard(account.account_id, state)
        stripe_stand_in.deliver_to(client)
        tasks.sweep_inbox()
        account.refresh_from_db()
        assert account.payouts_enabled is able
    assert account.requirements == ["individual.verification.document"]


def test_an_account_that_is_not_ours_is_none_of_our_business(stripe_stand_in: StandIn) -> None:
    assert services.refresh_account(account_id="acct_stranger") is None
