"""Whose charge it is that the processor tells news of."""

from __future__ import annotations

from funding.errors import Conflict
from funding.payments import gateway
from sponsors.invoices.models import Payment


def payment_of(charge: str) -> int | None:
    """Our payment of a charge (`pi_…`), or None. Raises Conflict for one that is not settled yet, so that it is tried again."""
    found = Payment.objects.filter(charge_id=charge).values_list("pk", flat=True).first() if charge else None
    if found is None and charge:
        metadata = gateway.read_charge(charge).metadata
        if metadata.get("kind") == "payment" and Payment.objects.filter(ref=metadata.get("reference", "")).exists():
            raise Conflict(f"The payment of {charge} is not settled yet.")
    return found
