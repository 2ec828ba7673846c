"""What goes back to a card's owner: refunds that we make, disputes that their bank opens."""

from __future__ import annotations

from typing import Literal

from funding.money import Money
from funding.payments.currencies import from_processor, to_processor
from funding.payments.stripe.balance import balance_transaction
from funding.payments.stripe.client import Plain, answers, client, labels, moment
from funding.payments.values import AlreadyRefunded, Dispute, Refund, Rejected


def refund(
    *,
    charge: str,
    amount: Money,
    kind: str,
    reference: str,
    reason: Literal["requested_by_customer", "duplicate", "fraudulent"],
    key: str,
) -> Refund:
    try:
        with answers():
            made = client().v1.refunds.create(
                {"payment_intent": charge, "amount": to_processor(amount), "reason": reason, "metadata": labels(kind, reference)},
                {"idempotency_key": key},
            )
    except Rejected as error:
        # A refund above what is left has carried a code and has carried none; the words have been the same.
        if error.code == "amount_too_large" or "greater than unrefunded amount" in error.message:
            raise AlreadyRefunded(error.message, code=error.code or "amount_too_large") from error
        raise
    return _refund(made.to_dict())


def read_refund(refund_id: str) -> Refund:
    with answers():
        return _refund(client().v1.refunds.retrieve(refund_id).to_dict())


def find_refund(*, charge: str, kind: str, reference: str) -> Refund | None:
    return next((one for one in find_refunds(charge) if one.metadata == labels(kind, reference)), None)


def find_refunds(charge: str) -> list[Refund]:
    with answers():
        listed = client().v1.refunds.list({"payment_intent": charge, "limit": 100})
        return [_refund(one.to_dict()) for one in listed.auto_paging_iter()]


def read_dispute(dispute: str) -> Dispute:
    with answers():
        return _dispute(client().v1.disputes.retrieve(dispute).to_dict())


def find_disputes(charge: str) -> list[Dispute]:
    with answers():
        listed = client().v1.disputes.list({"payment_intent": charge, "limit": 100})
        return [_dispute(one.to_dict()) for one in listed.auto_paging_iter()]


def _refund(refund: Plain) -> Refund:
    return Refund(
        id=refund["id"],
        charge=refund["payment_intent"] or "",
        amount=from_processor(refund["amount"], refund["currency"]),
        status=refund["status"],
        failure_reason=refund.get("failure_reason"),
        balance_transaction=refund["balance_transaction"],
        failure_balance_transaction=refund.get("failure_balance_transaction"),
        metadata=dict(refund["metadata"] or {}),
        created=moment(refund["created"]),
    )


def _dispute(dispute: Plain) -> Dispute:
    due = dispute["evidence_details"]["due_by"]
    moved = [balance_transaction(entry) for entry in dispute["balance_transactions"]]
    return Dispute(
        id=dispute["id"],
        charge=dispute["payment_intent"] or "",
        amount=from_processor(dispute["amount"], dispute["currency"]),
        status=dispute["status"],
        reason=dispute["reason"],
        # Stripe writes 0 where the bank takes no answer.
        evidence_due=moment(due) if due else None,
        movements=tuple(sorted(moved, key=lambda entry: (entry.created, entry.net > 0, entry.id))),
        metadata=dict(dispute["metadata"] or {}),
        created=moment(dispute["created"]),
    )
