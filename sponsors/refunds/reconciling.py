"""Which movement on the processor's balance is which refund or dispute, and who made a refund.

Whoever asked for or approved a refund explains no difference about it (the pair refund × reconcile).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Q, QuerySet

from funding.payments.models import ProcessorLine
from funding.payments.reconciliation import Claim
from sponsors.refunds.models import Dispute, Refund


def claims(lines: Sequence[ProcessorLine]) -> dict[str, Claim | Sequence[Claim]]:
    """The movements that are refunds, refunds that came back, what banks took with the fee, and what they returned."""
    asked = [line.txn_id for line in lines]
    found: dict[str, list[Claim]] = {}
    for txn, claim in (*_refunds(asked), *_disputes(asked)):
        found.setdefault(txn, []).append(claim)
    return {txn: made for txn, made in found.items() if txn in asked}


def makers(entries: Sequence[int]) -> dict[int, frozenset[int]]:
    """Who asked for and who approved the refund that each of these entries is about."""
    wanted, found = set(entries), {}
    for refund in _with_entries().filter(Q(taking__paid_entry__in=entries) | Q(taking__returned_entry__in=entries)):
        numbers = {refund.taking.paid_entry_id, refund.taking.returned_entry_id} if refund.taking else set()
        found.update({number: _deciders(refund) for number in numbers & wanted if number})
    return found


def _with_entries() -> QuerySet[Refund]:
    return Refund.objects.select_related("taking").exclude(taking=None)


def _refunds(asked: list[str]) -> Iterator[tuple[str, Claim]]:
    for refund in _with_entries().filter(Q(balance_transaction__in=asked) | Q(failure_balance_transaction__in=asked)):
        if refund.taking and refund.taking.paid_entry_id:
            yield refund.balance_transaction, Claim(refund.taking.paid_entry_id, -refund.amount, _deciders(refund))
        if refund.taking and refund.taking.returned_entry_id:
            yield refund.failure_balance_transaction, Claim(refund.taking.returned_entry_id, refund.amount, _deciders(refund))


def _disputes(asked: list[str]) -> Iterator[tuple[str, Claim]]:
    for dispute in Dispute.objects.select_related("taking").filter(Q(withdrawal__in=asked) | Q(reinstatement__in=asked)):
        if dispute.taking is None:
            continue
        yield dispute.withdrawal, Claim(dispute.taking.entry_id, -dispute.amount - dispute.fee)
        if dispute.taking.given_back_entry_id is None:
            continue
        if dispute.taking.returned_entry_id is None:
            yield dispute.reinstatement, Claim(dispute.taking.given_back_entry_id, dispute.amount + dispute.fee_returned)
            continue
        yield dispute.reinstatement, Claim(dispute.taking.returned_entry_id, dispute.amount)
        if dispute.fee_returned:
            yield dispute.reinstatement, Claim(dispute.taking.given_back_entry_id, dispute.fee_returned)


def _deciders(refund: Refund) -> frozenset[int]:
    return frozenset(pk for pk in (refund.asked_by_id, refund.decided_by_id) if pk)
