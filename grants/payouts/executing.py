"""Pay one released payout: owe it in the books, call the processor, book the answer. Safe to stop and repeat at any point.

1. `owe` (transaction): the money leaves the funds and is owed to the payee; the key of the call is stored.
2. `send` (network, no transaction): the processor moves the money once for that key, however often it is asked.
3. `book` (transaction): what was owed is settled from the processor's cash, and everybody concerned is told.

A process that dies between two steps leaves a state from which `due` finds the payout and the same steps go on. The webhook
reaches the same `book`; whoever comes second changes nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.db import transaction
from django.urls import reverse
from django.utils import translation

from funding import clock
from funding.errors import Conflict
from funding.ledger import services as ledger
from funding.ledger.errors import LedgerError
from funding.mail import services as mail
from funding.money import Money
from funding.payments import gateway
from funding.payments import services as payments
from funding.payments.models import ConnectedAccount
from funding.people import roles
from funding.web import trouble
from funding.web.queue import enqueue
from grants.engagements import refs
from grants.payouts import books, holding, naming, owing, remittance
from grants.payouts.closing import close_run, close_what_is_paid, lock_engagements, open_again
from grants.payouts.models import PAYOUT, Payout, PayoutRun, PayoutTransfer
from grants.payouts.owing import KIND, LEASE
from grants.payouts.services import key_of

log = logging.getLogger(__name__)

TASK = "grants.payouts.tasks.execute_payout"
State = Payout.State
CAME_BACK = "The money came back from the payee's account."
LONGEST_WAIT = dt.timedelta(hours=1)


def due(*, limit: int = 200) -> list[int]:
    """Payouts of released runs whose next step may be taken now, oldest first: everything that a lost task left behind."""
    found = Payout.objects.filter(run__state=PayoutRun.State.RELEASED, state__in=[State.READY, State.SENT], next_try_at__lte=clock.now())
    return list(found.order_by("pk").values_list("pk", flat=True)[:limit])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one pass over the due payouts did. `broken` of them met an error that nobody foresaw; a person sees it."""

    payouts: tuple[Payout, ...]
    broken: int


def execute_due() -> Outcome:
    """Owe everything that is due in one go, and take each on by itself. Never raises for one payout: the others are still paid."""
    done: list[Payout] = []
    watch, payouts = trouble.Watch(TASK), due()
    owing.together(payout_ids=payouts)
    for payout_id in payouts:
        with watch.item(str(payout_id), payout_id):
            done.append(execute(payout_id=payout_id))
    return Outcome(tuple(done), watch.failed)


def begin_run(*, run_id: int) -> int:
    """Owe a released run in one go and hand each of its payouts to a worker; returns how many. The sweeper finds what it leaves behind."""
    found = Payout.objects.filter(run=run_id, run__state=PayoutRun.State.RELEASED, state__in=[State.READY, State.SENT]).order_by("pk")
    payouts = list(found.values_list("pk", flat=True))
    owing.together(payout_ids=payouts)
    for payout_id in payouts:
        enqueue(TASK, payout_id)
    return len(payouts)


def execute(*, payout_id: int) -> Payout:
    """Take a payout as far as it goes. Returns it confirmed, failed (the processor said no), or waiting for another try."""
    try:
        payout = owe(payout_id=payout_id)
        if payout.state != State.SENT:
            return payout
        transfer = send(payout=payout)
    except (gateway.Unavailable, LedgerError) as error:
        return postpone(payout_id=payout_id, reason=error.message)
    except Waits as wait:
        return postpone(payout_id=payout_id, reason=wait.hold.reason, until=wait.hold.until)
    except gateway.InsufficientBalance as error:
        return await_balance(payout_id=payout_id, key=payout.idempotency_key or "", reason=error.message)
    except gateway.GatewayError as error:
        return fail(payout_id=payout_id, key=payout.idempotency_key or "", reason=error.message)
    return book(payout_id=payout_id, transfer=transfer)


class Waits(Exception):
    """Nothing may be paid to the payee now, and this payout is owed already: it waits and is sent later."""

    def __init__(self, hold: holding.Hold) -> None:
        super().__init__(hold.reason)
        self.hold = hold


@transaction.atomic
def owe(*, payout_id: int) -> Payout:
    """Move the payout's money from its funds to what is owed, drawing the reservations: one line for each half day and fund.

    Posts once; a payout that is owed already only gets its lease renewed. One whose payee may not be paid any more is set aside
    instead, and its half days are free. Raises LedgerError when the books refuse.
    """
    payout = Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout_id)
    if payout.run.state != PayoutRun.State.RELEASED or payout.state not in {State.READY, State.SENT}:
        return payout
    payout.next_try_at = clock.now() + LEASE
    if payout.state == State.READY:
        if hold := holding.lasting(payout):
            holding.set_aside(payout, hold)
            close_run(payout.run_id)
            return payout
        books.hold_for_tax([payout])
        owing.owed(payout, ledger.post_fact(owing.fact(payout, books.draws(payout))))
        if payout.withheld:
            payout.withheld_entry = ledger.post_fact(owing.fact(payout, books.withholdings(payout), "withheld"))
    payout.save()
    return payout


def send(*, payout: Payout) -> gateway.Transfer:
    """Ask the processor to move the money, under the stored key. Not in a transaction: it may take seconds.

    The processor forgets keys after a day, and a worker that was killed says nothing, so every call first looks for its own
    result, unless an earlier attempt made it and it is booked.
    Raises Waits, gateway.Unavailable (unknown: repeat), other GatewayError (final for this key).
    """
    naming.name_transfers(payout)
    earlier = gateway.find_transfer(kind=KIND, reference=payout.ref_at_processor)
    if earlier is not None and not PayoutTransfer.objects.filter(transfer_id=earlier.id).exists():
        return earlier
    account = ConnectedAccount.objects.filter(party=payout.payee_id).exclude(account_id="").first()
    if account is not None:
        # News of another bank account may be late or lost, so the account is read again before anybody relies on what is known.
        payments.refresh_account(account_id=account.account_id)
    with translation.override(None):  # the reason is kept with the payout
        hold = holding.of([payout.payee]).get(payout.payee_id)
    if hold:
        raise Waits(hold)
    if account is None:
        raise gateway.CannotReceive(f"{payout.payee.name} has no account that can receive money.")
    return gateway.send_transfer(
        account=account.account_id,
        amount=Money(payout.sending, payout.currency),
        kind=KIND,
        reference=payout.ref_at_processor,
        description=f"Payout {payout.ref}",
        key=str(payout.idempotency_key),
    )


@transaction.atomic
def book(*, payout_id: int, transfer: gateway.Transfer) -> Payout:
    """Book what the processor says of one transfer of the payout: that it was made, then what of it came back.

    The money that was owed is settled from the processor's cash, item by item, and the remittance advice is queued. What
    came back since, in whole or in part, is owed again; the funds are untouched, and a treasurer may send it again.
    A repeat changes nothing, nor does late news. Raises Conflict when the transfer is not what this payout asked for.
    """
    lock_engagements(payout_id)
    payout = Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout_id)
    known = payout.transfers.filter(transfer_id=transfer.id).first()
    made = known or _settle(payout, transfer)
    back = _parts_back(made, transfer)
    if back:
        _take_back(payout, made, back)
    elif known is None and payout.state == State.CONFIRMED:
        close_what_is_paid(payout)
    return payout


def _settle(payout: Payout, transfer: gateway.Transfer) -> PayoutTransfer:
    """The transfer was made: what is owed becomes less by it. Confirmed when nothing is left owed."""
    if not _asked_for(transfer, payout):
        raise Conflict(f"The processor's transfer {transfer.id} of {transfer.amount} does not match {payout.ref} of {payout.money}.")
    PAYOUT.check(payout.state, State.CONFIRMED)
    entry = ledger.post(
        kind="payout_confirmed",
        source=KIND,
        reference=f"{payout.ref}:confirmed:{payout.attempt}",
        lines=books.settlements(payout, transfer.amount.amount),
        at=clock.now(),
        effective_on=clock.today(),
    )
    made = PayoutTransfer.objects.create(
        payout=payout,
        transfer_id=transfer.id,
        amount=transfer.amount.amount,
        at=clock.now(),
        balance_transaction=transfer.balance_transaction or "",
        entry=entry,
    )
    payout.outstanding -= made.amount
    payout.transfer_id, payout.sending, payout.next_try_at = transfer.id, 0, None
    if payout.outstanding:
        # More came back from an earlier transfer while this one was on its way.
        payout.state = State.FAILED
        payout.failure = _came_back(payout)
    else:
        payout.state, payout.confirmed_at, payout.confirmed_entry, payout.failure = State.CONFIRMED, clock.now(), entry, ""
    payout.save()
    if not transfer.reversed:
        remittance.send(payout, made)
    return made


Part = tuple[int, str, str]
"""Money that came back: minor units, the processor's id of it and of its balance transaction (empty where only the sum is known)."""


def _parts_back(made: PayoutTransfer, transfer: gateway.Transfer) -> list[Part]:
    """What came back of a booked transfer and is not booked yet; one for each of the processor's reversals where it names them all."""
    back = transfer.amount_reversed.amount - made.returned
    if back <= 0:
        return []
    known = set(made.returns.values_list("reversal_id", flat=True))
    named = [(part.amount.amount, part.id, part.balance_transaction or "") for part in transfer.reversals if part.id not in known]
    return named if sum(amount for amount, _, _ in named) == back else [(back, "", "")]


def _take_back(payout: Payout, made: PayoutTransfer, parts: list[Part]) -> None:
    """These parts of a booked transfer came back, so they are owed again. Another transfer that is on its way goes on."""
    for amount, reversal_id, balance_transaction in parts:
        entry = ledger.post(
            kind="payout_returned",
            source=KIND,
            reference=f"{payout.ref}:returned:{made.pk}:{made.returned + amount}",
            lines=books.returns(payout, made, amount),
            at=clock.now(),
            effective_on=clock.today(),
        )
        made.returns.create(amount=amount, at=clock.now(), reversal_id=reversal_id, balance_transaction=balance_transaction, entry=entry)
        made.returned += amount
        made.save(update_fields=["returned"])
        payout.outstanding += amount
    payout.confirmed_entry = payout.confirmed_at = None
    open_again(payout.run_id)
    if payout.state == State.SENT:
        payout.save()
        _tell_treasurers(payout, _came_back(payout))
    else:
        _fail(payout, _came_back(payout))
    back = Money(sum(amount for amount, _, _ in parts), payout.currency)
    mail.queue(
        kind="payout_returned",
        to=payout.payee.email,
        key=f"payout-returned:{made.transfer_id}:{made.returned}",
        context={"payout": payout, "back": back, "url": mail.absolute(reverse("payouts:account"))},
    )


def _came_back(payout: Payout) -> str:
    back = payout.owed
    if back == payout.net:
        return CAME_BACK
    return f"{back} of {payout.net} came back from the payee's account."


@transaction.atomic
def await_balance(*, payout_id: int, key: str, reason: str) -> Payout:
    """The processor holds too little for this one: nothing moved, so it is asked again later under a new key, by itself.

    The treasurers are told once a day for each run, because only they can add money.
    """
    payout = Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout_id)
    if payout.state != State.SENT or payout.idempotency_key != key:
        return payout
    payout.attempt += 1
    payout.idempotency_key, payout.sending = key_of(payout), payout.outstanding
    _wait(payout, f"The balance at the processor is too low. {reason}")
    for user in roles.holders(roles.Role.TREASURER):
        mail.queue(
            kind="payout_balance_low",
            to=user.email,
            key=f"balance-low:{payout.run_id}:{clock.today()}:{user.pk}",
            context={"payout": payout, "url": mail.absolute(payout.run.get_absolute_url())},
        )
    return payout


@transaction.atomic
def fail(*, payout_id: int, key: str, reason: str) -> Payout:
    """Record the processor's refusal of this key. The money stays owed; a treasurer sees the reason and may try again."""
    payout = Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout_id)
    if payout.state != State.SENT or payout.idempotency_key != key:
        return payout
    return _fail(payout, reason)


@transaction.atomic
def postpone(*, payout_id: int, reason: str, until: dt.datetime | None = None) -> Payout:
    """Nobody knows the outcome yet: wait a little longer each time, or `until` then, and repeat under the same key."""
    payout = Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout_id)
    if payout.state in {State.READY, State.SENT}:
        _wait(payout, reason, until)
    return payout


def on_news(reference: str, object_id: str, event_type: str) -> None:
    """A webhook about a transfer of ours: read it again and book what it says. Unknown references raise and are parked."""
    payout = Payout.objects.filter(pk=refs.number(reference.partition(":")[0], "PO") or 0).first()
    if payout is None or payout.ref_at_processor != reference:
        raise Conflict(f"There is no payout {reference}.")
    transfer = gateway.read_transfer(object_id)
    if transfer.metadata.get("reference") != reference:
        raise Conflict(f"Transfer {transfer.id} does not name {reference}.")
    book(payout_id=payout.pk, transfer=transfer)


def _asked_for(transfer: gateway.Transfer, payout: Payout) -> bool:
    """True if the transfer names this payout and moves the sum that was asked for to its payee."""
    account = ConnectedAccount.objects.filter(party=payout.payee_id, account_id=transfer.account)
    named = transfer.metadata.get("reference") == payout.ref_at_processor
    return named and transfer.amount == Money(payout.sending, payout.currency) and account.exists()


def _wait(payout: Payout, reason: str, until: dt.datetime | None = None) -> None:
    payout.tries += 1
    payout.failure = reason
    payout.next_try_at = until or clock.now() + min(LEASE * 2 ** min(payout.tries, 10), LONGEST_WAIT)
    payout.save()
    log.warning("%s waits until %s: %s", payout.ref, payout.next_try_at, reason)


def _fail(payout: Payout, reason: str) -> Payout:
    if payout.state != State.FAILED:
        PAYOUT.check(payout.state, State.FAILED)
    payout.state, payout.failure, payout.next_try_at = State.FAILED, reason, None
    payout.save()
    _tell_treasurers(payout, reason)
    return payout


def _tell_treasurers(payout: Payout, reason: str) -> None:
    for user in roles.holders(roles.Role.TREASURER):
        mail.queue(
            kind="payout_failed",
            to=user.email,
            key=f"payout-failed:{payout.ref}:{payout.attempt}:{payout.outstanding}:{user.pk}",
            context={"payout": payout, "reason": reason, "url": mail.absolute(payout.get_absolute_url())},
        )
