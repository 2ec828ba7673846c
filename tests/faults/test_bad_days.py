"""Every bad day of the processor against every step that calls it: when the day is over and the sweepers ran, all is right.

Right means: what should have happened did, once; the processor's balance is the books' cash; the books hold; and nothing waits.
A person who was told "not now" tries once more afterwards, as people do; nobody else lends a hand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from django.test import Client
from django.utils import timezone

from funding import clock
from funding.ledger.models import Account
from funding.ledger.selectors import balances
from funding.money import Money
from funding.payments import gateway, reconciliation
from funding.payments.models import InboxEvent
from funding.site.demo import schedule
from grants.payouts import executing
from grants.payouts.models import Payout
from sponsors.billing import services as billing
from sponsors.invoices.models import Payment
from tests.funding.payments.standin import StandIn
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders as desk
from tests.scenarios import books
from tests.sponsors import builders as money_in

pytestmark = pytest.mark.django_db

FEBRUARY = money_in.JOINED + dt.timedelta(days=29)
TOP_UP = Money(1_000_000, "USD")
SEAT = 10_000 - 320


@dataclass(frozen=True)
class Day:
    """`begin` makes it bad."""

    name: str
    begin: Callable[[StandIn], object]


def trouble(kind: str, count: int = 0, operation: str = "") -> Day:
    label = f"{kind} for {operation}" if operation else kind
    return Day(label if not count else f"{label}, {count} times", lambda stand_in: stand_in.trouble(kind, count, operation))


NEWS = [
    Day("news three times", lambda stand_in: stand_in.weather(duplicate=2)),
    Day("news late", lambda stand_in: stand_in.weather(delay=3_600)),
    Day("news turned", lambda stand_in: stand_in.weather(reorder=True)),
    Day("news lost", lambda stand_in: stand_in.weather(drop=True)),
    Day("news twice, turned, and half of it lost", lambda stand_in: stand_in.weather(duplicate=1, reorder=True, drop=3)),
]
ANSWERS = [trouble(kind) for kind in ("429", "500", "timeout_before", "timeout_after", "down")]
ONCE = [trouble("timeout_after", 1, "POST"), trouble("500", 1, "GET"), trouble("timeout_before", 2)]
QUICK = {"500", "timeout_after", "news lost", "news twice, turned, and half of it lost"}
"""Those that each quick run of the tests goes through; a thorough one takes all."""
DAYS = [pytest.param(day, id=day.name, marks=() if day.name in QUICK else pytest.mark.slow) for day in [*ANSWERS, *NEWS, *ONCE]]


@dataclass
class World:
    stand_in: StandIn
    client: Client
    apart: int = 0
    """By how much the processor's balance and the books differed before the day began: a test's own money."""

    def attempt(self, step: Callable[[], object]) -> bool:
        """One press. False when the person was told that it cannot be done now."""
        with suppress(gateway.Unavailable):
            step()
            return True
        return False

    def hear(self) -> None:
        self.stand_in.deliver_to(self.client)

    def beat(self) -> None:
        """One round of the schedule, with everything due that waits."""
        now = timezone.now()
        InboxEvent.objects.filter(state=InboxEvent.State.RECEIVED).update(next_try_at=now)
        Payment.objects.filter(state__in=Payment.OPEN).update(next_look_at=now)
        Payout.objects.filter(next_try_at__isnull=False).update(next_try_at=clock.now())
        schedule.run_due()

    def clear(self) -> None:
        """The day is over: late news comes in, and the schedule runs a few times more."""
        self.stand_in.clear()
        for _ in range(3):
            self.hear()
            self.beat()

    def difference(self) -> int:
        (cash,) = balances(Account.objects.filter(code="cash:stripe:USD")).values()
        (held,) = gateway.read_balance()
        return held.total.amount - cash.amount.amount

    def is_right(self) -> None:
        assert self.difference() == self.apart, "the processor and the books disagree"
        assert "The books hold" in books.verified()
        assert not InboxEvent.objects.filter(state__in=[InboxEvent.State.RECEIVED, InboxEvent.State.PARKED]).exists()
        assert reconciliation.reconcile(grace=dt.timedelta()).opened == 0
        assert self.stand_in.refusals() == []


@pytest.fixture
def world(stripe_stand_in: StandIn, client: Client) -> World:
    return World(stripe_stand_in, client)


@pytest.fixture(autouse=True)
def _january() -> Iterator[None]:
    with clock.at(money_in.JOINED):
        yield


@pytest.mark.parametrize("day", DAYS)
def test_a_sponsor_signs_up(world: World, day: Day) -> None:
    joined = money_in.sign_up(money_in.tier())
    day.begin(world.stand_in)
    opened = world.attempt(lambda: billing.start_checkout(payment=joined.payment))
    world.stand_in.clear()
    page = billing.start_checkout(payment=joined.payment)

    day.begin(world.stand_in)
    world.stand_in.press(page, "pay")
    world.attempt(lambda: billing.settle(payment_id=joined.payment.pk))
    world.hear()
    world.beat()
    world.clear()
    if gateway.read_checkout(Payment.objects.get(pk=joined.payment.pk).checkout_id).open:
        # The page itself was down. The visitor still has it open and presses again.
        world.stand_in.press(page, "pay")
        world.clear()

    joined = money_in.settled(joined)
    assert (joined.payment.state, money_in.in_fund(joined.sponsorship.tier.project)) == (Payment.State.BOOKED, 91_80), opened
    assert charged() == [10_000]
    world.is_right()


@pytest.mark.parametrize("day", DAYS)
def test_a_sponsorship_renews(world: World, day: Day) -> None:
    joined = money_in.sponsor(world.stand_in)
    world.hear()
    with clock.at(FEBRUARY):
        day.begin(world.stand_in)
        world.attempt(billing.run_billing)
        world.hear()
        world.beat()
        world.clear()

        assert [payment.state for payment in money_in.payments_of(joined)] == [Payment.State.BOOKED] * 2
        assert money_in.in_fund(joined.sponsorship.tier.project) == 2 * 91_80
        assert charged() == [10_000, 10_000]
        world.is_right()


@pytest.mark.parametrize("day", DAYS)
def test_a_payee_is_paid(world: World, day: Day) -> None:
    with clock.at(work.NOW):
        people = desk.desk()
        engagement = work.engagement(work.user("Marit Solheim"))
        desk.approved(engagement, 4, people.lead)
        desk.onboarded(engagement.payee, engagement.worker, world.stand_in, balance=TOP_UP)
        world.apart = world.difference()
        reconciliation.reconcile(grace=dt.timedelta())
        world.hear()
        (payout,) = desk.released(people)

        day.begin(world.stand_in)
        executing.execute(payout_id=payout.pk)
        world.hear()
        world.beat()
        world.clear()

        payout.refresh_from_db()
        assert (payout.state, payout.money) == (Payout.State.CONFIRMED, Money(payout.run.control_total, "USD"))
        sent = gateway.stripe._client().v1.transfers.list({"limit": 100}).data
        assert [transfer.amount for transfer in sent] == [payout.money.amount]
        world.is_right()


def charged() -> list[int]:
    """What was taken from cards, in minor units."""
    intents = gateway.stripe._client().v1.payment_intents.list({"limit": 100}).data
    return [intent.amount_received for intent in intents if intent.status == "succeeded"]
