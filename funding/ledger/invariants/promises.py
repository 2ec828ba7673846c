"""I7: what funds hold for others, from the moves that made it so."""

from __future__ import annotations

from collections.abc import Iterator

from funding.ledger.checks import Tally
from funding.ledger.invariants.rows import number, rows

FUNDS = """
    SELECT a.code, a.currency, a.reserved, coalesce(sum(r.reserved - r.drawn - r.released), 0)
    FROM ledger_account a LEFT JOIN ledger_reservation r ON r.account_id = a.id WHERE a.klass = 'fund'
    GROUP BY a.id ORDER BY a.code
"""
RESERVATIONS = """
    SELECT r.id, r.reserved, r.drawn, r.released,
        coalesce(sum(m.amount) FILTER (WHERE m.kind IN ('reserve', 'increase')), 0),
        coalesce(sum(m.amount) FILTER (WHERE m.kind = 'draw'), 0), coalesce(sum(m.amount) FILTER (WHERE m.kind = 'release'), 0)
    FROM ledger_reservation r LEFT JOIN ledger_reservationmove m ON m.reservation_id = r.id
    GROUP BY r.id
    HAVING (r.reserved, r.drawn, r.released) <> (
        coalesce(sum(m.amount) FILTER (WHERE m.kind IN ('reserve', 'increase')), 0),
        coalesce(sum(m.amount) FILTER (WHERE m.kind = 'draw'), 0), coalesce(sum(m.amount) FILTER (WHERE m.kind = 'release'), 0))
    ORDER BY r.id
"""
CHAIN = """
    SELECT id, reserved_before, expected FROM (
        SELECT m.id, m.reserved_before, coalesce(sum(CASE WHEN m.kind IN ('reserve', 'increase') THEN m.amount ELSE -m.amount END)
            OVER (PARTITION BY r.account_id ORDER BY m.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS expected
        FROM ledger_reservationmove m JOIN ledger_reservation r ON r.id = m.reservation_id
    ) history WHERE reserved_before <> expected ORDER BY id
"""
DRAWS = """
    SELECT t.id FROM ledger_transfer t FULL JOIN ledger_reservationmove m ON m.transfer_id = t.id
    LEFT JOIN ledger_reservation r ON r.id = t.reservation_id
    WHERE (t.reservation_id IS NOT NULL OR m.transfer_id IS NOT NULL)
        AND (t.amount, t.reservation_id, t.debit_account_id) IS DISTINCT FROM (m.amount, m.reservation_id, r.account_id)
"""


def reservations_add_up(tally: Tally) -> Iterator[str]:
    """What a fund has reserved is what its reservations have open; drawn, released and open are what was reserved."""
    tally.count("reservations", number("SELECT count(*) FROM ledger_reservation"))
    tally.count("moves", number("SELECT count(*) FROM ledger_reservationmove"))
    for code, currency, reserved, open_sum in rows(FUNDS):
        tally.add("reserved", currency, reserved)
        if reserved != open_sum:
            yield f"{code} says {reserved} is reserved; its reservations have {open_sum} open."
    for pk, reserved, drawn, released, moved_in, moved_out, moved_back in rows(RESERVATIONS):
        yield (
            f"Reservation {pk} says {reserved} reserved, {drawn} drawn, {released} released; "
            f"its moves say {moved_in}, {moved_out}, {moved_back}."
        )
    for pk, before, expected in rows(CHAIN):
        yield f"Move {pk} says {before} was reserved before it; the moves before it say {expected}."
    for (transfer,) in rows(DRAWS):
        yield f"Transfer {transfer} and its draw of a reservation differ."
