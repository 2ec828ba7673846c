"""Which movement on the processor's balance is which payment."""

from __future__ import annotations

from collections.abc import Sequence

from funding.payments.models import ProcessorLine
from funding.payments.reconciliation import Claim
from sponsors.invoices.models import Payment


def claims(lines: Sequence[ProcessorLine]) -> dict[str, Claim]:
    """The movements that are payments, each with the entry that booked it: what was paid, less the processor's fee."""
    found = Payment.objects.filter(balance_transaction__in=[line.txn_id for line in lines], entry__isnull=False)
    rows = found.values_list("balance_transaction", "entry", "gross", "fee")
    return {txn: Claim(entry, gross - (fee or 0)) for txn, entry, gross, fee in rows}
