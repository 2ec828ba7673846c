"""A day rate counts once somebody independent agrees, from its date on, and never changes what was before."""

from __future__ import annotations

import datetime as dt

import pytest

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.mail.models import Message
from funding.money import Money
from funding.people import services as people
from funding.people.models import User
from funding.people.roles import Role
from grants.rates import services
from grants.rates.models import RateCard
from tests.grants import builders

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 21)


@pytest.fixture(autouse=True)
def _today() -> object:
    builders.the_host()
    with clock.at(dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)):
        yield


def proposed(person: User, amount: int = 45900, since: dt.date = TODAY) -> RateCard:
    return services.propose(actor=person, rate=Money(amount, "USD"), effective_from=since)


def test_the_rate_in_force_is_the_latest_approved_by_that_day() -> None:
    person, decider = builders.user(), builders.holder(Role.TREASURER)
    for amount, since in [(40000, TODAY), (50000, TODAY + dt.timedelta(days=30))]:
        services.approve(actor=decider, card=proposed(person, amount, since))
    proposed(person, 90000, TODAY + dt.timedelta(days=10))
    days = [TODAY - dt.timedelta(days=1), TODAY, TODAY + dt.timedelta(days=29), TODAY + dt.timedelta(days=30)]
    found = [services.rate_on(user=person, currency="USD", day=day) for day in days]
    assert found == [None, Money(40000, "USD"), Money(40000, "USD"), Money(50000, "USD")]
    assert services.rate_on(user=person, currency="EUR", day=TODAY) is None


@pytest.mark.parametrize(("who", "rule"), [("nobody", "role"), ("self", "prepared"), ("relation", "relation"), ("colleague", "employer")])
def test_nobody_decides_their_own_or_a_friends_rate(who: str, rule: str) -> None:
    person = builders.holder(Role.ADMIN) if who == "self" else builders.user()
    decider = {"self": person, "nobody": builders.user()}.get(who) or builders.holder(Role.TREASURER)
    if who == "relation":
        people.declare_relation(actor=person, other=decider, kind="family")
    if who == "colleague":
        employer = builders.organisation()
        builders.tie(person, employer)
        builders.tie(decider, employer)
    card = proposed(person)
    for verb in (
        lambda: services.approve(actor=decider, card=card),
        lambda: services.decline(actor=decider, card=card, reason="Too much"),
    ):
        with pytest.raises(Refused) as refusal:
            verb()
        assert refusal.value.rule == rule
    card.refresh_from_db()
    assert card.state == "proposed"
    assert Record.objects.filter(outcome="refused", rule=rule, actor_id=decider.pk, subject=card.ref).count() == 2


def test_a_decision_is_made_once_and_told() -> None:
    person, decider = builders.user(), builders.holder(Role.ADMIN)
    card = proposed(person)
    assert Message.objects.get(kind="rate_proposed").to == decider.email
    services.decline(actor=decider, card=card, reason="Above what the funds can bear")
    with pytest.raises(Conflict):
        services.approve(actor=decider, card=card)
    told = Message.objects.get(kind="rate_decided")
    assert told.to == person.email
    assert "Above what the funds can bear" in told.body


@pytest.mark.parametrize(
    ("rate", "since", "field"),
    [
        (Money(45901, "USD"), TODAY, "rate"),
        (Money(0, "USD"), TODAY, "rate"),
        (Money(-45900, "USD"), TODAY, "rate"),
        (Money(45900, "EUR"), TODAY, "currency"),
        (Money(45900, "USD"), TODAY - dt.timedelta(days=1), "effective_from"),
        (Money(45900, "USD"), TODAY + dt.timedelta(days=800), "effective_from"),
    ],
)
def test_a_rate_that_cannot_be_meant(rate: Money, since: dt.date, field: str) -> None:
    with pytest.raises(Invalid) as error:
        services.propose(actor=builders.user(), rate=rate, effective_from=since)
    assert error.value.field == field
    assert not RateCard.objects.exists()


def test_one_question_at_a_time_for_one_date() -> None:
    person = builders.user()
    card = proposed(person)
    with pytest.raises(Invalid, match="already"):
        proposed(person, 50000)
    services.withdraw(actor=person, card=card)
    proposed(person, 50000)


def test_two_approved_rates_never_begin_on_one_day() -> None:
    person, decider = builders.user(), builders.holder(Role.ADMIN)
    services.approve(actor=decider, card=proposed(person))
    second = proposed(person, 50000)
    with pytest.raises(Conflict, match="approved from this date already"):
        services.approve(actor=decider, card=second)


def test_only_the_person_withdraws() -> None:
    card = proposed(builders.user())
    with pytest.raises(Refused) as refusal:
        services.withdraw(actor=builders.holder(Role.ADMIN), card=card)
    assert refusal.value.rule == "owner"
