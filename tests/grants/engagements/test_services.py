"""An engagement adopts what was reserved, once, in the transaction that decided it."""

from __future__ import annotations

from typing import Any

import pytest

from funding import clock, days
from funding.errors import Conflict, Invalid
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import ReservationMove
from funding.mail.models import Message
from funding.money import Money
from funding.people import services as people
from grants.committee.signals import determination_published
from grants.engagements import policies, refs, services
from grants.engagements.models import Engagement
from tests.grants.engagements import builders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _october() -> Any:
    with clock.at(builders.NOW):
        yield


def test_it_keeps_the_terms_and_the_order_of_the_funds() -> None:
    general, tiers = builders.fund("general"), builders.fund("tiers")
    made = builders.engagement(builders.user("Marit Solheim"), half_days=4, split=[(tiers, 30000), (general, 61800)])
    assert (made.ref, made.rate, made.cap, made.payee.name) == (f"E-{made.pk:04d}", builders.RATE, Money(91800, "USD"), "Marit Solheim")
    assert [(source.fund, source.open.amount, source.position) for source in made.funds.all()] == [(tiers, 30000, 0), (general, 61800, 1)]
    mail = Message.objects.get(kind="engagement_begun")
    assert "Nobody may approve your days yet" in mail.body


def test_a_repeat_returns_the_first() -> None:
    made = builders.engagement(builders.user("Marit Solheim"))
    reservations = [source.reservation for source in made.funds.all()]
    again = services.adopt(proposal=made.proposal, half_days=10, rate=builders.RATE, reservations=reservations, starts_on=clock.today())
    assert again == made
    assert Engagement.objects.count() == 1


def test_reservations_that_do_not_cover_the_days_begin_nothing() -> None:
    with pytest.raises(Invalid, match=r"2 days at \$459.00 a day cost \$918.00, and \$917.00 was reserved"):
        builders.engagement(builders.user("Marit Solheim"), half_days=4, split=[(builders.fund("general"), 91700)])
    assert not Engagement.objects.exists()


def test_the_news_of_a_funded_determination_begins_it_and_of_a_declined_one_does_not() -> None:
    made = builders.engagement(builders.user("Marit Solheim"), half_days=4)
    other = builders.project("other")
    builders.user("Lead Person", "maintainer@project:other")
    source = builders.fund("spare")
    builders.put_money(source, 91800)
    proposal = type(made.proposal).objects.get(pk=made.proposal_id)
    proposal.pk, proposal.ref, proposal.project = None, "P-9001", other
    proposal.save(force_insert=True)
    determination = type("Record", (), {"half_days": 4})()
    determination_published.send(None, proposal=proposal, determination=determination, reservations=[])
    assert Engagement.objects.count() == 1
    held = ledger.reserve(account=source.account, amount=91800, holder=("proposal", proposal.pk), key="P-9001", at=clock.now())
    determination_published.send(None, proposal=proposal, determination=determination, reservations=[held])
    begun = Engagement.objects.get(proposal=proposal)
    assert (begun.project, begun.cap_half_days, begun.starts_on) == (other, 4, clock.today())
    assert [problem for result in checks.run() for problem in result.problems] == []


def test_who_could_approve() -> None:
    worker = builders.user("Marit Solheim", "maintainer@project:quillon", "admin")
    made = builders.engagement(worker)
    assert policies.approvers(made) == []
    lead, admin = builders.user("Lead Person", "maintainer@project:quillon"), builders.user("An Admin", "admin")
    builders.user("Other Lead", "maintainer@project:other")
    recused = builders.user("Recused Lead", "maintainer@project:quillon")
    people.bar(user=recused, subject=made.proposal.subject, reason="co-author")
    assert policies.approvers(made) == [lead, admin]


def test_what_is_closed_stays_closed() -> None:
    made = builders.engagement(builders.user("Marit Solheim"))
    back = services.close_early(engagement=made, keep=Money(22950, "USD"))
    assert back == days.price(10, builders.RATE) - Money(22950, "USD")
    with pytest.raises(Conflict):
        services.close_early(engagement=made, keep=Money.zero("USD"))
    assert services.complete(engagement=made).state == "ended"


def test_the_last_fund_gives_back_first() -> None:
    general, tiers = builders.fund("general"), builders.fund("tiers")
    made = builders.engagement(builders.user("Marit Solheim"), half_days=4, split=[(tiers, 30000), (general, 61800)])
    services.close_early(engagement=made, keep=Money(40000, "USD"))
    assert [source.open.amount for source in made.funds.all()] == [30000, 10000]


def test_what_is_given_back_locks_the_accounts_in_the_order_of_their_numbers() -> None:
    """Two endings, or an ending and a payout, that took them in different orders would wait for each other."""
    first, second = builders.fund("general"), builders.fund("tiers")
    made = builders.engagement(builders.user("Marit Solheim"), half_days=4, split=[(first, 30000), (second, 61800)])
    services.close_early(engagement=made, keep=Money.zero("USD"))
    moves = ReservationMove.objects.filter(kind="release").order_by("pk").select_related("reservation")
    assert [move.reservation.account_id for move in moves] == sorted([first.account_id, second.account_id])


@pytest.mark.parametrize(
    ("ref", "number"), [("E-0001", 1), ("E-12345", 12345), ("E-", None), ("E-²", None), ("W-0001", None), ("E-1e5", None), ("", None)]
)
def test_references(ref: str, number: int | None) -> None:
    assert refs.number(ref, "E") == number
