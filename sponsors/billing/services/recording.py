"""What follows from what the processor says of a payment. Transactions only; no network.

Rows are locked in one order everywhere: sponsorship, invoice, payment, then the ledger's own.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.utils import timezone

from funding import clock
from funding.errors import Conflict
from funding.money import Money
from funding.payments import gateway
from sponsors.billing import emails
from sponsors.invoices import services as invoices
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships import calendar
from sponsors.sponsorships.models import SPONSORSHIP, Sponsorship

log = logging.getLogger(__name__)

LOOK_SECONDS, LONGEST_LOOK = 10, 3_600
State, Method = Payment.State, Payment.Method
LOST = ("requires_payment_method", "requires_action", "canceled")
"""A charge of a saved card that stands like this has taken nothing: nobody is there to try another card."""


def lock(payment_id: int) -> Payment:
    """The payment with its invoice and sponsorship, all three locked, in the order that every verb keeps."""
    found = Payment.objects.values("invoice_id", "invoice__sponsorship_id").get(pk=payment_id)
    sponsorship = lock_sponsorship(found["invoice__sponsorship_id"])
    invoice = Invoice.objects.select_for_update(no_key=True).get(pk=found["invoice_id"])
    payment = Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
    invoice.sponsorship = sponsorship
    payment.invoice = invoice
    return payment


def lock_sponsorship(pk: int) -> Sponsorship:
    rows = Sponsorship.objects.select_related("project", "party", "fund__account")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=pk)


def record(*, payment_id: int, page: gateway.Checkout | None = None, charge: gateway.Charge | None = None) -> Payment:
    """Bring the payment to where the processor says it is. Safe to repeat, in any order, from several workers at once.

    `page` and `charge` are as they were read a moment ago. That the money was taken is committed before it is booked: a
    fee that does not fit, or books that refuse, leave the payment "paid, being booked" with its trouble, for a person.
    Raises Conflict when the charge is not for this payment, or when its invoice was paid by another one; then nothing is
    kept and a person has to look.
    """
    payment = _learn(payment_id, page, charge)
    if payment.state != State.PAID or charge is None:
        return payment
    if charge.fee is None:
        return look_later(payment_id=payment_id)
    try:
        return _book(payment_id, charge.fee)
    except Conflict as error:
        log.exception("%s is paid and could not be booked", payment)
        return look_later(payment_id=payment_id, trouble=error.message)


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
def _book(payment_id: int, fee: Money) -> Payment:
    payment = lock(payment_id)
    if payment.state == State.PAID:
        invoices.book(payment=payment, fee=fee)
        emails.receipt(payment)
    return payment


@transaction.atomic
def refuse(*, payment_id: int, code: str, message: str, charge_id: str = "") -> Payment:
    """The saved card was refused: the attempt failed, the sponsorship is past due, the sponsor is told how to pay."""
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
        other = invoices.live_payment(payment.invoice)
        if other is not None and other != payment:
            raise Conflict(f"{payment.invoice} was paid by {other} and now by {payment} too. One of the two has to be returned.")
        payment.charge_id, payment.card_label = charge.id, charge.card_label or ""
        invoices.mark_paid(payment=payment, paid_on=_paid_on(charge))
        _cover(payment, charge)


def _paid_on(charge: gateway.Charge) -> dt.date:
    """The day of the charge, however late the news is. The processor's time is real: a calendar that was moved gives today."""
    moved = abs(clock.now() - timezone.now()) > dt.timedelta(minutes=1)
    return clock.today() if moved else charge.created.date()


def _cover(payment: Payment, charge: gateway.Charge) -> None:
    """Extend what is paid for, and keep the card for the next time.

    A payment that was overdue runs until the first renewal date after today: the time that was lost is not asked for.
    """
    sponsorship, invoice = payment.invoice.sponsorship, payment.invoice
    start = invoice.period_start
    if sponsorship.state == Sponsorship.State.PAST_DUE:
        start = max(start, payment.paid_on or start)
    through = calendar.after(sponsorship.anchor_on, start, sponsorship.interval) - dt.timedelta(days=1)
    sponsorship.paid_through = max(through, sponsorship.paid_through or through)
    if charge.payment_method:
        sponsorship.payment_method, sponsorship.card_label = charge.payment_method, charge.card_label or ""
    if sponsorship.state != Sponsorship.State.ACTIVE:
        SPONSORSHIP.check(sponsorship.state, Sponsorship.State.ACTIVE)
        sponsorship.state, sponsorship.ended_at = Sponsorship.State.ACTIVE, None
    sponsorship.save()


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
    """Nobody can pay on that page any more. A sign-up that it belonged to is over; an overdue invoice stays open."""
    invoices.abandon(payment=payment)
    sponsorship = payment.invoice.sponsorship
    if sponsorship.state == Sponsorship.State.PENDING:
        end(sponsorship)
        if payment.invoice.state == Invoice.State.OPEN:
            invoices.void(invoice=payment.invoice)


def end(sponsorship: Sponsorship) -> None:
    """Over from now on. The row is locked and saved here."""
    SPONSORSHIP.check(sponsorship.state, Sponsorship.State.ENDED)
    sponsorship.state, sponsorship.ended_at = Sponsorship.State.ENDED, clock.now()
    sponsorship.save()


def _fail(payment: Payment, code: str, message: str) -> None:
    invoices.mark_failed(payment=payment, code=code, message=message)
    sponsorship = payment.invoice.sponsorship
    if sponsorship.stopped_at or sponsorship.state == Sponsorship.State.ENDED:
        # The charge was under way when it was stopped. The sponsor was told so, and owes nothing.
        if sponsorship.state != Sponsorship.State.ENDED:
            end(sponsorship)
        if payment.invoice.state == Invoice.State.OPEN:
            invoices.void(invoice=payment.invoice)
    elif sponsorship.state == Sponsorship.State.ACTIVE:
        sponsorship.state = Sponsorship.State.PAST_DUE
        sponsorship.save()
        emails.card_failed(payment)


def _look_again(payment: Payment) -> None:
    wait = min(LOOK_SECONDS * 2 ** min(payment.looks, 10), LONGEST_LOOK)
    payment.looks += 1
    payment.next_look_at = timezone.now() + dt.timedelta(seconds=wait)
    payment.save()
