"""Which movements of the processor a treasurer has booked as its fees of a month, for reconciliation: the voucher names the movement."""

from __future__ import annotations

from collections.abc import Sequence

from funding.funds.models import Voucher
from funding.payments.models import ProcessorLine
from funding.payments.reconciliation.claims import Claim

BOOKED = Voucher.objects.filter(kind=Voucher.Kind.PROCESSOR_FEE, state=Voucher.State.BOOKED)


def claims(lines: Sequence[ProcessorLine]) -> dict[str, Claim]:
    """Per movement the entry that booked it, with what left the balance by it, and who wrote the voucher."""
    found = BOOKED.filter(bank_reference__in=[line.txn_id for line in lines])
    return {it.bank_reference: Claim(it.entry_id or 0, -it.amount, frozenset({it.asked_by_id})) for it in found}


def makers(entries: Sequence[int]) -> dict[int, frozenset[int]]:
    """Who wrote the voucher that each of these entries booked."""
    return {it.entry_id or 0: frozenset({it.asked_by_id}) for it in BOOKED.filter(entry__in=entries)}
