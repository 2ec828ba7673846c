"""What a sponsor's bank does: it takes a charge back with a fee, and returns it or keeps it. All of it is a fact from outside.

Nothing here is refused. What is booked follows the movements on the processor's balance, not the words of its status: a
dispute that is won is booked when the money is back.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from funding import clock
from funding.funds import services as funds
from funding.ledger.services import Line
from funding.money import Money
from funding.payments import cash, gateway
from sponsors.billing.services import recording
from sponsors.refunds import emails, taking
from sponsors.refunds.models import DISPUTE, Dispute
from sponsors.refunds.services import accounts, effects
from sponsors.refunds.services.finding import payment_of
from sponsors.sponsorships import numbers

LOOK = dt.timedelta(hours=6)
"""Banks take weeks. The webhook is quick; this is for when it was lost."""
State = Dispute.State
OVER_WITHOUT_MONEY = ("warning_closed", "prevented")


def learn(*, processor_id: str) -> Dispute | None:
    """Read a dispute again and book what is new. None when its charge is not ours. Call it outside a transaction.

    Raises gateway.Unavailable, gateway.Rejected, Conflict (the payment is not settled yet).
    """
    found = gateway.read_dispute(processor_id)
    payment_id = payment_of(found.charge)
    return record(payment_id=payment_id, found=found) if payment_id is not None else None


def on_dispute(object_id: str, event_type: str) -> None:
    learn(processor_id=object_id)


@transaction.atomic
def record(*, payment_id: int, found: gateway.Dispute) -> Dispute:
    """Bring our row and the books to where the processor says the dispute is. Safe to repeat, in any order."""
    dispute = _row(payment_id, found)
    taken = Money(-sum(row.amount for row in found.movements if row.amount < 0), dispute.currency)
    returned = Money(sum(row.amount for row in found.movements if row.amount > 0), dispute.currency)
    dispute.status, dispute.evidence_due, dispute.reason = found.status, found.evidence_due, found.reason
    dispute.next_look_at = timezone.now() + LOOK
    if dispute.state == State.WATCHED and taken and dispute.payment.entry is not None:
        _opened(dispute, found, taken)
    if dispute.state in (State.OPEN, State.LOST) and returned >= taken and taken:
        _won(dispute, found)
    elif dispute.state == State.OPEN and found.status == "lost":
        _lost(dispute)
    elif dispute.state == State.WATCHED and found.status in OVER_WITHOUT_MONEY and not taken:
        DISPUTE.check(dispute.state, State.CLOSED)
        dispute.state, dispute.closed_on = State.CLOSED, clock.today()
    dispute.save()
    return dispute


def _row(payment_id: int, found: gateway.Dispute) -> Dispute:
    payment = recording.lock(payment_id)
    dispute = Dispute.objects.select_for_update(no_key=True, of=("self",)).filter(processor_id=found.id).first()
    if dispute is None:
        pk, ref = numbers.take(Dispute, "DP")
        dispute = Dispute.objects.create(
            pk=pk,
            ref=ref,
            payment=payment,
            processor_id=found.id,
            amount=found.amount.amount,
            currency=found.amount.currency,
            opened_on=clock.day_of(found.created),
            next_look_at=timezone.now(),
        )
        if found.status.startswith("warning_"):
            emails.inquiry(dispute, found.evidence_due)
    dispute.payment = payment
    return dispute


def _opened(dispute: Dispute, found: gateway.Dispute, taken: Money) -> None:
    """The bank has taken the money: it is claimed, no fund may spend it, and the host bears the fee."""
    DISPUTE.check(dispute.state, State.OPEN)
    stripe, held = cash.account(dispute.currency), accounts.disputed_cash(dispute.currency)
    dispute.fee, dispute.amount = sum(row.fee for row in found.movements if row.amount < 0), taken.amount
    assert dispute.payment.entry is not None
    dispute.taking, done = taking.take(
        contribution=dispute.payment.entry,
        amount=taken.amount,
        holding=accounts.owed_disputes(dispute.currency),
        fact=accounts.fact(dispute, "dispute_opened", dispute.opened_on),
        extra=[Line(held, stripe, taken.amount, "disputed", about=("dispute", dispute.pk))],
        fee=dispute.fee,
        fee_to=stripe,
    )
    dispute.from_others, dispute.from_shortfall = done.plan.from_others, done.plan.from_shortfall
    dispute.withdrawal = next(row.id for row in found.movements if row.amount < 0)
    dispute.state = State.OPEN
    dispute.save()
    effects.note_returned(dispute.payment)
    effects.charge_no_further(dispute.payment.invoice.sponsorship, dispute)
    emails.opened(dispute)


def _won(dispute: Dispute, found: gateway.Dispute) -> None:
    """The money is back at the processor, and goes back to where it came from; so does the fee, where the processor returns it."""
    assert dispute.taking is not None
    was_lost, today = dispute.state == State.LOST, clock.today()
    DISPUTE.check(dispute.state, State.WON)
    stripe, held, about = cash.account(dispute.currency), accounts.disputed_cash(dispute.currency), ("dispute", dispute.pk)
    extra = [] if was_lost else [Line(stripe, held, dispute.amount, "reinstated", about=about)]
    dispute.fee_returned = -sum(row.fee for row in found.movements if row.amount > 0)
    if dispute.fee_returned > 0:
        extra.append(Line(stripe, funds.host_fund(dispute.currency).account, dispute.fee_returned, "dispute_fee", about=about))
    if was_lost:
        taking.bring_back(taking=dispute.taking, cash=stripe, fact=accounts.fact(dispute, "dispute_returned", today))
    taking.give_back(taking=dispute.taking, fact=accounts.fact(dispute, "dispute_won", today), extra=extra)
    dispute.reinstatement = next(row.id for row in found.movements if row.amount > 0)
    dispute.state, dispute.closed_on = State.WON, today
    dispute.save()
    effects.note_returned(dispute.payment)
    if was_lost:
        effects.give_perks_back(dispute.payment.invoice.sponsorship)
    emails.closed(dispute)


def _lost(dispute: Dispute) -> None:
    """The bank keeps it: what was claimed is settled, and perks of a whole period end."""
    assert dispute.taking is not None
    DISPUTE.check(dispute.state, State.LOST)
    today = clock.today()
    taking.pay(taking=dispute.taking, cash=accounts.disputed_cash(dispute.currency), fact=accounts.fact(dispute, "dispute_lost", today))
    dispute.state, dispute.closed_on = State.LOST, today
    dispute.save()
    effects.end_perks(dispute.payment.invoice.sponsorship)
    emails.closed(dispute)
