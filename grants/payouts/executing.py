"""Pay one released payout: owe it in the books, call the processor, book the answer. Safe to stop and repeat at any point.

1. `owe` (transaction): the money leaves the funds and is owed to the payee; the key of the call is stored.
2. `send` (network, no transaction): the processor moves the money once for that key, however often it is asked.
3. `confirm` (transaction): what was owed is settled from the processor's cash, and everybody concerned is told.

A process that dies between two steps leaves a state from which `due` finds the payout and the same steps go on. The webhook
reaches the same `confirm`; whoever comes second changes nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.db import transaction

from funding import clock
from funding.errors import Conflict
from funding.ledger import services as ledger
from funding.ledger.errors import LedgerError
from funding.ledger.models import Account
from funding.ledger.models import Transfer as BookTransfer
from funding.mail import services as mail
from funding.payments import gateway
from funding.payments.models import ConnectedAccount
from funding.people import roles
from grants.engagements import refs
from grants.engagements import services as engagements
from grants.engagements.models import Engagement
from grants.payouts import remittance
from grants.payouts.models import Payout, PayoutRun, PayoutShare
from grants.payouts.services import PAYOUT, RUN, key_of
from grants.timesheets import selectors as timesheets

log = logging.getLogger(__name__)

KIND = "payout"
State = Payout.State
CAME_BACK = "The money came back from the payee's account."
LEASE = dt.timedelta(minutes=1)
LONGEST_WAIT = dt.timedelta(hours=1)


def owed_account(currency: str) -> Account:
    return ledger.open_account(code=f"owed:payouts:{currency}", klass="owed", currency=currency)


def cash_account(currency: str) -> Account:
    return ledger.open_account(code=f"cash:stripe:{currency}", klass="cash", currency=currency)


def due(*, limit: int = 200) -> list[int]:
    """Payouts of released runs whose next step may be taken now, oldest first: everything that a lost task left behind."""
    found = Payout.objects.filter(run__state=PayoutRun.State.RELEASED, state__in=[State.READY, State.SENT], next_try_at__lte=clock.now())
    return list(found.order_by("pk").values_list("pk", flat=True)[:limit])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one pass over the due payouts did. `broken` are those that met an error nobody foresaw; it is in the log."""

    payouts: tuple[Payout, ...]
    broken: tuple[int, ...]


def execute_due() -> Outcome:
    """Execute everything that is due, one by one. Never raises for one payout: the others are still paid."""
    done: list[Payout] = []
    broken: list[int] = []
    for payout_id in due():
        try:
            done.append(execute(payout_id=payout_id))
        except Exception:
            log.exception("payout %s stopped and stays due", payout_id)
            broken.append(payout_id)
    return Outcome(tuple(done), tuple(broken))


def execute(*, payout_id: int) -> Payout:
    """Take a payout as far as it goes. Returns it confirmed, failed (the processor said no), or waiting for another try."""
    try:
        payout = owe(payout_id=payout_id)
        if payout.state != State.SENT:
            return payout
        transfer = send(payout=payout)
    except (gateway.Unavailable, LedgerError) as error:
        return postpone(payout_id=payout_id, reason=error.message)
    except gateway.GatewayError as error:
        return fail(payout_id=payout_id, key=payout.idempotency_key or "", reason=error.message)
    return take_back(payout_id=payout_id, transfer=transfer) if transfer.reversed else confirm(payout_id=payout_id, transfer=transfer)


@transaction.atomic
def owe(*, payout_id: int) -> Payout:
    """Move the payout's money from its funds to what is owed, drawing the reservations: one line for each half day and fund.

    Posts once; a payout that is owed already only gets its lease renewed. Raises LedgerError when the books refuse.
    """
    payout = Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout_id)
    if payout.run.state != PayoutRun.State.RELEASED or payout.state not in {State.READY, State.SENT}:
        return payout
    payout.next_try_at = clock.now() + LEASE
    if payout.state == State.READY:
        PAYOUT.check(payout.state, State.SENT)
        payout.sent_entry = payout.owed_entry = ledger.post(
            kind="payout_sent",
            source=KIND,
            reference=f"{payout.ref}:sent",
            lines=_draws(payout),
            at=clock.now(),
            effective_on=clock.today(),
        )
        payout.state, payout.sent_at, payout.idempotency_key = State.SENT, clock.now(), key_of(payout)
    payout.save()
    return payout


def send(*, payout: Payout) -> gateway.Transfer:
    """Ask the processor to move the money, under the stored key. Not in a transaction: it may take seconds.

    The processor forgets keys after a day, and a worker that was killed says nothing, so every call first looks for its own
    result. One that came back is returned too, unless an earlier attempt made it and that is known.
    Raises gateway.Unavailable (unknown: repeat), other GatewayError (final for this key).
    """
    earlier = gateway.find_transfer(kind=KIND, reference=payout.ref_at_processor)
    if earlier is not None and earlier.id != payout.transfer_id:
        return earlier
    account = ConnectedAccount.objects.filter(party=payout.payee_id).first()
    if account is None:
        raise gateway.CannotReceive(f"{payout.payee.name} has no account that can receive money.")
    return gateway.send_transfer(
        account=account.account_id,
        amount=payout.money,
        kind=KIND,
        reference=payout.ref_at_processor,
        description=f"Payout {payout.ref}",
        key=str(payout.idempotency_key),
    )


@transaction.atomic
def confirm(*, payout_id: int, transfer: gateway.Transfer) -> Payout:
    """Settle what is owed, item by item, from the processor's cash, and send the remittance advice.

    A repeat changes nothing, nor does late news of a transfer that came back since. Raises Conflict when the transfer is not
    the one that this payout asked for.
    """
    _lock_engagements(payout_id)
    payout = Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout_id)
    if payout.state == State.CONFIRMED or payout.transfer_id == transfer.id:
        return payout
    if transfer.reversed or not _asked_for(transfer, payout):
        raise Conflict(f"The processor's transfer {transfer.id} of {transfer.amount} does not match {payout.ref} of {payout.money}.")
    PAYOUT.check(payout.state, State.CONFIRMED)
    payout.confirmed_entry = ledger.post(
        kind="payout_confirmed",
        source=KIND,
        reference=f"{payout.ref}:confirmed:{payout.attempt}",
        lines=_settlements(payout),
        at=clock.now(),
        effective_on=clock.today(),
    )
    payout.state, payout.confirmed_at, payout.transfer_id = State.CONFIRMED, clock.now(), transfer.id
    payout.next_try_at, payout.failure = None, ""
    payout.save()
    remittance.send(payout)
    _close_what_is_paid(payout)
    return payout


@transaction.atomic
def take_back(*, payout_id: int, transfer: gateway.Transfer) -> Payout:
    """Book a transfer that came back whole: the payout is owed again, and the funds are untouched. A treasurer may send it again.

    One that came back before it was confirmed is still owed, so nothing is posted.
    """
    payout = Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout_id)
    if payout.state == State.SENT and payout.transfer_id != transfer.id:
        payout.transfer_id = transfer.id
        return _fail(payout, CAME_BACK)
    if payout.state != State.CONFIRMED or payout.transfer_id != transfer.id:
        return payout
    payout.owed_entry = ledger.post(
        kind="payout_returned",
        source=KIND,
        reference=f"{payout.ref}:returned:{payout.attempt}",
        lines=_returns(payout),
        at=clock.now(),
        effective_on=clock.today(),
    )
    payout.confirmed_entry = payout.confirmed_at = None
    run = PayoutRun.objects.select_for_update().get(pk=payout.run_id)
    if run.state == PayoutRun.State.DONE:
        RUN.check(run.state, PayoutRun.State.RELEASED)
        run.state, run.done_at = PayoutRun.State.RELEASED, None
        run.save(update_fields=["state", "done_at"])
    return _fail(payout, CAME_BACK)


@transaction.atomic
def fail(*, payout_id: int, key: str, reason: str) -> Payout:
    """Record the processor's refusal of this key. The money stays owed; a treasurer sees the reason and may try again."""
    payout = Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout_id)
    if payout.state != State.SENT or payout.idempotency_key != key:
        return payout
    return _fail(payout, reason)


@transaction.atomic
def postpone(*, payout_id: int, reason: str) -> Payout:
    """Nobody knows the outcome yet: wait a little longer each time, then repeat under the same key."""
    payout = Payout.objects.select_for_update(of=("self",)).select_related("run", "payee").get(pk=payout_id)
    if payout.state in {State.READY, State.SENT}:
        payout.tries += 1
        payout.failure = reason
        payout.next_try_at = clock.now() + min(LEASE * 2 ** min(payout.tries, 10), LONGEST_WAIT)
        payout.save()
        log.warning("%s waits until %s: %s", payout.ref, payout.next_try_at, reason)
    return payout


def on_news(reference: str, object_id: str, event_type: str) -> None:
    """A webhook about a transfer of ours: read it again and book what it says. Unknown references raise and are parked."""
    payout = Payout.objects.filter(pk=refs.number(reference.partition(":")[0], "PO") or 0).first()
    if payout is None or payout.ref_at_processor != reference:
        raise Conflict(f"There is no payout {reference}.")
    transfer = gateway.read_transfer(object_id)
    if transfer.metadata.get("reference") != reference:
        raise Conflict(f"Transfer {transfer.id} does not name {reference}.")
    if transfer.reversed:
        take_back(payout_id=payout.pk, transfer=transfer)
    else:
        confirm(payout_id=payout.pk, transfer=transfer)


def _asked_for(transfer: gateway.Transfer, payout: Payout) -> bool:
    """True if the transfer names this payout and moves its sum to its payee."""
    account = ConnectedAccount.objects.filter(party=payout.payee_id, account_id=transfer.account)
    named = transfer.metadata.get("reference") == payout.ref_at_processor
    return named and transfer.amount == payout.money and account.exists()


def _fail(payout: Payout, reason: str) -> Payout:
    PAYOUT.check(payout.state, State.FAILED)
    payout.state, payout.failure, payout.next_try_at = State.FAILED, reason, None
    payout.save()
    _tell_treasurers(payout)
    return payout


def _draws(payout: Payout) -> list[ledger.Line]:
    owed = owed_account(payout.currency)
    shares = PayoutShare.objects.filter(line__payout=payout).select_related("line", "source__fund__account", "source__reservation")
    return [
        ledger.Line(
            debit=share.source.fund.account,
            credit=owed,
            amount=share.amount,
            kind="payout_sent",
            party_id=payout.payee_id,
            about=("work", share.line.work_entry_id),
            reservation=share.source.reservation,
        )
        for share in shares.order_by("line_id", "source__position")
    ]


def _settlements(payout: Payout) -> list[ledger.Line]:
    """One line for each open item: what `owe` or `take_back` credited."""
    owed, cash = owed_account(payout.currency), cash_account(payout.currency)
    return [
        ledger.Line(
            debit=owed,
            credit=cash,
            amount=item.amount,
            kind="payout_confirmed",
            party_id=payout.payee_id,
            about=("work", int(item.about_id or 0)),
            settles=item.pk,
        )
        for item in BookTransfer.objects.filter(entry=payout.owed_entry).order_by("line")
    ]


def _returns(payout: Payout) -> list[ledger.Line]:
    owed, cash = owed_account(payout.currency), cash_account(payout.currency)
    return [
        ledger.Line(
            debit=cash,
            credit=owed,
            amount=item.amount,
            kind="payout_returned",
            party_id=payout.payee_id,
            about=("work", int(item.about_id or 0)),
            source=item.pk,
        )
        for item in BookTransfer.objects.filter(entry=payout.confirmed_entry).order_by("line")
    ]


def _lock_engagements(payout_id: int) -> None:
    paid = PayoutShare.objects.filter(line__payout=payout_id).values("source__engagement")
    list(Engagement.objects.select_for_update().filter(pk__in=paid).order_by("pk"))


def _close_what_is_paid(payout: Payout) -> None:
    """An engagement whose whole cap is confirmed is complete; a run without anything left to confirm is done."""
    paid = PayoutShare.objects.filter(line__payout=payout).values("source__engagement")
    for engagement in Engagement.objects.filter(pk__in=paid, state=Engagement.State.ACTIVE):
        if timesheets.usage(engagement).approved == engagement.cap_half_days and _all_confirmed(engagement):
            engagements.complete(engagement=engagement)
    run = PayoutRun.objects.select_for_update().get(pk=payout.run_id)
    waiting = run.payouts.filter(state__in=[State.READY, State.SENT, State.FAILED])
    if run.state == PayoutRun.State.RELEASED and not waiting.exists():
        run.state, run.done_at = PayoutRun.State.DONE, clock.now()
        run.save(update_fields=["state", "done_at"])


def _all_confirmed(engagement: Engagement) -> bool:
    """True if every half day of the cap is in a confirmed payout."""
    lines = PayoutShare.objects.filter(source__engagement=engagement, line__payout__state=State.CONFIRMED)
    return lines.values("line").distinct().count() == engagement.cap_half_days


def _tell_treasurers(payout: Payout) -> None:
    for user in roles.holders(roles.Role.TREASURER):
        mail.queue(
            kind="payout_failed",
            to=user.email,
            key=f"payout-failed:{payout.ref}:{payout.attempt}:{payout.transfer_id}:{user.pk}",
            context={"payout": payout, "url": mail.absolute(payout.get_absolute_url())},
        )
