"""What a renewal that was refused meets, day by day: its steps, the end of its perks, and the end of the sponsorship.

Each step happens once (a unique row) and is found again by a query, so that a run may be repeated, killed or missed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from django.db import transaction

from funding import clock
from funding.errors import Conflict
from funding.money import Money
from funding.web import trouble
from sponsors.billing import emails
from sponsors.billing.services import recording, resuming
from sponsors.billing.services.collecting import collect
from sponsors.dunning import selectors
from sponsors.dunning import services as dunning
from sponsors.dunning.models import Course, StepTaken
from sponsors.invoices import services as invoices
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import SPONSORSHIP, Sponsorship
from sponsors.sponsorships.selectors import grace_over

TASK = "sponsors.billing.tasks.run_dunning"
Method = Payment.Method


@dataclass(slots=True)
class DunningRun:
    """Counts of one run. `recovered` are sums in minor units by currency; `failed` are errors of ours."""

    steps: int = 0
    retried: int = 0
    paid: int = 0
    waiting: int = 0
    past_due: int = 0
    lapsed: int = 0
    failed: int = 0
    recovered: Counter[str] = field(default_factory=Counter)

    def add(self, payment: Payment) -> None:
        self.retried += 1
        if payment.state in Payment.TAKEN:
            self.paid += 1
            self.recovered[payment.currency] += payment.gross
        elif payment.state in Payment.OPEN:
            self.waiting += 1

    def __str__(self) -> str:
        sums = ", ".join(str(Money(amount, currency)) for currency, amount in sorted(self.recovered.items()))
        return (
            f"Steps taken {self.steps}: {self.retried} cards tried again, {self.paid} paid{f' ({sums})' if sums else ''}, "
            f"{self.waiting} waiting for the processor. Past due {self.past_due}. Lapsed {self.lapsed}. Errors {self.failed}."
        )


def run_dunning(*, until: dt.date | None = None, limit: int | None = None) -> DunningRun:
    """Take every step that is due up to and including `until` (today unless told). One step of an invoice a run, so that no card is
    tried twice.

    One sponsor's failure never stops the others: it is kept where a person sees it, and counted. `limit` bounds the invoices of one run.
    Raises Conflict for a later date than today.
    """
    today = clock.today()
    until = until or today
    if until > today:
        raise Conflict(f"{until} has not come yet. Steps are taken on their day and not before.")
    run = DunningRun()
    for pk in list(grace_over(until).order_by("pk").values_list("pk", flat=True)[:limit]):
        run.past_due += _stand(pk, until)
    watch = trouble.Watch(TASK)
    for pk in list(resuming.left_behind().order_by("pk").values_list("pk", flat=True)[:limit]):
        with watch.item(f"sponsorship:{pk}"):
            resuming.resume(sponsorship_id=pk, on=today)
    with recording.together():
        for pk in list(selectors.due(until).values_list("pk", flat=True)[:limit]):
            with watch.item(f"course:{pk}"):
                _one(pk, until, run)
    run.failed = watch.failed
    return run


@transaction.atomic
def take_step(*, course_id: int, on: dt.date) -> StepTaken | None:
    """Take the next step of an unpaid invoice, or let the sponsorship lapse after the last one. No network.

    Returns the step, whose payment (if it has one) is to be collected now; None when nothing was due, or it was the end.
    A step whose card is not to be tried is over at once. While the sponsor has a card page open for this invoice, a step
    does not charge beside them.
    """
    found = Course.objects.values("invoice_id", "invoice__sponsorship_id").get(pk=course_id)
    sponsorship = recording.lock_sponsorship(found["invoice__sponsorship_id"])
    invoice = Invoice.objects.select_for_update(no_key=True).get(pk=found["invoice_id"])
    course = dunning.of_invoice(invoice)
    invoice.sponsorship = sponsorship
    if course is None or course.next_on > on or not sponsorship.unpaid or _charging(invoice):
        return None
    course.invoice = invoice
    step = course.step
    if step is None:
        _lapse(sponsorship)
        return None
    payment = None
    if step.retry and _may_try(course, sponsorship):
        payment = invoices.attempt(invoice=invoice, method=Method.SAVED_CARD)
    taken = dunning.take(course=course, payment=payment, on=clock.today())
    if payment is None:
        recording.step_over(course, taken)
    return taken


def _one(course_id: int, until: dt.date, run: DunningRun) -> None:
    taken = take_step(course_id=course_id, on=until)
    if taken is None:
        run.lapsed += Course.objects.filter(pk=course_id, outcome=Course.Outcome.LAPSED).count()
        return
    run.steps += 1
    if taken.payment is not None:
        run.add(collect(payment_id=taken.payment.pk))


def _charging(invoice: Invoice) -> bool:
    """Whether a charge of the saved card for it has no outcome yet."""
    return Payment.objects.filter(invoice=invoice, state__in=Payment.UNDECIDED, method=Method.SAVED_CARD).exists()


def _may_try(course: Course, sponsorship: Sponsorship) -> bool:
    if invoices.live_payment(course.invoice) is not None or not sponsorship.payment_method:
        return False
    return course.plan.may_retry(selectors.last_refusal(course, sponsorship.payment_method))


def _lapse(sponsorship: Sponsorship) -> None:
    """No further charge, nothing owed: what was never paid was never in the books, so that its invoice is void and no more."""
    SPONSORSHIP.check(sponsorship.state, Sponsorship.State.LAPSED)
    sponsorship.state, sponsorship.ended_at = Sponsorship.State.LAPSED, clock.now()
    sponsorship.save()
    voided = recording.void_open(sponsorship)
    for invoice in voided:
        dunning.close(invoice=invoice, outcome=Course.Outcome.LAPSED, on=clock.today())
    emails.lapsed(sponsorship, voided)


@transaction.atomic
def _stand(sponsorship_id: int, day: dt.date) -> int:
    return int(recording.stand(recording.lock_sponsorship(sponsorship_id), day))
