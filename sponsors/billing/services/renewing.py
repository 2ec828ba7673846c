"""Our own billing clock: the next invoice of each sponsorship on its day, and the charge of the saved card for it.

The unique invoice per sponsorship and period makes every run safe to repeat, at once or a week later. Periods that
passed while nothing ran are caught up one by one; a sponsorship that is unpaid is not billed further.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from funding import clock
from funding.errors import Conflict
from funding.money import Money
from funding.web import trouble
from sponsors.billing.services import recording
from sponsors.billing.services.collecting import collect
from sponsors.dunning import services as dunning
from sponsors.invoices import services as invoices
from sponsors.invoices.models import Payment
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Interval

TASK = "sponsors.billing.tasks.run_billing"

State = Sponsorship.State


@dataclass(slots=True)
class BillingRun:
    """Counts of one run. `collected` and `declined` are sums in minor units by currency; `failed` are errors of ours."""

    renewed: int = 0
    paid: int = 0
    refused: int = 0
    waiting: int = 0
    ended: int = 0
    failed: int = 0
    collected: Counter[str] = field(default_factory=Counter)
    declined: Counter[str] = field(default_factory=Counter)

    def add(self, payment: Payment) -> None:
        self.renewed += 1
        if payment.state in Payment.TAKEN:
            self.paid += 1
            self.collected[payment.currency] += payment.gross
        elif payment.state == Payment.State.FAILED:
            self.refused += 1
            self.declined[payment.currency] += payment.gross
        elif payment.state in Payment.OPEN:
            self.waiting += 1

    def __str__(self) -> str:
        def sums(counted: Counter[str]) -> str:
            return f" ({', '.join(str(Money(amount, currency)) for currency, amount in sorted(counted.items()))})" if counted else ""

        return (
            f"Renewed {self.renewed}: {self.paid} paid{sums(self.collected)}, {self.refused} refused{sums(self.declined)}, "
            f"{self.waiting} waiting for the processor. Ended {self.ended}. Errors {self.failed}."
        )


@transaction.atomic
def renew(*, sponsorship_id: int, on: dt.date) -> Payment | None:
    """The next invoice of a sponsorship that is due on or before `on`, with an attempt to collect it. No network.

    Returns the attempt, the first one again on a repeat, or None when nothing is due.
    """
    sponsorship = recording.lock_sponsorship(sponsorship_id)
    start = sponsorship.next_charge_on
    if start is None or start > on:
        return None
    sponsorship.grace_days = dunning.in_force()[1].grace_days
    sponsorship.save(update_fields=["grace_days"])
    invoice = invoices.issue(sponsorship=sponsorship, period_start=start, due_on=start)
    return invoices.live_payment(invoice) or invoices.attempt(invoice=invoice, method=Payment.Method.SAVED_CARD)


def run_billing(*, until: dt.date | None = None, limit: int | None = None) -> BillingRun:
    """Renew and collect everything that is due up to and including `until` (today unless told), and end what has run out.

    Raises Conflict for a later date than today: a card is never charged before its day.
    One sponsor's failure never stops the others: it is kept where a person sees it, and counted.
    `limit` bounds the sponsorships of one run.
    """
    today = clock.today()
    until = until or today
    if until > today:
        raise Conflict(f"{until} has not come yet. Cards are charged on their day and not before.")
    run, watch = BillingRun(), trouble.Watch(TASK)
    with recording.together():
        for pk in _due(until, limit):
            with watch.item(f"sponsorship:{pk}"):
                _bill(pk, until, run)
    run.failed = watch.failed
    for pk in _over(until):
        run.ended += _end(pk, until)
    return run


def _due(until: dt.date, limit: int | None) -> list[int]:
    """The longest overdue first. A charge whose outcome is open belongs to the sweeper, and must not fill `limit`."""
    waiting = Payment.objects.filter(state__in=Payment.UNDECIDED, invoice__sponsorship=OuterRef("pk"))
    found = Sponsorship.objects.filter(~Exists(waiting), state=State.ACTIVE, paid_through__lt=until, stopped_at=None)
    found = found.exclude(interval=Interval.ONCE)
    return list(found.order_by("paid_through", "pk").values_list("pk", flat=True)[:limit])


def _bill(sponsorship_id: int, until: dt.date, run: BillingRun) -> None:
    """Every period that is due. A payment that was not taken ends the loop: the next period waits for it."""
    while (payment := renew(sponsorship_id=sponsorship_id, on=until)) is not None:
        if payment.state != Payment.State.CREATED:
            run.waiting += 1
            return
        payment = collect(payment_id=payment.pk)
        run.add(payment)
        if payment.state not in Payment.TAKEN or not _due_again(sponsorship_id, until):
            return


def _due_again(sponsorship_id: int, until: dt.date) -> bool:
    """Whether another period is due, read without the locks: after an outage only."""
    return Sponsorship.objects.filter(pk=sponsorship_id, paid_through__lt=until, stopped_at=None).exists()


def _over(day: dt.date) -> list[int]:
    stopped = Q(stopped_at__isnull=False) | Q(interval=Interval.ONCE)
    return list(Sponsorship.objects.filter(stopped, state=State.ACTIVE, paid_through__lt=day).values_list("pk", flat=True))


@transaction.atomic
def _end(sponsorship_id: int, day: dt.date) -> int:
    sponsorship = recording.lock_sponsorship(sponsorship_id)
    if sponsorship.state != State.ACTIVE or sponsorship.paid_through is None or sponsorship.paid_through >= day:
        return 0
    recording.end(sponsorship)
    return 1
