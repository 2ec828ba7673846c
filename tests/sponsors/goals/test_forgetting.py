"""“Your card is not kept” holds at the processor too: nobody can charge it any more, whatever dies on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from funding import clock
from funding.payments import gateway
from funding.web.models import Trouble
from sponsors.billing.models import ForgottenCard
from sponsors.billing.services import detach_cards
from sponsors.goals import services as goals
from sponsors.goals.models import Pledge
from sponsors.sponsorships.models import Sponsorship
from tests.funding.payments.standin import StandIn
from tests.sponsors.goals import builders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _while_open() -> Iterator[None]:
    with clock.at(builders.OPENED):
        yield


@pytest.fixture
def withdrawn(stripe_stand_in: StandIn) -> tuple[Pledge, str]:
    """With the card that it had."""
    pledge = builders.pledge(stripe_stand_in, builders.goal())
    card = pledge.sponsorship.payment_method
    goals.withdraw(actor=AnonymousUser(), pledge=pledge)
    return builders.fresh(pledge), card


def test_it_is_taken_from_its_customer_once(withdrawn: tuple[Pledge, str], stripe_stand_in: StandIn) -> None:
    pledge, card = withdrawn
    assert card.startswith("pm_") and pledge.sponsorship.payment_method == ""
    assert ForgottenCard.objects.get().payment_method == card
    assert [detach_cards(), detach_cards()] == [1, 0]
    assert not ForgottenCard.objects.exists(), "we do not keep its id either"
    with pytest.raises(gateway.Rejected, match="not attached"):
        gateway.detach_card(card)


@pytest.mark.parametrize("bad_day", ["down", "500", "timeout_before", "timeout_after"])
def test_a_processor_that_has_a_bad_day_is_asked_again(withdrawn: tuple[Pledge, str], stripe_stand_in: StandIn, bad_day: str) -> None:
    stripe_stand_in.trouble(bad_day)
    assert detach_cards() == 0
    assert ForgottenCard.objects.get().tries == 1 and not Trouble.objects.exists()
    assert detach_cards() == 0, "not at once"
    stripe_stand_in.clear()
    ForgottenCard.objects.update(next_try_at=timezone.now())
    assert detach_cards() == 1
    assert not ForgottenCard.objects.exists() and not Trouble.objects.exists()


def test_an_answer_that_was_lost_is_no_trouble(withdrawn: tuple[Pledge, str]) -> None:
    gateway.detach_card(withdrawn[1])
    assert detach_cards() == 1
    assert not Trouble.objects.exists() and not ForgottenCard.objects.exists()


def test_a_card_that_another_promise_uses_is_left_alone(withdrawn: tuple[Pledge, str]) -> None:
    Sponsorship.objects.update(payment_method=withdrawn[1])
    assert detach_cards() == 0
    assert ForgottenCard.objects.get().tries == 0
