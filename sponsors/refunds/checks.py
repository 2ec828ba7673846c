"""What `manage.py verify_books` recomputes of refunds and disputes, from the rows and from the books.

It shares no query with the services: sums come from the transfers, by the entries that the takings name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection

from funding.ledger.checks import Tally
from funding.money import Money

TAKEN = """
    SELECT t.id, t.currency, t.amount, t.excess,
        (SELECT coalesce(sum(r.amount), 0) FROM ledger_transfer r JOIN ledger_account a ON a.id = r.credit_account_id
            WHERE r.entry_id = t.entry_id AND a.klass = 'owed') AS held,
        (SELECT coalesce(sum(p.amount), 0) FROM refunds_takenpart p WHERE p.taking_id = t.id) AS parts,
        t.given_back_entry_id IS NULL AS live, t.contribution_id,
        (SELECT coalesce(sum(r.amount), 0) FROM ledger_transfer r JOIN ledger_account a ON a.id = r.debit_account_id
            WHERE r.entry_id = t.paid_entry_id AND a.klass = 'owed') AS paid, t.paid_entry_id IS NOT NULL AS left_us
    FROM refunds_taking t ORDER BY t.id
"""
BROUGHT = """
    SELECT entry_id, sum(amount) FROM ledger_transfer WHERE kind IN ('contribution', 'surplus') AND entry_id = ANY (%s) GROUP BY entry_id
"""
PARTS = """
    SELECT i.id, i.amount, sum(p.amount) FROM refunds_takenpart p JOIN refunds_taking t ON t.id = p.taking_id
    JOIN ledger_transfer i ON i.id = p.inflow_id WHERE t.given_back_entry_id IS NULL GROUP BY i.id HAVING sum(p.amount) > i.amount
"""
OPEN = """
    SELECT a.code, a.currency, a.credits - a.debits,
        coalesce((SELECT sum(t.amount) FROM refunds_taking t WHERE t.currency = a.currency
            AND EXISTS (SELECT 1 FROM ledger_transfer r WHERE r.entry_id = t.entry_id AND r.credit_account_id = a.id)
            AND t.given_back_entry_id IS NULL AND (t.paid_entry_id IS NULL OR t.returned_entry_id IS NOT NULL)), 0)
    FROM ledger_account a WHERE a.code ~ '^owed:(refunds|disputes):' ORDER BY a.code
"""
CARRIED = """
    SELECT t.id, t.amount,
        coalesce((SELECT sum(c."end" - c.start) FROM funds_carried c JOIN ledger_transfer b ON b.id = c.by_id
            WHERE b.entry_id = t.entry_id), 0),
        (SELECT coalesce(sum(r.amount), 0) FROM ledger_transfer r WHERE r.entry_id = t.entry_id AND r.kind = 'carried'),
        (SELECT count(*) FROM funds_carried c JOIN ledger_transfer b ON b.id = c.by_id
            WHERE b.entry_id = t.entry_id AND (c.undone_by_id IS NULL) <> (t.given_back_entry_id IS NULL))
    FROM refunds_taking t
"""
CARRIED_TWICE = """
    SELECT one.inflow_id FROM funds_carried one JOIN funds_carried two ON two.inflow_id = one.inflow_id AND two.id > one.id
    WHERE one.undone_by_id IS NULL AND two.undone_by_id IS NULL AND one.start < two."end" AND two.start < one."end"
"""
RETURNED = """
    SELECT p.ref, p.returned, least(p.gross,
        coalesce((SELECT sum(r.amount) FROM refunds_refund r WHERE r.payment_id = p.id AND r.state IN ('sent', 'succeeded')), 0)
        + coalesce((SELECT sum(d.amount) FROM refunds_dispute d WHERE d.payment_id = p.id AND d.state IN ('open', 'lost')), 0)) AS expected
    FROM invoices_payment p
"""


def takings_add_up(tally: Tally) -> Iterator[str]:
    """What was refunded or disputed of a payment is no more than it was; what is held for it is what is open."""
    taken: dict[int, int] = {}
    currencies: dict[int, str] = {}
    for pk, currency, amount, excess, held, parts, live, contribution, paid, left_us in _rows(TAKEN):
        tally.count("refunds and disputes")
        tally.add("taken" if live else "given back", currency, amount)
        if held != amount or parts + excess != amount or (left_us and paid != amount):
            yield f"Taking {pk} is {Money(amount, currency)}; its entry holds {held}, its parts are {parts} and {excess}, {paid} was paid."
        if live:
            taken[contribution] = taken.get(contribution, 0) + amount - excess
            currencies[contribution] = currency
    for entry, brought in _rows(BROUGHT, list(taken)):
        if taken[entry] > brought:
            said = Money(taken[entry], currencies[entry])
            yield f"{said} was taken out of entry {entry}, which brought {Money(int(brought), currencies[entry])}."
    for inflow, amount, sum_ in _rows(PARTS):
        yield f"{sum_} was taken out of transfer {inflow} of {amount}."
    for ref, returned, expected in _rows(f"SELECT * FROM ({RETURNED}) r WHERE returned <> expected"):
        yield f"{ref} says {returned} went back of it; its refunds and disputes say {expected}."
    for code, currency, open_, expected in _rows(OPEN):
        if open_ != expected:
            yield f"{code} has {Money(open_, currency)} open; what is under way says {Money(int(expected), currency)}."


def carries_add_up(tally: Tally) -> Iterator[str]:
    """What others bore of a refund or dispute is what its carried lines moved, and no unit is carried twice at once."""
    for pk, _, units, moved, wrong in _rows(CARRIED):
        tally.count("carried units", int(units))
        if units != moved or wrong:
            yield f"Taking {pk} carried {moved} and {units} units are kept for it, {wrong} of them in the wrong state."
    for (inflow,) in _rows(CARRIED_TWICE):
        yield f"Units of transfer {inflow} are carried twice."


def _rows(statement: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return list(cursor.fetchall())
