"""What follows from what the processor says of a payment. Transactions only; no network.

Rows are locked in one order everywhere: sponsorship, invoice, payment, then the ledger's own.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from funding import clock
from funding.errors import Conflict
from funding.funds import reserve
from funding.money import Money
from funding.payments import gateway
from funding.web.queue import enqueue_on_commit
from sponsors.billing import emails
from sponsors.billing.signals import money_taken
from sponsors.dunning import services as dunning
from sponsors.dunning.models import Course, StepTaken
from sponsors.invoices import services as invoices
from sponsors.invoices.models import INVOICE, Invoice, Payment
from sponsors.sponsorships import calendar
from sponsors.sponsorships.models import SPONSORSHIP, Sponsorship

log = logging.getLogger(__name__)

SETTLE = "sponsors.billing.tasks.settle_payment"
AT_ONCE = 20
"""Payments that are booked in one call: as many as a sponsor may wait for with a receipt."""
LOOK_SECONDS, LONGEST_LOOK = 10, 3_600
State, Method = Payment.State, Payment.Method
LATE = (Sponsorship.State.GRACE, Sponsorship.State.PAST_DUE, Sponsorship.State.LAPSED)
LOST = ("requires_payment_method", "requires_action", "canceled")
"""A charge of a saved card that stands like this has taken nothing: nobody is there to try another card."""


def lock(payment_id: int) -> Payment:
    """The payment with its invoice and sponsorship, all three locked, in the order that every verb keeps."""
    sponsorship = _locked(pk=Payment.objects.filter(pk=payment_id).values("invoice__sponsorship")[:1])
    invoice = Invoice.objects.select_for_update(of=("self",), no_key=True).get(payments=payment_id)
    payment = Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
    invoice.sponsorship = sponsorship
    payment.invoice = invoice
    return payment


def _lock_all(payment_ids: Sequence[int]) -> dict[int, Payment]:
    """`lock` for several payments, in three queries: sponsorships, invoices, payments, each in the order of their ids."""
    wanted = Payment.objects.filter(pk__in=payment_ids)
    joined = Sponsorship.objects.select_related("project", "party", "fund__account").select_for_update(of=("self",), no_key=True)
    sponsorships = {row.pk: row for row in joined.filter(pk__in=wanted.values("invoice__sponsorship")).order_by("pk")}
    owed = Invoice.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted.values("invoice")).order_by("pk")
    by_invoice = {row.pk: row for row in owed}
    payments = {row.pk: row for row in wanted.select_for_update(no_key=True).order_by("pk")}
    for invoice in by_invoice.values():
        invoice.sponsorship = sponsorships[invoice.sponsorship_id]
    for payment in payments.values():
        payment.invoice = by_invoice[payment.invoice_id]
    return payments


def lock_sponsorship(pk: int) -> Sponsorship:
    return _locked(pk=pk)


def _locked(**which: object) -> Sponsorship:
    rows = Sponsorship.objects.select_related("project", "party", "fund__account")
    return rows.select_for_update(of=("self",), no_key=True).get(**which)


def record(*, payment_id: int, page: gateway.Checkout | None = None, charge: gateway.Charge | None = None) -> Payment:
    """Bring the payment to where the processor says it is. Safe to repeat, in any order, from several workers at once.

    `page` and `charge` are as they were read a moment ago. That the money was taken is committed before it is booked: a
    fee that does not fit, or books that refuse, leave the payment "paid, being booked" with its trouble, for a person.
    A charge for an invoice that another payment paid is booked as a surplus: owed back, and in the list for a person.
    Within `together` it is booked a little later, with others.
    Raises Conflict when the charge is not for this payment; then nothing is kept and a person has to look.
    """
    payment = _learn(payment_id, page, charge)
    if payment.state != State.PAID or charge is None:
        return payment
    if charge.fee is None:
        return look_later(payment_id=payment_id)
    paid = Paid(payment_id, charge.fee, charge.balance_transaction or "")
    waiting = _together.get()
    if waiting is None:
        try:
            return _book(payment_id, paid.fee, paid.balance_transaction)
        except Conflict as error:
            log.exception("%s is paid and could not be booked", payment)
            return look_later(payment_id=payment_id, trouble=error.message)
    waiting.append(paid)
    if len(waiting) >= AT_ONCE:
        _flush(waiting)
    return payment


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that the processor has taken, by its id, with the fee and the movement."""

    payment_id: int
    fee: Money
    balance_transaction: str


_together: ContextVar[list[Paid] | None] = ContextVar("together", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Around many charges: what they bring is booked `AT_ONCE` at a time, in one call to the books, each by itself.

    A payment is "paid, being booked" meanwhile, which the sweeper finds whatever becomes of this process.
    """
    waiting: list[Paid] = []
    token = _together.set(waiting)
    try:
        yield
    finally:
        _together.reset(token)
        _flush(waiting)


def _flush(waiting: list[Paid]) -> None:
    """Book what waits and forget it. One that cannot be booked waits with its trouble and does not stop the others."""
    some, waiting[:] = list(waiting), []
    short = any(reserve.shortfall(currency) for currency in {paid.fee.currency for paid in some})
    try:
        refused = _book_each(some) if some and not short else []
    except Exception:
        log.exception("%s payments could not be booked together", len(some))
        short = True
    if short:
        refused = [(paid, error) for paid in some if (error := _trouble(paid))]
    for paid, trouble in refused:
        look_later(payment_id=paid.payment_id, trouble=trouble)


def _trouble(paid: Paid) -> str:
    """Book one by itself, and say why it cannot be; "" when it is booked."""
    try:
        _book(paid.payment_id, paid.fee, paid.balance_transaction)
    except Conflict as error:
        log.exception("payment %s is paid and could not be booked", paid.payment_id)
        return error.message
    except Exception as error:
        log.exception("payment %s is paid and could not be booked", paid.payment_id)
        return f"{type(error).__name__}: {error}"
    return ""


@transaction.atomic
def _learn(payment_id: int, page: gateway.Checkout | None, charge: gateway.Charge | None) -> Payment:
    payment = lock(payment_id)
    if payment.state == State.BOOKED:
        return payment
    if charge is not None and charge.status == "succeeded":
        _succeeded(payment, charge)
    elif payment.state in Payment.UNDECIDED:
        _unpaid(payment, page, charge)
    return payment


@transaction.atomic
def _book(payment_id: int, fee: Money, balance_transaction: str) -> Payment:
    payment = lock(payment_id)
    if payment.state == State.PAID:
        invoices.book(payment=payment, fee=fee, balance_transaction=balance_transaction)
        _tell(payment)
    return payment


@transaction.atomic
def _book_each(some: Sequence[Paid]) -> list[tuple[Paid, str]]:
    """Book those that are not booked yet; returns what was refused, and why."""
    payments = _lock_all([paid.payment_id for paid in some])
    open_ones = [(paid, payment) for paid in some if (payment := payments[paid.payment_id]).state == State.PAID]
    errors = invoices.book_each([invoices.Taken(payment, paid.fee, paid.balance_transaction) for paid, payment in open_ones])
    for (_paid, payment), error in zip(open_ones, errors, strict=True):
        if error is None:
            _tell(payment)
    return [(paid, error.message) for (paid, _payment), error in zip(open_ones, errors, strict=True) if error is not None]


def _tell(payment: Payment) -> None:
    """The mail that a booked payment is due."""
    if payment.surplus:
        emails.paid_twice(payment)
    else:
        emails.receipt(payment)


@transaction.atomic
def refuse(*, payment_id: int, code: str, message: str, charge_id: str = "") -> Payment:
    """The saved card was refused: the attempt failed, the steps begin or go on, the sponsor is told how to pay."""
    payment = lock(payment_id)
    if payment.state in Payment.UNDECIDED:
        payment.charge_id = charge_id or payment.charge_id
        _fail(payment, code, message)
    return payment


@transaction.atomic
def look_later(*, payment_id: int, trouble: str = "") -> Payment:
    """Look again after a while, longer each time. `trouble` is what an answer was wrong with; staff read it."""
    payment = lock(payment_id)
    if payment.state in Payment.OPEN:
        payment.trouble = trouble[:300]
        _look_again(payment)
    return payment


def _succeeded(payment: Payment, charge: gateway.Charge) -> None:
    if charge.metadata.get("reference") != payment.ref or charge.amount != payment.money:
        raise Conflict(f"{charge.id} is not the charge of {payment.ref}: it is {charge.amount} for {charge.metadata.get('reference')}.")
    if payment.state != State.PAID:
        payment.charge_id, payment.card_label = charge.id, charge.card_label or ""
        if not _collectable(payment):
            log.error("%s was paid by %s although it was paid already", payment.invoice, payment)
            invoices.mark_surplus(payment=payment, paid_on=clock.day_of(charge.created))
            return
        invoices.mark_paid(payment=payment, paid_on=clock.day_of(charge.created))
        _cover(payment, charge)


def _collectable(payment: Payment) -> bool:
    """Whether this money pays its invoice: of two payments the first that is known does.

    Raises Conflict while a saved card is being charged for it; whoever brought the news comes again.
    """
    if not INVOICE.allows(payment.invoice.state, Invoice.State.PAID):
        return False
    other = invoices.live_payment(payment.invoice)
    if other is None or other == payment:
        return True
    if other.method == Method.SAVED_CARD:
        raise Conflict(f"{payment.invoice} is being collected by {other}, and now {payment} has paid it. Its outcome comes first.")
    # Nobody has paid on the other page yet. It is closed; if somebody is faster than that, theirs is the surplus.
    invoices.abandon(payment=other)
    enqueue_on_commit(SETTLE, other.pk)
    return True


def _cover(payment: Payment, charge: gateway.Charge) -> None:
    """Extend what is paid for, and keep the card for the next time.

    One that comes after the perks ended runs until the first renewal date after it: the time that was lost is not asked for.
    """
    sponsorship, invoice = payment.invoice.sponsorship, payment.invoice
    start, today = invoice.period_start, payment.paid_on or clock.today()
    if sponsorship.state in LATE and today > (sponsorship.perks_through or today):
        start = max(start, today)
    through = calendar.after(sponsorship.anchor_on, start, sponsorship.interval) - dt.timedelta(days=1)
    sponsorship.paid_through = max(through, sponsorship.paid_through or through)
    if sponsorship.billed_through and sponsorship.billed_through <= sponsorship.paid_through:
        sponsorship.billed_through = None
    if charge.payment_method and payment.method == Method.CHECKOUT:
        # A charge of the saved card tells nothing new, and may have been on its way while the card was changed.
        sponsorship.payment_method, sponsorship.card_label = charge.payment_method, charge.card_label or ""
        sponsorship.card_expires_on = charge.card_expires_on
    elif charge.card_expires_on and charge.payment_method == sponsorship.payment_method:
        # The processor learns of the new card that a bank sent under the same number.
        sponsorship.card_expires_on = charge.card_expires_on
    if sponsorship.state != Sponsorship.State.ACTIVE:
        SPONSORSHIP.check(sponsorship.state, Sponsorship.State.ACTIVE)
        sponsorship.state, sponsorship.ended_at = Sponsorship.State.ACTIVE, None
    sponsorship.save()
    dunning.close(invoice=invoice, outcome=Course.Outcome.PAID, on=clock.today())
    money_taken.send(sender=Payment, payment=payment)


def _unpaid(payment: Payment, page: gateway.Checkout | None, charge: gateway.Charge | None) -> None:
    if payment.method == Method.SAVED_CARD:
        if charge is not None and charge.status in LOST:
            payment.charge_id = charge.id
            _fail(payment, charge.failure_code or charge.status, charge.failure_message or "The card was not charged.")
        else:
            payment.charge_id = charge.id if charge else ""
            _look_again(payment)
        return
    if charge is not None and charge.failure_code:
        payment.failure_code, payment.failure_message = charge.failure_code[:60], (charge.failure_message or "")[:300]
    closed = page is not None and not page.open and not page.paid
    if closed and (charge is None or charge.status != "processing"):
        close_page(payment)
    else:
        _look_again(payment)


def close_page(payment: Payment) -> None:
    """Nobody can pay on that page any more. A sign-up that it belonged to is over; an overdue invoice and a pledge's stay open."""
    invoices.abandon(payment=payment)
    sponsorship = payment.invoice.sponsorship
    if sponsorship.state == Sponsorship.State.PENDING and not sponsorship.promised:
        end(sponsorship)
        if payment.invoice.state == Invoice.State.OPEN:
            invoices.void(invoice=payment.invoice)


def end(sponsorship: Sponsorship) -> None:
    """Over from now on. The row is locked and saved here."""
    SPONSORSHIP.check(sponsorship.state, Sponsorship.State.ENDED)
    sponsorship.state, sponsorship.ended_at = Sponsorship.State.ENDED, clock.now()
    sponsorship.save()


def void_open(sponsorship: Sponsorship) -> list[Invoice]:
    """Nobody asks for these invoices again. An open card page of one is closed by the next look at its payment."""
    owed = list(Invoice.objects.select_for_update(no_key=True).filter(sponsorship=sponsorship, state=Invoice.State.OPEN).order_by("pk"))
    for invoice in owed:
        invoices.void(invoice=invoice)
        live = Payment.objects.select_for_update(no_key=True).filter(invoice=invoice, state__in=Payment.OPEN).first()
        if live is not None:
            live.next_look_at = live.key_at
            live.save(update_fields=["next_look_at"])
            enqueue_on_commit(SETTLE, live.pk)
    return owed


def _fail(payment: Payment, code: str, message: str) -> None:
    invoices.mark_failed(payment=payment, code=code, message=message)
    sponsorship = payment.invoice.sponsorship
    if sponsorship.stopped_at or sponsorship.over:
        # The charge was under way when it was stopped. The sponsor was told so, and owes nothing.
        if not sponsorship.over:
            end(sponsorship)
        if payment.invoice.state == Invoice.State.OPEN:
            invoices.void(invoice=payment.invoice)
        dunning.close(invoice=payment.invoice, outcome=Course.Outcome.STOPPED, on=clock.today())
    elif sponsorship.state == Sponsorship.State.ACTIVE:
        _begin_steps(payment)
    else:
        _go_on(payment)


def _begin_steps(payment: Payment) -> None:
    """A renewal was refused for the first time: perks go on for the days of grace, and the sponsor is told."""
    sponsorship, today = payment.invoice.sponsorship, clock.today()
    course = dunning.begin(invoice=payment.invoice, on=today)
    # Days on which we did not ask are not the sponsor's: grace counts from the refusal.
    late = max(0, (today - payment.invoice.due_on).days)
    sponsorship.grace_days = course.plan.grace_days + late
    sponsorship.state = Sponsorship.State.GRACE
    sponsorship.save()
    stand(sponsorship, today)
    emails.card_failed(payment, course)


def _go_on(payment: Payment) -> None:
    """A later try was refused. If a step made it, that step is over and its mail is due; a try of the sponsor's own moves nothing."""
    course = dunning.of_invoice(payment.invoice)
    step = StepTaken.objects.filter(payment=payment).first()
    if course is not None and step is not None:
        step_over(course, step)


def step_over(course: Course, step: StepTaken) -> None:
    """The step brought no money: its mail goes out, and the next one keeps its distance from today."""
    sponsorship, today = course.invoice.sponsorship, clock.today()
    late = (today - course.next_on).days
    if late > 0 and sponsorship.state == Sponsorship.State.GRACE:
        sponsorship.grace_days += late
        sponsorship.save(update_fields=["grace_days"])
    dunning.advance(course=course, on=today)
    emails.step(course, step)


def stand(sponsorship: Sponsorship, day: dt.date) -> bool:
    """Say what the dates say: past due once the perks have ended. True when that is new. The row is locked."""
    ended = sponsorship.perks_through is not None and sponsorship.perks_through < day
    if sponsorship.state != Sponsorship.State.GRACE or not ended:
        return False
    SPONSORSHIP.check(sponsorship.state, Sponsorship.State.PAST_DUE)
    sponsorship.state = Sponsorship.State.PAST_DUE
    sponsorship.save(update_fields=["state"])
    return True


def _look_again(payment: Payment) -> None:
    wait = min(LOOK_SECONDS * 2 ** min(payment.looks, 10), LONGEST_LOOK)
    payment.looks += 1
    payment.next_look_at = timezone.now() + dt.timedelta(seconds=wait)
    payment.save()
