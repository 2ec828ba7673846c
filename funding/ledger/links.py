"""Which money paid for what inside one fund: overlaps of intervals on its credit line. Nothing is stored for this.

An outflow is a transfer that debits a fund, an inflow one that credits it; a transfer between funds is both. Every
function takes many ids and runs a constant number of index scans. It names no party and stays within one fund, except
`returned_from`; funds.provenance follows slices from fund to fund. Source of the rule: docs/ledger.md, “The number line”.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from funding.ledger.models import Account, Transfer


@dataclass(frozen=True, slots=True)
class Link:
    """`outflow_id` consumed [start, end) of the credit line of `account_id`, which `inflow_id` brought."""

    outflow_id: int
    inflow_id: int
    account_id: int
    amount: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Slice:
    """The units [start, end) of a transfer, counted from its first."""

    transfer_id: int
    start: int
    end: int


# `window` holds stretches of ordinary outflows; what they consumed there is the stretch less the pins inside it. A pin lies in
# one inflow and was there before the outflow that passes it, so it never crosses the edge of a window.
GAPS = """
    SELECT w.outflow, w.inflow, w.account, gap.start, gap.stop FROM window_ w CROSS JOIN LATERAL (
        SELECT edge.start, lead(edge.stop, 1, w.stop) OVER (ORDER BY edge.start) AS stop FROM (
            SELECT w.start AS start, w.start AS stop
            UNION ALL
            SELECT p.spend_to, p.spend_from FROM ledger_transfer p
                WHERE p.debit_account_id = w.account AND p.pinned AND p.spend_from >= w.start AND p.spend_from < w.stop
        ) AS edge
    ) AS gap WHERE gap.stop > gap.start
"""
# Each scan starts at the last row that begins at or before the stretch, so that it reads only what overlaps.
SOURCES = f"""
    WITH window_ AS MATERIALIZED (
        SELECT id AS outflow, NULL::bigint AS inflow, debit_account_id AS account, spend_from AS start, spend_to AS stop
        FROM ledger_transfer WHERE id = ANY (%(ids)s) AND NOT pinned AND spend_from IS NOT NULL
    ), free AS MATERIALIZED (
        {GAPS}
        UNION ALL
        SELECT id, NULL, debit_account_id, spend_from, spend_to FROM ledger_transfer WHERE id = ANY (%(ids)s) AND pinned
    )
    SELECT free.outflow, i.id, free.account, greatest(free.start, i.credit_offset), least(free.stop, i.credit_offset + i.amount)
    FROM free CROSS JOIN LATERAL (
        SELECT id, credit_offset, amount FROM ledger_transfer i
        WHERE i.credit_account_id = free.account AND i.credit_offset < free.stop AND i.credit_offset >= (
            SELECT max(first.credit_offset) FROM ledger_transfer first
            WHERE first.credit_account_id = free.account AND first.credit_offset <= free.start)
    ) AS i
    ORDER BY free.outflow, 4
"""
USES = f"""
    WITH asked AS MATERIALIZED (
        SELECT id, credit_account_id AS account, credit_offset AS start, credit_offset + amount AS stop FROM ledger_transfer
        WHERE id = ANY (%(ids)s) AND credit_account_id IN (SELECT id FROM ledger_account WHERE klass = 'fund')
    ), window_ AS MATERIALIZED (
        SELECT o.id AS outflow, asked.id AS inflow, asked.account, greatest(o.spend_from, asked.start) AS start,
            least(o.spend_to, asked.stop) AS stop
        FROM asked CROSS JOIN LATERAL (
            SELECT id, spend_from, spend_to FROM ledger_transfer o
            WHERE o.debit_account_id = asked.account AND NOT o.pinned AND o.spend_from < asked.stop AND o.spend_from >= coalesce((
                SELECT max(first.spend_from) FROM ledger_transfer first WHERE first.debit_account_id = asked.account
                    AND NOT first.pinned AND first.spend_from IS NOT NULL AND first.spend_from <= asked.start), 0)
        ) AS o WHERE o.spend_to > asked.start
    )
    SELECT used.outflow, used.inflow, used.account, used.start, used.stop FROM (
        {GAPS}
        UNION ALL
        SELECT p.id, asked.id, asked.account, p.spend_from, p.spend_to FROM asked JOIN ledger_transfer p
            ON p.debit_account_id = asked.account AND p.pinned AND p.spend_from >= asked.start AND p.spend_from < asked.stop
    ) AS used ORDER BY used.inflow, used.start
"""


def sources_of(transfer_ids: Iterable[int]) -> list[Link]:
    """The inflows that these outflows consumed, per outflow in the order of the line. Amounts add up to each outflow."""
    return _links(SOURCES, transfer_ids)


def uses_of(transfer_ids: Iterable[int]) -> list[Link]:
    """The outflows that have consumed these inflows so far, per inflow in the order of the line."""
    return _links(USES, transfer_ids)


def places(outflow_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    """(outflow, start of one of its links) → how many of the outflow's units come before that link."""
    starts: dict[tuple[int, int], int] = {}
    reached: dict[int, int] = defaultdict(int)
    for link in sorted(sources_of(outflow_ids), key=lambda link: link.start):
        starts[link.outflow_id, link.start] = reached[link.outflow_id]
        reached[link.outflow_id] += link.amount
    return starts


def unspent(inflow: Transfer) -> list[tuple[int, int]]:
    """The stretches [from, to) of the fund's line that are left of an inflow, in order; each can be pinned as it is.

    Read it under the fund's lock (or be ready for PinRefused): another entry may spend it meanwhile.
    """
    account = inflow.credit_account
    if account.klass != Account.Klass.FUND or inflow.credit_offset is None:
        return []
    end = inflow.credit_offset + inflow.amount
    head = Account.objects.values_list("head", flat=True).get(pk=account.pk)
    start = max(head, inflow.credit_offset)
    pins = Transfer.objects.filter(debit_account=account, pinned=True, spend_from__gte=start, spend_from__lt=end)
    left = []
    for pin in pins.order_by("spend_from"):
        if pin.spend_from is not None and pin.spend_to is not None:
            left.append((start, pin.spend_from))
            start = pin.spend_to
    left.append((start, end))
    return [(start, end) for start, end in left if start < end]


def returned_from(transfer_ids: Iterable[int], known: Mapping[int, Transfer] | None = None) -> dict[int, Slice]:
    """For each transfer that brings money back, the slice of the transfer by which it last left a fund.

    It walks returns and owed items backwards (cancelled debt, its item, the bank's return, the confirmed line, the first
    item ...) until a transfer that debits a fund, or one that came from nowhere in the books. Transfers that bring back
    nothing are left out, and so are those that debit a fund: their money is what `sources_of` says. A conversion is no return: its
    units are others, and funds.provenance follows them.
    One query for each step, whatever the number of transfers, and none for rows that are `known` with their debit account.
    """
    rows = _with_debit(transfer_ids, known or {})
    places = {pk: Slice(pk, 0, row.amount) for pk, row in rows.items()}
    walking = dict(places)
    while walking:
        rows = _with_debit({piece.transfer_id for piece in walking.values()}, rows)
        paid_before = _settled_before(row for row in rows.values() if row.settles_id and not row.source_transfer_id)
        walking = {
            pk: piece for pk, current in walking.items() if (piece := _step(current, rows[current.transfer_id], paid_before)) is not None
        }
        places.update(walking)
    return {pk: piece for pk, piece in places.items() if piece.transfer_id != pk}


def _with_debit(ids: Iterable[int], known: Mapping[int, Transfer]) -> dict[int, Transfer]:
    wanted = set(ids)
    here = {pk: known[pk] for pk in wanted & known.keys()}
    return (
        here | Transfer.objects.select_related("debit_account", "source_transfer").in_bulk(wanted - here.keys())
        if wanted - here.keys()
        else here
    )


def _step(piece: Slice, row: Transfer, paid_before: dict[int, int]) -> Slice | None:
    """One step back, or None where the walk ends."""
    if row.debit_account.klass == Account.Klass.FUND:
        return None
    if row.source_transfer is not None:
        if row.source_transfer.currency != row.currency:
            return None
        back = row.source_position or 0
        return Slice(row.source_transfer.pk, piece.start + back, piece.end + back)
    if row.settles_id is not None:
        back = paid_before[row.pk]
        return Slice(row.settles_id, piece.start + back, piece.end + back)
    return None


def _settled_before(rows: Iterable[Transfer]) -> dict[int, int]:
    """How much of its item was paid off before each of these rows."""
    wanted = list(rows)
    earlier: dict[int, list[tuple[int, int]]] = defaultdict(list)
    payments = Transfer.objects.filter(settles__in={row.settles_id for row in wanted})
    for item, pk, amount in payments.values_list("settles_id", "pk", "amount"):
        earlier[item or 0].append((pk, amount))
    return {row.pk: sum(amount for pk, amount in earlier[row.settles_id or 0] if pk < row.pk) for row in wanted}


def _links(statement: str, transfer_ids: Iterable[int]) -> list[Link]:
    ids = list(set(transfer_ids))
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": ids})
        return [Link(outflow, inflow, account, end - start, start, end) for outflow, inflow, account, start, end in cursor.fetchall()]
