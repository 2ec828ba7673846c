"""Move cash from the host's bank to the processor, so that what arrived in the bank can be paid out. Source: docs/awards.md.

1. `ask` (transaction): the sum and the key of the call are stored.
2. `send` (network): the processor collects it once for that key, however often it is asked; or is asked what became of it.
3. `record` (transaction): booked when it has arrived, from `cash:bank` to `cash:stripe`; no fund is touched.

The webhook, the sweeper and the answer itself end in `record`, in any order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.ledger import services as ledger
from funding.ledger.models import Entry
from funding.mail import services as mail
from funding.money import Money
from funding.payments import cash, gateway
from funding.payments.models import ProcessorLine, TopUp
from funding.payments.reconciliation import Claim
from funding.people import roles
from funding.people.models import User
from funding.people.roles import Role
from funding.web import trouble
from funding.web.queue import enqueue_on_commit

KIND = "topup"
"""In the processor's metadata."""
TASK = "funding.payments.tasks.send_top_up"
SWEEP = "funding.payments.tasks.sweep_top_ups"
FIRST_LOOK, LONGEST_LOOK = dt.timedelta(seconds=20), dt.timedelta(hours=6)
LOCK = 0x746F7075
State = TopUp.State


@audited("cash.top_up", subject="amount")
def ask(*, actor: User, amount: Money) -> TopUp:
    """Have the processor collect `amount` from the bank. Only a treasurer.

    Raises Refused, Invalid (not above zero, or more than the books have in the bank beyond what is on its way already).
    """
    roles.require(actor, Role.TREASURER)
    if amount.amount <= 0:
        raise Invalid(_("Enter an amount above zero."), field="amount")
    with connection.cursor() as cursor:  # two who ask at once would each see all of it
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    rest = movable(amount.currency)
    if amount > rest:
        raise Invalid(_("The books have {rest} in the bank that is not on its way already.").format(rest=rest), field="amount")
    now = timezone.now()
    row = TopUp.objects.create(
        amount=amount.amount, currency=amount.currency, asked_by=actor, asked_at=clock.now(), next_look_at=now + FIRST_LOOK
    )
    enqueue_on_commit(TASK, row.pk)
    return row


def movable(currency: str) -> Money:
    """What the books have in the bank, less what is on its way to the processor already; never below zero.

    Read in this order: one that arrives between the two reads is taken off twice for a moment, and not counted as still there.
    """
    under_way = TopUp.objects.filter(currency=currency, state__in=TopUp.UNDER_WAY).aggregate(sum=Sum("amount"))["sum"] or 0
    in_bank, _at_processor = cash.held(currency)
    return Money(max(0, in_bank.amount - under_way), currency)


def send(*, pk: int) -> TopUp:
    """Take a top-up as far as it goes. Call it outside a transaction. Raises gateway.Unavailable.

    The processor forgets keys after a day, so a call whose answer nobody heard is looked up before it is made again.
    """
    row = TopUp.objects.get(pk=pk)
    if row.state not in TopUp.UNDER_WAY:
        return row
    if row.processor_id:
        return record(pk=pk, found=gateway.read_top_up(row.processor_id))
    found = gateway.find_top_up(kind=KIND, reference=row.ref) if row.looks else None
    TopUp.objects.filter(pk=pk).update(looks=row.looks + 1)
    if found is None:
        try:
            found = gateway.top_up(amount=row.money, kind=KIND, reference=row.ref, description=f"Daybook {row.ref}", key=str(row.key))
        except gateway.Rejected as error:
            return _fail(pk=pk, reason=error.message)
    return record(pk=pk, found=found)


@transaction.atomic
def record(*, pk: int, found: gateway.TopUp) -> TopUp:
    """Bring the row to where the processor says it is. Safe to repeat, in any order. Raises Conflict for another one's answer."""
    row = _lock(pk)
    if found.amount != row.money or row.processor_id not in ("", found.id):
        raise Conflict(f"{found.id} over {found.amount} is not {row}.")
    row.processor_id = found.id
    if row.state in TopUp.UNDER_WAY | {State.FAILED} and found.status in ("succeeded", "reversed"):
        _arrive(row, found)
    if row.state == State.ARRIVED and found.status == "reversed":
        _take_back(row)
    elif row.state in TopUp.UNDER_WAY and found.status in ("failed", "canceled"):
        _failed(row, found.failure or _("The bank refused it."))
    elif row.state == State.ASKED:
        TopUp.LIFECYCLE.check(row.state, State.PENDING)
        row.state = State.PENDING
    row.looks += 1
    row.next_look_at = timezone.now() + min(FIRST_LOOK * 2 ** min(row.looks, 10), LONGEST_LOOK)
    row.save()
    return row


def on_news(reference: str, object_id: str, event_type: str) -> None:
    """News of a top-up of ours. Raises Conflict for a reference that is not, so that it is kept and seen."""
    found = gateway.read_top_up(object_id)
    pk = reference.removeprefix("TU-")
    if not pk.isdigit() or not TopUp.objects.filter(pk=int(pk)).exists():
        raise Conflict(f"There is no top-up {reference}.")
    record(pk=int(pk), found=found)


def sweep() -> int:
    """Look at every top-up whose time has come. Returns how many could not be looked at."""
    watch = trouble.Watch(SWEEP)
    for pk in TopUp.objects.filter(state__in=TopUp.UNDER_WAY, next_look_at__lte=timezone.now()).values_list("pk", flat=True):
        with watch.item(f"topup:{pk}"):
            send(pk=pk)
    return watch.failed


def claims(lines: Sequence[ProcessorLine]) -> dict[str, Claim]:
    """For reconciliation: which movements are top-ups of ours, and what the bank took back of them."""
    asked = [line.txn_id for line in lines if line.kind == "topup"]
    arrived = TopUp.objects.filter(balance_transaction__in=asked).exclude(entry=None)
    found = {row.balance_transaction: Claim(row.entry_id or 0, row.amount, frozenset({row.asked_by_id})) for row in arrived}
    back = {line.source: line.txn_id for line in lines if line.kind == "topup_reversal"}
    for row in TopUp.objects.filter(processor_id__in=back).exclude(reversed_entry=None):
        found[back[row.processor_id]] = Claim(row.reversed_entry_id or 0, -row.amount, frozenset({row.asked_by_id}))
    return found


def makers(entries: Sequence[int]) -> dict[int, frozenset[int]]:
    """Who asked for the top-up that each of these entries booked."""
    rows = TopUp.objects.filter(Q(entry__in=entries) | Q(reversed_entry__in=entries))
    return {
        number: frozenset({row.asked_by_id})
        for row in rows
        for number in (row.entry_id, row.reversed_entry_id)
        if number and number in entries
    }


def _arrive(row: TopUp, found: gateway.TopUp) -> None:
    TopUp.LIFECYCLE.check(row.state, State.ARRIVED)
    row.balance_transaction = found.balance_transaction or ""
    row.entry = _post(row, "top_up", row.ref, to_processor=True)
    row.state, row.failure = State.ARRIVED, ""


def _take_back(row: TopUp) -> None:
    TopUp.LIFECYCLE.check(row.state, State.REVERSED)
    row.reversed_entry = _post(row, "top_up_returned", f"{row.ref}:returned", to_processor=False)
    row.state, row.failure = State.REVERSED, _("The bank took it back.")
    _tell(row)


def _post(row: TopUp, kind: str, reference: str, *, to_processor: bool) -> Entry:
    sides = (cash.account(row.currency), cash.bank(row.currency))
    debit, credit = sides if to_processor else sides[::-1]
    return ledger.post(
        kind=kind,
        source="topup",
        reference=reference,
        lines=[ledger.Line(debit, credit, row.amount, kind)],
        at=clock.now(),
        effective_on=clock.today(),
    )


@transaction.atomic
def _fail(*, pk: int, reason: str) -> TopUp:
    """The processor refused to make it. Nothing moved."""
    row = _lock(pk)
    if row.state == State.ASKED:
        _failed(row, reason)
        row.save()
    return row


def _failed(row: TopUp, reason: str) -> None:
    TopUp.LIFECYCLE.check(row.state, State.FAILED)
    row.state, row.failure = State.FAILED, reason[:300]
    _tell(row)


def _lock(pk: int) -> TopUp:
    return TopUp.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=pk)


def _tell(row: TopUp) -> None:
    url = mail.absolute(reverse("payments:cash"))
    for user in roles.holders(Role.TREASURER):
        mail.queue(kind="top_up_failed", to=user.email, key=f"topup:{row.pk}:{row.state}:{user.pk}", context={"topup": row, "url": url})
