"""Ask the processor: charge a saved card, and learn what became of any payment. Network calls stand outside transactions."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from funding.errors import Conflict
from funding.payments import gateway
from funding.payments.services import customer_for
from sponsors.billing import defence
from sponsors.billing.services import recording
from sponsors.invoices import services as invoices
from sponsors.invoices.models import Invoice, Payment

log = logging.getLogger(__name__)

KIND = "payment"
"""In the processor's metadata, and in the ledger's `about`."""
KEY_LIFE = dt.timedelta(hours=20)
"""The processor forgets a key after a day. An unknown outcome that is older is looked up before anything is sent again."""
PAGE_LIFE = dt.timedelta(hours=25)
"""A card page lives a day; one whose address nobody was given lives no longer."""
UNUSABLE = {"resource_missing", "payment_method_unexpected_state", "payment_method_customer_mismatch", "payment_method_provider_decline"}
"""Answers that say the saved card is gone. Anything else that is rejected is our fault and no reason to blame the sponsor."""
State, Method = Payment.State, Payment.Method


def settle(*, payment_id: int) -> Payment:
    """Learn what became of a payment and act on it: the one verb behind return page, webhook and sweeper.

    Reads the charge again, books it when its fee is known, and changes nothing the second time. A saved card's charge
    whose outcome is unknown is asked for again with its own key. Call it outside a transaction.
    Raises gateway.Unavailable, gateway.Rejected, Conflict.
    """
    payment = Payment.objects.select_related("invoice__sponsorship__party").get(pk=payment_id)
    if payment.state == State.BOOKED:
        return payment
    if payment.method == Method.SAVED_CARD and not payment.charge_id:
        return collect(payment_id=payment_id)
    if payment.method == Method.SAVED_CARD:
        return recording.record(payment_id=payment_id, charge=gateway.read_charge(payment.charge_id))
    page, charge = _read_page(payment)
    if page is not None and page.open and _to_be_closed(payment):
        page = gateway.expire_checkout(page.id)
        charge = gateway.read_charge(page.payment_intent) if page.payment_intent else None
    if page is None and charge is None and payment.state in Payment.OPEN and timezone.now() - payment.key_at > PAGE_LIFE:
        return _give_up(payment_id)
    return recording.record(payment_id=payment_id, page=page, charge=charge)


def collect(*, payment_id: int) -> Payment:
    """Charge the saved card for an open attempt, or ask for the outcome again. Only the first call can take money.

    A refusal by the bank begins the steps of dunning, or goes on with them, and is no error here. Raises gateway.Rejected when the request
    itself is wrong; gateway.Unavailable is kept for the sweeper and not raised.
    """
    payment = _claim(payment_id)
    if payment is None:
        return Payment.objects.get(pk=payment_id)
    try:
        charge = _charge(payment)
    except gateway.AuthenticationRequired as error:
        return recording.refuse(
            payment_id=payment_id, code="authentication_required", message=error.message, charge_id=error.charge_id or ""
        )
    except gateway.Declined as error:
        code = error.decline_code or error.code
        return recording.refuse(payment_id=payment_id, code=code, message=error.message, charge_id=error.charge_id or "")
    except gateway.Unavailable as error:
        log.warning("%s waits: %s", payment, error.message)
        return recording.look_later(payment_id=payment_id)
    except gateway.Rejected as error:
        if error.code in UNUSABLE:
            return recording.refuse(payment_id=payment_id, code=error.code, message=_("The saved card can no longer be used."))
        recording.look_later(payment_id=payment_id, trouble=error.message)
        raise
    return recording.record(payment_id=payment_id, charge=charge)


def on_news(reference: str, object_id: str, event_type: str) -> None:
    """The processor has news of a payment. Raises Conflict for a reference that is not ours, so that it is kept and seen."""
    payment = Payment.objects.filter(ref=reference).first()
    if payment is None:
        raise Conflict(f"There is no payment {reference}.")
    if event_type == defence.PAYMENT_REFUSED and payment.method == Method.CHECKOUT:
        defence.refused(payment.ref)
    settle(payment_id=payment.pk)


@dataclass(frozen=True, slots=True)
class Sweep:
    """How many payments were looked at, and how many of them could not be settled because of an error."""

    looked: int
    failed: int


def sweep(*, limit: int = 200) -> Sweep:
    """Settle what is open and due for a look, however it was missed. One that fails does not stop the others."""
    due = Payment.objects.filter(state__in=Payment.OPEN, next_look_at__lte=timezone.now()).order_by("next_look_at")
    looked = failed = 0
    with recording.together():
        for pk in list(due.values_list("pk", flat=True)[:limit]):
            looked += 1
            try:
                settle(payment_id=pk)
            except gateway.Unavailable as error:
                failed += 1
                log.warning("payment %s waits: %s", pk, error.message)
                recording.look_later(payment_id=pk)
            except Exception as error:
                failed += 1
                log.exception("payment %s could not be settled", pk)
                recording.look_later(payment_id=pk, trouble=f"{type(error).__name__}: {error}")
    return Sweep(looked, failed)


def _to_be_closed(payment: Payment) -> bool:
    """Nobody is to pay on its page any more: not owed now, overtaken by another attempt, or too many cards were refused on it."""
    return payment.invoice.state != Invoice.State.OPEN or payment.state not in Payment.OPEN or defence.too_many_refusals(payment.ref)


def _read_page(payment: Payment) -> tuple[gateway.Checkout | None, gateway.Charge | None]:
    if payment.charge_id:
        return None, gateway.read_charge(payment.charge_id)
    if payment.checkout_id:
        page = gateway.read_checkout(payment.checkout_id)
        return page, gateway.read_charge(page.payment_intent) if page.payment_intent else None
    # Nobody was given the page's address, unless we died between the processor's answer and our note of it.
    customer = customer_for(party=payment.invoice.sponsorship.party)
    return None, gateway.find_charge(customer=customer, kind=KIND, reference=payment.ref)


@transaction.atomic
def _give_up(payment_id: int) -> Payment:
    payment = recording.lock(payment_id)
    if payment.state in Payment.UNDECIDED and not payment.checkout_id:
        recording.close_page(payment)
    return payment


@transaction.atomic
def _claim(payment_id: int) -> Payment | None:
    """Note that the call is about to be made; None when there is nothing to send."""
    payment = recording.lock(payment_id)
    if payment.state not in Payment.UNDECIDED or payment.charge_id:
        return None
    if payment.state == State.CREATED and payment.invoice.sponsorship.stopped_at:
        invoices.abandon(payment=payment)
        invoices.void(invoice=payment.invoice)
        return None
    if not payment.payment_method:
        recording.refuse(payment_id=payment_id, code="no_card", message=_("There is no saved card."))
        return None
    payment.state = State.PROCESSING
    payment.save()
    return payment


def _charge(payment: Payment) -> gateway.Charge:
    customer = customer_for(party=payment.invoice.sponsorship.party)
    if timezone.now() - payment.key_at > KEY_LIFE:
        found = gateway.find_charge(customer=customer, kind=KIND, reference=payment.ref)
        if found is not None:
            return found
        _renew_key(payment)
    return gateway.charge_off_session(
        customer=customer,
        payment_method=payment.payment_method,
        amount=payment.money,
        description=payment.description,
        kind=KIND,
        reference=payment.ref,
        key=payment.idempotency_key,
    )


def _renew_key(payment: Payment) -> None:
    """A key in place of one that the processor forgot, stored before it is used. Of several workers at once, the first one's is for all."""
    fresh, now = invoices.new_key(payment.ref), timezone.now()
    same = Payment.objects.filter(pk=payment.pk, idempotency_key=payment.idempotency_key)
    same.update(idempotency_key=fresh, key_at=now)
    payment.refresh_from_db(fields=["idempotency_key", "key_at"])
