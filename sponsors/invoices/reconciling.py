"""Which movement on the processor's balance is which payment."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from funding.payments import gateway
from funding.payments.models import ProcessorLine
from funding.payments.reconciliation import Claim
from sponsors.invoices.models import Payment

log = logging.getLogger(__name__)


def claims(lines: Sequence[ProcessorLine]) -> dict[str, Claim]:
    """The movements that are payments, each with the entry that booked it: what was paid, less the processor's fee."""
    found = Payment.objects.filter(balance_transaction__in=[line.txn_id for line in lines], entry__isnull=False)
    rows = found.values_list("balance_transaction", "entry", "gross", "fee")
    return {txn: Claim(entry, gross - (fee or 0)) for txn, entry, gross, fee in rows}


def name_movements(limit: int) -> None:
    """Ask the processor for the movement of payments that were booked before movements were kept. One unknown to it stays so.

    Raises gateway.Unavailable.
    """
    lacking = Payment.objects.filter(state=Payment.State.BOOKED, balance_transaction="").exclude(charge_id="").order_by("-pk")
    for pk, charge_id in lacking.values_list("pk", "charge_id")[:limit]:
        try:
            movement = gateway.read_charge(charge_id).balance_transaction
        except gateway.Rejected as error:
            log.warning("the processor knows nothing of payment %s: %s", pk, error.message)
            continue
        if movement:
            Payment.objects.filter(pk=pk, balance_transaction="").update(balance_transaction=movement)
