"""Money from our bank onto the platform's balance."""

from __future__ import annotations

from funding.money import Money
from funding.payments.currencies import from_processor, to_processor
from funding.payments.stripe.client import Plain, answers, client, group, labels, moment
from funding.payments.values import TopUp

PAGE = 100


def top_up(*, amount: Money, kind: str, reference: str, description: str, key: str) -> TopUp:
    with answers():
        made = client().v1.topups.create(
            {
                "amount": to_processor(amount),
                "currency": amount.currency.lower(),
                "description": description,
                "metadata": labels(kind, reference),
                "transfer_group": group(kind, reference),
            },
            {"idempotency_key": key},
        )
    return _top_up(made.to_dict())


def read_top_up(topup: str) -> TopUp:
    with answers():
        return _top_up(client().v1.topups.retrieve(topup).to_dict())


def find_top_up(*, kind: str, reference: str) -> TopUp | None:
    """Stripe lists top-ups by no label of ours, so the newest are read until ours is there."""
    with answers():
        for found in client().v1.topups.list({"limit": PAGE}).auto_paging_iter():
            if found.transfer_group == group(kind, reference):
                return _top_up(found.to_dict())
    return None


def _top_up(topup: Plain) -> TopUp:
    booked = topup["balance_transaction"]
    return TopUp(
        id=topup["id"],
        amount=from_processor(topup["amount"], topup["currency"]),
        status=topup["status"],
        failure=topup["failure_message"] or topup["failure_code"],
        balance_transaction=str(booked["id"] if isinstance(booked, dict) else booked) if booked else None,
        metadata=dict(topup["metadata"] or {}),
        created=moment(topup["created"]),
    )
