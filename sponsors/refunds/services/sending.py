"""Send an approved refund, and learn what became of any. Network calls stand outside transactions.

1. `ask`/`approve` (transaction): the money is owed in the books and the key of the call is stored.
2. `send` (network): the processor makes the refund once for that key, however often it is asked.
3. `record` (transaction): the money has left, or is put back where it came from.

A process that dies between two steps leaves a row from which `sweep` goes on. A refund that somebody made in the processor's own
dashboard has no row of ours before the news of it; it is a fact from outside, and booked as one.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from dataclasses import dataclass
from typing import Literal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.errors import Conflict
from funding.payments import cash, gateway
from funding.web import trouble
from sponsors.billing.services import recording
from sponsors.refunds import emails, taking
from sponsors.refunds.models import REFUND, Dispute, Refund
from sponsors.refunds.services import accounts, disputing, effects
from sponsors.refunds.services.asking import lock
from sponsors.refunds.services.finding import payment_of
from sponsors.sponsorships import numbers

log = logging.getLogger(__name__)

KIND = "refund"
"""In the processor's metadata, and in the ledger's `about`."""
LOOK_SECONDS, LONGEST_LOOK = 10, 3_600
GONE = ("failed", "canceled")
REASONS: dict[str, Literal["requested_by_customer", "duplicate", "fraudulent"]] = {
    Refund.Category.REQUESTED: "requested_by_customer",
    Refund.Category.DUPLICATE: "duplicate",
    Refund.Category.FRAUDULENT: "fraudulent",
}
"""Our words as the processor takes them."""
State = Refund.State


def send(*, refund_id: int) -> Refund:
    """Take a refund as far as it goes: ask the processor for it, or for what became of it. Call it outside a transaction.

    The processor forgets keys after a day and a killed worker says nothing, so every call first looks for its own refund.
    A refusal by the processor fails the refund and puts the money back; it is no error here. Raises gateway.Unavailable.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.state not in Refund.UNDER_WAY:
        return refund
    if refund.processor_id:
        return record(refund_id=refund_id, result=gateway.read_refund(refund.processor_id))
    found = gateway.find_refund(charge=refund.payment.charge_id, kind=KIND, reference=refund.ref)
    if found is None:
        try:
            found = gateway.refund(
                charge=refund.payment.charge_id,
                amount=refund.money,
                kind=KIND,
                reference=refund.ref,
                reason=REASONS[refund.category],
                key=refund.idempotency_key,
            )
        except gateway.Unavailable:
            raise
        except gateway.GatewayError as error:
            return refuse(refund_id=refund_id, reason=error.message)
    return record(refund_id=refund_id, result=found)


@transaction.atomic
def record(*, refund_id: int, result: gateway.Refund) -> Refund:
    """Bring the refund to where the processor says it is. Safe to repeat, in any order, from several workers at once.

    Raises Conflict when the result is not this refund's, or says that one which failed here has succeeded.
    """
    refund = lock(refund_id)
    if result.charge != refund.payment.charge_id or result.amount != refund.money or refund.processor_id not in ("", result.id):
        raise Conflict(f"{result.id} is not {refund}: it is {result.amount} of {result.charge}.")
    refund.processor_id = result.id
    if refund.taking is None and not _take_from_outside(refund, result):
        return _look_again(refund)
    if result.status in GONE:
        return _undo(refund, result)
    if refund.state == State.FAILED and result.status == "succeeded":
        raise Conflict(f"{refund} failed and its money was put back, but the processor says that {result.id} succeeded.")
    if refund.state in (State.SUCCEEDED, State.FAILED):
        return refund
    _leaves(refund, result)
    if result.status == "succeeded" and refund.taking and refund.taking.paid_entry:
        REFUND.check(refund.state, State.SUCCEEDED)
        refund.state, refund.failure = State.SUCCEEDED, ""
    refund.looks = 0
    return _look_again(refund)


@transaction.atomic
def refuse(*, refund_id: int, reason: str) -> Refund:
    """The processor refused to make it. Nothing left, so the money goes back to where it came from; treasurers are told."""
    refund = lock(refund_id)
    if refund.state == State.APPROVED and not refund.processor_id:
        _put_back(refund, reason)
    return refund


def on_news(reference: str, object_id: str, event_type: str) -> None:
    """News of a refund that we asked for. Raises Conflict for a reference that is not ours, so that it is kept and seen."""
    refund = Refund.objects.filter(ref=reference).first()
    result = gateway.read_refund(object_id)
    if refund is None or result.charge != refund.payment.charge_id:
        raise Conflict(f"There is no refund {reference} of {result.charge}.")
    record(refund_id=refund.pk, result=result)


def on_refund(object_id: str, event_type: str) -> None:
    """News of a refund without our metadata: somebody made it at the processor. One of a charge that is not ours is nobody's."""
    result = gateway.read_refund(object_id)
    refund = from_outside(result)
    if refund is not None:
        record(refund_id=refund.pk, result=result)


@transaction.atomic
def from_outside(result: gateway.Refund) -> Refund | None:
    """The row of a refund that was made at the processor, written now if there is none. None when the charge is not ours."""
    payment_id = payment_of(result.charge)
    if payment_id is None:
        return None
    payment = recording.lock(payment_id)
    known = Refund.objects.filter(processor_id=result.id).first()
    if known is not None:
        return known
    pk, ref = numbers.take(Refund, "RF")
    return Refund.objects.create(
        pk=pk,
        ref=ref,
        payment=payment,
        amount=result.amount.amount,
        currency=result.amount.currency,
        category=Refund.Category.REQUESTED,
        reason=_("Made at the processor."),
        origin=Refund.Origin.PROCESSOR,
        state=State.APPROVED,
        asked_at=clock.now(),
        decided_at=clock.now(),
        processor_id=result.id,
        idempotency_key=f"{ref}-{uuid.uuid4().hex}",
        next_look_at=timezone.now(),
    )


@dataclass(frozen=True, slots=True)
class Sweep:
    looked: int
    failed: int


def sweep(*, limit: int = 200) -> Sweep:
    """Look again at every refund and dispute that is under way, however it was missed. One that fails stops no other."""
    now, looked = timezone.now(), 0
    refunds = trouble.Watch("sponsors.refunds.tasks.send_refund")
    due = Refund.objects.filter(state__in=Refund.UNDER_WAY, next_look_at__lte=now).order_by("next_look_at")
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        looked += 1
        _later(Refund, pk)
        with refunds.item(f"refund:{pk}", pk):
            send(refund_id=pk)
    disputes = trouble.Watch("sponsors.refunds.tasks.learn_dispute")
    waiting = Dispute.objects.filter(state__in=Dispute.UNDER_WAY, next_look_at__lte=now).order_by("next_look_at")
    for pk, dispute_id in list(waiting.values_list("pk", "processor_id")[:limit]):
        looked += 1
        _later(Dispute, pk)
        with disputes.item(f"dispute:{pk}", pk):
            disputing.learn(processor_id=dispute_id)
    return Sweep(looked, refunds.failed + disputes.failed)


def _later(model: type[Refund] | type[Dispute], pk: int) -> None:
    """The next look, in case this one dies: longer each time."""
    row = model._default_manager.get(pk=pk)
    wait = min(LOOK_SECONDS * 2 ** min(row.looks, 10), LONGEST_LOOK)
    model._default_manager.filter(pk=pk).update(looks=row.looks + 1, next_look_at=timezone.now() + dt.timedelta(seconds=wait))


def _take_from_outside(refund: Refund, result: gateway.Refund) -> bool:
    """Book the owing half of a refund that we did not ask for. False while its payment is not booked."""
    if refund.payment.entry is None:
        return False
    if result.status in GONE and result.balance_transaction is None:
        return True
    refund.taking, done = taking.take(
        contribution=refund.payment.entry,
        amount=refund.amount,
        holding=accounts.owed_refunds(refund.currency),
        fact=accounts.fact(refund, "refund_owed", clock.day_of(result.created)),
    )
    refund.from_others, refund.from_reserve = done.plan.from_others, done.plan.from_reserve
    refund.save()
    emails.made_elsewhere(refund)
    return True


def _leaves(refund: Refund, result: gateway.Refund) -> None:
    """The processor has taken it from its balance: what was owed is paid, the sponsor is told, perks of a whole period end."""
    if refund.taking is None or refund.taking.paid_entry or result.balance_transaction is None:
        return
    refund.paid_on = clock.day_of(result.created)
    taking.pay(taking=refund.taking, cash=cash.account(refund.currency), fact=accounts.fact(refund, "refund_paid", refund.paid_on))
    refund.balance_transaction = result.balance_transaction
    refund.credit_note = refund.ref.replace("RF-", "CN-")
    if refund.state == State.APPROVED:
        REFUND.check(refund.state, State.SENT)
        refund.state = State.SENT
    refund.save()
    effects.note_returned(refund.payment)
    effects.end_perks(refund.payment.invoice.sponsorship)
    emails.refunded(refund)


def _undo(refund: Refund, result: gateway.Refund) -> Refund:
    """It failed at the sponsor's bank: the money is at the processor again, and goes back to where it came from."""
    if refund.state == State.FAILED:
        return refund
    if refund.taking and refund.taking.paid_entry and result.failure_balance_transaction is None:
        return _look_again(refund)
    _put_back(
        refund, _("The sponsor's bank did not take it ({why}).").format(why=(result.failure_reason or result.status).replace("_", " "))
    )
    refund.failure_balance_transaction = result.failure_balance_transaction or ""
    refund.save(update_fields=["failure_balance_transaction"])
    return refund


def _put_back(refund: Refund, reason: str) -> None:
    REFUND.check(refund.state, State.FAILED)
    today, left = clock.today(), False
    if refund.taking is not None:
        left = refund.taking.paid_entry is not None
        if left:
            taking.bring_back(
                taking=refund.taking, cash=cash.account(refund.currency), fact=accounts.fact(refund, "refund_returned", today)
            )
        taking.give_back(taking=refund.taking, fact=accounts.fact(refund, "refund_restored", today))
    refund.state, refund.failure = State.FAILED, reason[:300]
    refund.save()
    effects.note_returned(refund.payment)
    if left:
        effects.give_perks_back(refund.payment.invoice.sponsorship)
    emails.failed(refund, told=left)


def _look_again(refund: Refund) -> Refund:
    wait = min(LOOK_SECONDS * 2 ** min(refund.looks, 10), LONGEST_LOOK)
    refund.next_look_at = timezone.now() + dt.timedelta(seconds=wait)
    refund.save()
    return refund
