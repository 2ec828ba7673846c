"""What the processor calls transfers and returns that were booked before their names were kept. Network outside transactions.

Rows rebuilt from older books lack the name of the transfer, of its return, or of the movement on the balance. Everything that has
its names costs nothing here.
"""

from __future__ import annotations

import logging

from django.db.models import Q

from funding.payments import gateway
from grants.payouts.models import Payout, PayoutTransfer

log = logging.getLogger(__name__)

UNKNOWN = "unknown:"
KIND = "payout"


def name_transfers(payout: Payout) -> None:
    """Find which of the processor's transfers each nameless row of the payout was. All of those came back whole, and are of one sum.

    Raises gateway.Unavailable, gateway.Rejected.
    """
    nameless = list(payout.transfers.filter(transfer_id__startswith=UNKNOWN).order_by("pk"))
    if not nameless:
        return
    known = set(payout.transfers.values_list("transfer_id", flat=True))
    made = gateway.find_transfers(kind=KIND, reference=payout.ref_at_processor)
    back = [transfer for transfer in made if transfer.id not in known and transfer.reversed and transfer.amount == payout.net]
    for row, transfer in zip(nameless, back, strict=False):
        PayoutTransfer.objects.filter(pk=row.pk, transfer_id=row.transfer_id).update(transfer_id=transfer.id)


def name_movements(limit: int) -> None:
    """Ask the processor for what reconciliation finds booked transfers and returns by. One that it does not know is left as it is.

    Raises gateway.Unavailable.
    """
    lacking = Q(balance_transaction="") | Q(returns__balance_transaction="")
    rows = PayoutTransfer.objects.filter(lacking).select_related("payout").distinct().order_by("-pk")
    for row in rows[:limit]:
        try:
            name_transfers(row.payout)
            row.refresh_from_db()
            if not row.transfer_id.startswith(UNKNOWN):
                _name(row, gateway.read_transfer(row.transfer_id))
        except gateway.Rejected as error:
            log.warning("the processor knows nothing of %s: %s", row, error.message)


def _name(row: PayoutTransfer, transfer: gateway.Transfer) -> None:
    if transfer.balance_transaction:
        PayoutTransfer.objects.filter(pk=row.pk, balance_transaction="").update(balance_transaction=transfer.balance_transaction)
    known = set(row.returns.values_list("reversal_id", flat=True))
    new = [part for part in transfer.reversals if part.id not in known]
    for back in row.returns.filter(reversal_id="").order_by("pk"):
        part = next((part for part in new if part.amount.amount == back.amount), None)
        if part is not None:
            new.remove(part)
            row.returns.filter(pk=back.pk).update(reversal_id=part.id, balance_transaction=part.balance_transaction or "")
