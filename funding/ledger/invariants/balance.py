"""I1, I2 and I3: what the accounts hold, against the sum of the transfers and against each other."""

from __future__ import annotations

from collections.abc import Iterator

from funding.ledger.checks import Tally
from funding.ledger.invariants.rows import number, rows

KEPT = """
    SELECT a.id, a.code, a.klass, a.currency, a.debits + coalesce(t.debits, 0) AS debits, a.credits + coalesce(t.credits, 0) AS credits
    FROM ledger_account a
    LEFT JOIN (SELECT account_id, sum(debits) AS debits, sum(credits) AS credits FROM ledger_accounttotal GROUP BY account_id) t
        ON t.account_id = a.id
"""
SIDES = """
    SELECT debit_account_id AS account, amount AS debit, 0 AS credit, debit_offset AS start, 'debit' AS side, id FROM ledger_transfer
    UNION ALL
    SELECT credit_account_id, 0, amount, credit_offset, 'credit', id FROM ledger_transfer
"""
POSITION = f"""
    SELECT currency,
        coalesce(sum(debits - credits) FILTER (WHERE klass = 'cash'), 0),
        coalesce(sum(credits - debits) FILTER (WHERE klass = 'fund'), 0),
        coalesce(sum(credits - debits) FILTER (WHERE klass = 'owed'), 0),
        coalesce(sum(debits - credits) FILTER (WHERE klass = 'shortfall'), 0)
    FROM ({KEPT}) kept GROUP BY currency ORDER BY currency
"""
UNCLEARED = """
    SELECT entry_id, sum(CASE WHEN d.klass = 'clearing' THEN t.amount ELSE 0 END - CASE WHEN c.klass = 'clearing' THEN t.amount ELSE 0 END)
    FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_account_id JOIN ledger_account c ON c.id = t.credit_account_id
    WHERE 'clearing' IN (d.klass, c.klass) GROUP BY entry_id, t.currency
    HAVING sum(CASE WHEN d.klass = 'clearing' THEN t.amount ELSE 0 END - CASE WHEN c.klass = 'clearing' THEN t.amount ELSE 0 END) <> 0
"""
WRONG_TOTALS = f"""
    SELECT kept.code, kept.debits, kept.credits, coalesce(moved.debits, 0), coalesce(moved.credits, 0)
    FROM ({KEPT}) kept
    LEFT JOIN (SELECT account, sum(debit) AS debits, sum(credit) AS credits FROM ({SIDES}) s GROUP BY account) moved
        ON moved.account = kept.id
    WHERE (kept.debits, kept.credits) <> (coalesce(moved.debits, 0), coalesce(moved.credits, 0)) ORDER BY kept.code
"""
BROKEN_LINES = f"""
    SELECT code, side, id, start, expected FROM (
        SELECT a.code, a.klass, s.side, s.id, s.start,
            sum(s.debit + s.credit) OVER (PARTITION BY s.account, s.side ORDER BY s.id) - s.debit - s.credit AS expected
        FROM ({SIDES}) s JOIN ledger_account a ON a.id = s.account
    ) line
    WHERE start IS DISTINCT FROM CASE WHEN klass NOT IN ('cash', 'clearing') THEN expected END ORDER BY id
"""
MIXED = """
    SELECT t.id, t.currency, d.currency, c.currency FROM ledger_transfer t
    JOIN ledger_account d ON d.id = t.debit_account_id JOIN ledger_account c ON c.id = t.credit_account_id
    WHERE t.currency <> d.currency OR t.currency <> c.currency
"""
RAGGED = """
    SELECT e.number, count(t.id) FROM ledger_entry e LEFT JOIN ledger_transfer t ON t.entry_id = e.number
    GROUP BY e.number HAVING count(t.id) = 0 OR min(t.line) <> 1 OR max(t.line) <> count(t.id)
"""
LOST = """
    SELECT t.id FROM ledger_transfer t LEFT JOIN ledger_entry e ON e.number = t.entry_id
    LEFT JOIN ledger_account d ON d.id = t.debit_account_id LEFT JOIN ledger_account c ON c.id = t.credit_account_id
    LEFT JOIN ledger_bookday b ON b.day = e.book_day_id
    LEFT JOIN ledger_entry x ON x.number = e.reverses_id LEFT JOIN ledger_reservation r ON r.id = t.reservation_id
    LEFT JOIN ledger_transfer i ON i.id = t.settles_id LEFT JOIN ledger_transfer s ON s.id = t.source_transfer_id
    WHERE num_nulls(e.number, d.id, c.id, b.day) > 0 OR num_nulls(x.number, r.id, i.id, s.id)
        > num_nulls(e.reverses_id, t.reservation_id, t.settles_id, t.source_transfer_id) ORDER BY t.id
"""
MISSHAPEN = """
    SELECT t.id FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_account_id
    WHERE t.debit_account_id = t.credit_account_id OR t.spend_to - t.spend_from < t.amount
        OR num_nulls(t.spend_from, t.spend_to) = 1 OR (d.klass = 'fund') <> (t.spend_from IS NOT NULL)
        OR t.pinned AND t.spend_to - t.spend_from IS DISTINCT FROM t.amount
        OR num_nulls(t.source_transfer_id, t.source_position) = 1 OR t.source_position < 0 OR num_nulls(t.about_kind, t.about_id) = 1
        OR t.reservation_id IS NOT NULL AND (t.pinned OR t.spend_from IS NULL)
        OR t.kind !~ '^[a-z][a-z0-9_.-]*$' OR t.about_kind !~ '^[a-z][a-z0-9_.-]*$' ORDER BY t.id
"""
PREFIXES = f"""
    SELECT code, id, balance FROM (
        SELECT a.code, s.id,
            sum(CASE WHEN a.klass = 'shortfall' THEN s.debit - s.credit ELSE s.credit - s.debit END)
                OVER (PARTITION BY s.account ORDER BY s.id) AS balance
        FROM ({SIDES}) s JOIN ledger_account a ON a.id = s.account WHERE a.klass IN ('fund', 'owed', 'shortfall')
    ) history WHERE balance < 0 ORDER BY id
"""
PROMISED = """
    SELECT code, credits - debits - reserved FROM ledger_account
    WHERE klass = 'fund' AND credits - debits - reserved < 0 OR klass = 'owed' AND credits < debits ORDER BY code
"""
ITEMS = """
    SELECT item.id, item.amount, sum(paid.amount), bool_and(paid.debit_account_id = item.credit_account_id AND paid.id > item.id)
    FROM ledger_transfer paid JOIN ledger_transfer item ON item.id = paid.settles_id GROUP BY item.id
    HAVING sum(paid.amount) > item.amount OR NOT bool_and(paid.debit_account_id = item.credit_account_id AND paid.id > item.id)
"""
UNNAMED = """
    SELECT t.id FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_account_id
    WHERE (a.klass = 'owed') <> (t.settles_id IS NOT NULL)
"""


def cash_is_explained(tally: Tally) -> Iterator[str]:
    """Cash = funds + owed - shortfall in each currency, and every entry nets to zero on clearing."""
    tally.count("entries", number("SELECT count(*) FROM ledger_entry"))
    for currency, cash, funds, owed, shortfall in rows(POSITION):
        for name, amount in (("cash", cash), ("funds", funds), ("owed", owed), ("shortfall", shortfall)):
            tally.add(name, currency, int(amount))
        if cash != funds + owed - shortfall:
            yield f"{currency}: cash is {cash}, funds + owed - shortfall is {funds + owed - shortfall}."
    for entry, rest in rows(UNCLEARED):
        yield f"Entry {entry} leaves {rest} on clearing."


def totals_are_sums(tally: Tally) -> Iterator[str]:
    """Each account's totals are the sum of its transfers, and its number line has no gap and no overlap."""
    tally.count("accounts", number("SELECT count(*) FROM ledger_account"))
    tally.count("transfers", number("SELECT count(*) FROM ledger_transfer"))
    for code, debits, credits, moved_out, moved_in in rows(WRONG_TOTALS):
        yield f"{code} says debits {debits} and credits {credits}; its transfers add up to {moved_out} and {moved_in}."
    for code, side, transfer, start, expected in rows(BROKEN_LINES):
        yield f"{code}: the {side} of transfer {transfer} starts at {start}, not at {expected}."
    for transfer, own, debit, credit in rows(MIXED):
        yield f"Transfer {transfer} in {own} joins {debit} and {credit}."
    for (transfer,) in rows(LOST):
        yield f"Transfer {transfer} names a row of the books that is not there."
    for (transfer,) in rows(MISSHAPEN):
        yield f"Transfer {transfer} has a shape that no line can have."
    for entry, lines in rows(RAGGED):
        yield f"Entry {entry} has {lines} lines that are not numbered from 1."


def nothing_overdrawn(tally: Tally) -> Iterator[str]:
    """No fund or owed account is overdrawn after any transfer, and no owed item is paid beyond its sum."""
    tally.count("balances after a transfer", number(f"SELECT count(*) FROM ({SIDES}) s"))
    for code, transfer, balance in rows(PREFIXES):
        yield f"{code} stood at {balance} after transfer {transfer}."
    for code, available in rows(PROMISED):
        yield f"{code} has {available} available."
    for item, amount, paid, fits in rows(ITEMS):
        yield f"Item {item} of {amount} was paid {paid}." if fits else f"Item {item} was paid from another account or before it existed."
    for (transfer,) in rows(UNNAMED):
        yield f"Transfer {transfer} takes from an owed account without naming its item, or names one that it does not pay."
