"""Owe payouts in the books: one by itself, or all of a run in as few calls as their lines need.

Owing together is a step that may be left out: what it does not owe (the books refuse it, or its payee may not be paid now) `executing.owe`
meets by itself and says why, and a process that dies in it leaves payouts owed or not, never half.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import Count

from funding import clock
from funding.ledger import services as ledger
from funding.ledger.errors import LedgerError
from funding.ledger.models import Entry
from grants.payouts import books, holding
from grants.payouts.models import PAYOUT, Payout, PayoutRun, PayoutShare
from grants.payouts.services import key_of

log = logging.getLogger(__name__)

KIND = "payout"
LEASE = dt.timedelta(minutes=1)
AT_ONCE = 100
"""Payouts that are owed in one transaction, whose funds are locked as long."""
State = Payout.State
CHANGED = ["state", "sent_at", "idempotency_key", "sending", "outstanding", "next_try_at", "sent_entry", "withheld_entry"]


def fact(payout: Payout, lines: Sequence[ledger.Line], what: str = "sent") -> ledger.Fact:
    """The entry by which a payout is owed, or by which tax is withheld from it (`what` is then "withheld")."""
    kind = "payout_sent" if what == "sent" else "tax_withheld"
    return ledger.Fact(kind, KIND, f"{payout.ref}:{what}", lines, clock.now(), clock.today())


def owed(payout: Payout, entry: Entry) -> None:
    """The entry is posted: the payout is owed, and its call to the processor has its key. Nothing is saved here."""
    PAYOUT.check(payout.state, State.SENT)
    payout.sent_entry, payout.sent_at, payout.state = entry, clock.now(), State.SENT
    payout.idempotency_key, payout.next_try_at = key_of(payout), clock.now() + LEASE
    payout.sending = payout.outstanding = payout.net.amount


def together(*, payout_ids: Sequence[int]) -> int:
    """Owe the released ones among these payouts, many in one call to the books; returns how many. Never raises for what cannot be owed."""
    found = 0
    for some in _portions(payout_ids):
        try:
            found += _owe(some)
        except Exception:
            log.exception("%s payouts could not be owed together; each is owed by itself", len(some))
    return found


@transaction.atomic
def _owe(payout_ids: Sequence[int]) -> int:
    ready = Payout.objects.filter(pk__in=payout_ids, state=State.READY, run__state=PayoutRun.State.RELEASED)
    payouts = list(ready.select_for_update(of=("self",)).select_related("run", "payee").order_by("pk"))
    holds = holding.of_payouts(payouts)
    free = [payout for payout in payouts if payout not in holds]
    lines = books.draws_of(free)
    books.hold_for_tax(free)
    outcomes = ledger.post_each([fact(payout, lines[payout.pk]) for payout in free]) if free else []
    done = []
    for payout, outcome in zip(free, outcomes, strict=True):
        if isinstance(outcome, LedgerError):
            log.warning("%s is left to be owed by itself: %s", payout.ref, outcome.message)
            continue
        owed(payout, outcome)
        done.append(payout)
    taxed = [payout for payout in done if payout.withheld]
    if taxed:
        # The items that they settle have just been made. All or none: a payout is never owed without what is withheld from it.
        entries = ledger.post_many([fact(payout, books.withholdings(payout), "withheld") for payout in taxed])
        for payout, entry in zip(taxed, entries, strict=True):
            payout.withheld_entry = entry
    Payout.objects.bulk_update(done, CHANGED)
    return len(done)


def _portions(payout_ids: Sequence[int]) -> Iterator[list[int]]:
    """The payouts in their order, as many at a time as one call to the books takes. One line of an entry is one share."""
    shares = PayoutShare.objects.filter(line__payout__in=payout_ids).order_by().values_list("line__payout").annotate(lines=Count("pk"))
    lines = dict(shares)
    some: list[int] = []
    for pk in sorted(lines):
        if some and (len(some) == AT_ONCE or sum(lines[it] for it in [*some, pk]) > ledger.MAX_LINES):
            yield some
            some = []
        some.append(pk)
    if some:
        yield some
