"""Each check of verify_books can fail: for every kind of damage there is a test that plants it, as no role of ours could."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command

from funding.ledger import checks, invariants
from funding.ledger import services as ledger
from tests.funding.ledger import books

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def story() -> None:
    """Gifts of 100, 50 and 70; 30 of the second given back; a promise of 60, 20 drawn; a payout confirmed in part; 30 of the
    third given back, after the payouts; a reversal."""
    fund, other = books.fund(), books.fund("other")
    books.contribute(fund, 100, reference="first")
    second = books.contribute(fund, 50, reference="second")
    third = books.contribute(fund, 70, reference="third")
    books.refund(second, 10, 40)
    promise = books.reserve(fund, 60, key="promise")
    books.pay_out(fund, 20, promise, reference="drawn")
    books.confirm(books.pay_out(fund, 100, reference="payout"), 40)
    books.refund(third, 40, 70)
    ledger.reverse(entry=books.contribute(other, 9, reference="mistake").entry, at=books.AT, effective_on=books.DAY)


TABLES = (
    "ledger_bookday",
    "ledger_account",
    "ledger_accounttotal",
    "ledger_entry",
    "ledger_reservation",
    "ledger_transfer",
    "ledger_reservationmove",
)


class Damage:
    """Changes that no role of ours could make: guards lifted, constraints in the way dropped, all put back by `mend`."""

    def __init__(self, owner: psycopg.Connection[Any]) -> None:
        self.owner = owner
        self.dropped: list[tuple[str, str, str]] = []
        owner.execute("SET synchronous_commit = off")
        for table in TABLES:
            owner.execute(f"CREATE TEMPORARY TABLE sound_{table} AS TABLE {table}")

    def plant(self, *statements: str, without: str = "") -> None:
        for name in without.split():
            found = self.owner.execute(
                "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
            ).fetchone()
            assert found is not None, name
            self.dropped.append((found[0], name, found[1]))
            self.owner.execute(f"ALTER TABLE {found[0]} DROP CONSTRAINT {name}")
        with self.lifted():
            for statement in statements:
                assert self.owner.execute(statement).rowcount > 0, f"Nothing planted by {statement}"

    def mend(self) -> None:
        with self.lifted():
            for table in reversed(TABLES):
                self.owner.execute(f"DELETE FROM {table}")
            for table in TABLES:
                self.owner.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE sound_{table}")
        while self.dropped:
            self.owner.execute("ALTER TABLE {} ADD CONSTRAINT {} {}".format(*self.dropped.pop()))

    @contextmanager
    def lifted(self) -> Iterator[None]:
        with self.owner.transaction():
            for table in TABLES:
                self.owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield
            self.owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in TABLES:
                self.owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def damage(story: None, owner_connection: psycopg.Connection[Any]) -> Iterator[Damage]:
    made = Damage(owner_connection)
    yield made
    made.mend()


FUND = "(SELECT id FROM ledger_account WHERE code = 'fund:quillon')"


def entry(reference: str) -> str:
    return f"(SELECT number FROM ledger_entry WHERE reference = '{reference}')"


# code: (damage, statements, constraints that stand in the way)
DAMAGE: list[tuple[str, str, list[str], str]] = [
    ("I1", "a fund that has more than there is cash", [f"UPDATE ledger_account SET credits = credits + 5 WHERE id = {FUND}"], ""),
    ("I2", "a row of an entry that is not there", ["UPDATE ledger_transfer SET entry_id = 999999 WHERE kind = 'payout_confirmed'"], ""),
    ("I2", "an entry on a day that is not there", ["UPDATE ledger_entry SET book_day_id = '1999-01-01'"], ""),
    ("I2", "a draw on a reservation that is not there", ["UPDATE ledger_transfer SET reservation_id = 999999 WHERE kind = 'payout'"], ""),
    (
        "I2",
        "a payment of an item that is not there",
        ["UPDATE ledger_transfer SET settles_id = 999999 WHERE kind = 'payout_confirmed'"],
        "",
    ),
    ("I2", "money back from a row that is not there", ["UPDATE ledger_transfer SET source_transfer_id = 999999, source_position = id"], ""),
    ("I2", "a reversal of an entry that is not there", ["UPDATE ledger_entry SET reverses_id = 999999 WHERE kind = 'reversal'"], ""),
    (
        "I2",
        "a movement from an account to itself",
        ["UPDATE ledger_transfer SET credit_account_id = debit_account_id, credit_offset = 900000 + id"],
        "",
    ),
    ("I6", "a pin that ends elsewhere", [f"UPDATE ledger_account SET pinned_to = pinned_to - 1 WHERE id = {FUND}"], ""),
    ("I2", "a row with a shape that no line has", ["UPDATE ledger_transfer SET about_id = 5, about_kind = NULL"], ""),
    ("I1", "a cash shard that is off", ["UPDATE ledger_accounttotal SET debits = debits + 1"], ""),
    (
        "I1",
        "money left on clearing",
        [f"UPDATE ledger_transfer SET amount = amount + 1 WHERE line = 1 AND entry_id = {entry('first')}"],
        "",
    ),
    ("I2", "a total that is not the sum", [f"UPDATE ledger_account SET credits = credits + 5 WHERE id = {FUND}"], ""),
    ("I2", "a cash total that is not the sum", ["UPDATE ledger_accounttotal SET credits = credits + 1"], ""),
    (
        "I2",
        "a gap in the line",
        [f"UPDATE ledger_transfer SET credit_offset = 1000 WHERE credit_account_id = {FUND} AND credit_offset = 150"],
        "",
    ),
    ("I2", "a transfer in another currency", [f"UPDATE ledger_transfer SET currency = 'EUR' WHERE entry_id = {entry('first')}"], ""),
    ("I2", "a missing line", [f"UPDATE ledger_transfer SET line = 3 WHERE line = 2 AND entry_id = {entry('first')}"], ""),
    (
        "I3",
        "a fund overdrawn now",
        [f"UPDATE ledger_account SET debits = credits + 1, reserved = 0 WHERE id = {FUND}"],
        "account_not_overdrawn",
    ),
    (
        "I3",
        "a fund overdrawn for a while",
        [f"UPDATE ledger_transfer SET amount = 500 WHERE entry_id = {entry('drawn')}"],
        "",
    ),
    ("I3", "an item paid twice over", ["UPDATE ledger_transfer SET amount = 101 WHERE settles_id IS NOT NULL"], ""),
    (
        "I3",
        "an item of another account",
        [
            f"UPDATE ledger_transfer SET settles_id = (SELECT min(id) FROM ledger_transfer WHERE credit_account_id = {FUND}) "
            "WHERE settles_id IS NOT NULL AND kind = 'payout_confirmed'"
        ],
        "",
    ),
    ("I3", "a payment of no item", ["UPDATE ledger_transfer SET settles_id = NULL WHERE kind = 'payout_confirmed'"], ""),
    ("I5", "an amount changed afterwards", [f"UPDATE ledger_transfer SET amount = 101 WHERE entry_id = {entry('first')}"], ""),
    ("I5", "a date changed afterwards", [f"UPDATE ledger_entry SET effective_on = '2020-01-01' WHERE number = {entry('first')}"], ""),
    ("I5", "a party set afterwards", [f"UPDATE ledger_transfer SET about_kind = 'x', about_id = 1 WHERE entry_id = {entry('first')}"], ""),
    ("I5", "a revision without a reversal", [f"UPDATE ledger_entry SET revision = 2 WHERE number = {entry('first')}"], ""),
    ("I5", "a reversal of another entry", [f"UPDATE ledger_entry SET reverses_id = {entry('first')} WHERE kind = 'reversal'"], ""),
    (
        "I5",
        "a fact posted twice",
        [f"UPDATE ledger_entry SET reference = 'first' WHERE number = {entry('second')}"],
        "entry_fact_once",
    ),
    (
        "I6",
        "an outflow that spends more than its amount",
        [f"UPDATE ledger_transfer SET spend_to = spend_to + 1 WHERE entry_id = {entry('payout')}"],
        "",
    ),
    ("I6", "a head that is elsewhere", [f"UPDATE ledger_account SET head = head - 1 WHERE id = {FUND}"], ""),
    (
        "I6",
        "a gift that was smaller",
        [f"UPDATE ledger_transfer SET amount = 1 WHERE line = 2 AND entry_id = {entry('third')}"],
        "",
    ),
    (
        "I6",
        "money given back that was spent",
        ["UPDATE ledger_transfer SET spend_from = 90, spend_to = 120 WHERE pinned AND spend_from = 110"],
        "",
    ),
    (
        "I6",
        "a pin newer than the outflow around it",
        [
            "UPDATE ledger_transfer SET spend_from = 300 - spend_from, spend_to = 330 - spend_from "
            "WHERE pinned AND debit_account_id = " + FUND
        ],
        "",
    ),
    (
        "I6",
        "money that returns twice",
        [
            "UPDATE ledger_transfer SET source_transfer_id = (SELECT id FROM ledger_transfer WHERE kind = 'payout_confirmed'), "
            "source_position = 39 WHERE kind = 'contribution' AND amount = 100"
        ],
        "",
    ),
    ("I7", "a fund that holds less than its promises", [f"UPDATE ledger_account SET reserved = reserved - 1 WHERE id = {FUND}"], ""),
    ("I7", "a promise without its move", ["UPDATE ledger_reservation SET released = released + 1"], ""),
    ("I7", "a move of another sum", ["UPDATE ledger_reservationmove SET amount = amount + 1 WHERE kind = 'draw'"], ""),
    ("I7", "a broken chain of moves", ["UPDATE ledger_reservationmove SET reserved_before = 7 WHERE kind = 'reserve'"], ""),
    (
        "I7",
        "a draw without its promise",
        [f"UPDATE ledger_transfer SET reservation_id = NULL WHERE entry_id = {entry('drawn')}"],
        "",
    ),
]


def verify(code: str) -> list[str]:
    (result,) = checks.run(code)
    return result.problems


def test_every_damage_is_found_by_its_check(damage: Damage) -> None:
    assert [result.problems for result in checks.run() if not result.holds] == []
    unseen = []
    for code, what, statements, without in DAMAGE:
        damage.plant(*statements, without=without)
        if not verify(code):
            unseen.append(f"{code} {what}")
        damage.mend()
    assert unseen == []
    assert [result.problems for result in checks.run() if not result.holds] == []


GUARDS = [
    (
        "ALTER TABLE ledger_transfer DISABLE TRIGGER ledger_transfer_row_once",
        "ALTER TABLE ledger_transfer ENABLE TRIGGER ledger_transfer_row_once",
    ),
    (
        "ALTER TABLE audit_record DISABLE TRIGGER audit_record_table_once",
        "ALTER TABLE audit_record ENABLE TRIGGER audit_record_table_once",
    ),
    (
        "ALTER TABLE ledger_account DISABLE TRIGGER ledger_account_forward",
        "ALTER TABLE ledger_account ENABLE TRIGGER ledger_account_forward",
    ),
    ("GRANT UPDATE ON ledger_transfer TO PUBLIC", "REVOKE UPDATE ON ledger_transfer FROM PUBLIC"),
    ("GRANT INSERT ON ledger_entry TO PUBLIC", "REVOKE INSERT ON ledger_entry FROM PUBLIC"),
    ("GRANT DELETE ON audit_record TO PUBLIC", "REVOKE DELETE ON audit_record FROM PUBLIC"),
    (
        "ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_amount_above_zero",
        "ALTER TABLE ledger_transfer ADD CONSTRAINT transfer_amount_above_zero CHECK (amount > 0)",
    ),
    (
        "GRANT EXECUTE ON FUNCTION ledger_post(text, text, text, integer, bigint, timestamptz, date, ledger_line[]) TO PUBLIC",
        "REVOKE EXECUTE ON FUNCTION ledger_post(text, text, text, integer, bigint, timestamptz, date, ledger_line[]) FROM PUBLIC",
    ),
    (
        "ALTER FUNCTION ledger_post(text, text, text, integer, bigint, timestamptz, date, ledger_line[]) RESET search_path",
        "ALTER FUNCTION ledger_post(text, text, text, integer, bigint, timestamptz, date, ledger_line[]) SET search_path = public, pg_temp",
    ),
]


def test_every_missing_guard_is_found(owner_connection: psycopg.Connection[Any]) -> None:
    for broken, mended in GUARDS:
        assert verify("I4") == []
        owner_connection.execute(broken)
        try:
            assert verify("I4") != [], broken
        finally:
            owner_connection.execute(mended)
    assert verify("I4") == []


@pytest.mark.django_db
def test_every_invariant_of_the_books_is_registered() -> None:
    found: list[str] = []
    invariants.register_all(lambda code, check: found.append(code))
    assert found == ["I1", "I2", "I3", "I4", "I4", "I5", "I6", "I7"]
    assert set(found) <= set(checks.codes())
    assert {row[0] for row in DAMAGE} | {"I4"} == set(found)


def test_the_command_prints_counts_and_sums_and_holds(story: None) -> None:
    out = StringIO()
    call_command("verify_books", stdout=out)
    text = out.getvalue()
    assert "I1  holds" in text
    assert "cash: $1.20, funds: $0.40, owed: $0.80, shortfall: $0.00" in text
    assert "The books hold" in text


def test_the_command_fails_and_says_where(damage: Damage) -> None:
    damage.plant(f"UPDATE ledger_account SET credits = credits + 5 WHERE id = {FUND}")
    out = StringIO()
    with pytest.raises(CommandError, match="The books do not hold: I1, I2"):
        call_command("verify_books", "--only", "I1", "I2", "I4", stdout=out)
    assert "USD: cash is 120, funds + owed - shortfall is 125." in out.getvalue()
    assert "I4  holds" in out.getvalue()


@pytest.mark.django_db
def test_the_command_knows_its_invariants() -> None:
    with pytest.raises(CommandError, match="no invariant I99"):
        call_command("verify_books", "--only", "I99")


def test_a_check_reads_and_cannot_write() -> None:
    def writes(tally: checks.Tally) -> Iterator[str]:
        """It tries to write."""
        books.fund("new")
        yield "written"

    checks.register("I999", writes)
    try:
        with pytest.raises(Exception, match="read-only transaction"):
            checks.run("I999")
    finally:
        del checks._checks["I999"]
