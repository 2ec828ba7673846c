"""Which movement on the processor's balance is which payout, or which return of one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from django.db.models import Q

from funding.payments.models import ProcessorLine
from funding.payments.reconciliation import Claim
from grants.payouts.models import PayoutReturn, PayoutRun, PayoutTransfer

RUN = "payout__run"
DECIDED = ("prepared_by", "released_by")


def claims(lines: Sequence[ProcessorLine]) -> dict[str, Claim]:
    """Transfers take from the balance, returns bring back. Who prepared and who released the run explains no difference about it."""
    asked = [line.txn_id for line in lines]
    sent = PayoutTransfer.objects.filter(balance_transaction__in=asked).exclude(balance_transaction="")
    back = PayoutReturn.objects.filter(balance_transaction__in=asked).exclude(balance_transaction="")
    rows = chain(
        ((one.balance_transaction, one.entry_id, -one.amount, one.payout.run) for one in sent.select_related(RUN)),
        ((one.balance_transaction, one.entry_id, one.amount, one.transfer.payout.run) for one in back.select_related(f"transfer__{RUN}")),
    )
    return {txn: Claim(entry, net, _deciders(run)) for txn, entry, net, run in rows}


def makers(entries: Sequence[int]) -> dict[int, frozenset[int]]:
    """Who prepared and who released the run that each of these entries paid."""
    found = (
        PayoutTransfer.objects.filter(Q(entry__in=entries) | Q(returns__entry__in=entries)).select_related(RUN).prefetch_related("returns")
    )
    return {entry: _deciders(one.payout.run) for one in found for entry in (one.entry_id, *(back.entry_id for back in one.returns.all()))}


def _deciders(run: PayoutRun) -> frozenset[int]:
    return frozenset(pk for pk in (getattr(run, f"{name}_id") for name in DECIDED) if pk)
