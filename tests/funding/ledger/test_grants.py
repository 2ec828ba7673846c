"""Who the database lets do what: the guards of the books, tried as the app role and as the owner."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from funding import appendonly
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.grants import TOTALS, WRITTEN_ONCE
from funding.ledger.models import BookDay
from funding.ledger.sealing import closing
from tests.funding.ledger import books

CHANGES = ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE")
COLUMNS = {
    "ledger_entry": "kind",
    "ledger_transfer": "amount",
    "ledger_reservationmove": "amount",
    "ledger_sealedtext": "text",
    "ledger_sealeddocument": "digest",
}
# What no entry does: guards refuse a step back or another identity, CHECKs an overdraft.
BACKWARDS = (
    "UPDATE ledger_account SET credits = credits - 1 WHERE klass = 'fund'",
    "UPDATE ledger_account SET code = code || 'x'",
    "UPDATE ledger_account SET klass = 'owed' WHERE klass = 'fund'",
    "UPDATE ledger_accounttotal SET debits = debits - 1",
    "UPDATE ledger_reservation SET drawn = drawn - 1",
    "UPDATE ledger_reservation SET holder_id = holder_id + 1",
    "UPDATE ledger_bookday SET day = day + 1",
    "UPDATE ledger_account SET debits = credits + 1 WHERE klass = 'fund'",
    "UPDATE ledger_account SET reserved = credits + 1 WHERE klass = 'fund'",
    "UPDATE ledger_account SET head = credits + 1 WHERE klass = 'fund'",
    "UPDATE ledger_account SET debits = credits + 1 WHERE klass = 'owed'",
    "UPDATE ledger_account SET debits = 1 WHERE klass = 'cash'",
    "UPDATE ledger_account SET reserved = 1 WHERE klass = 'owed'",
    "UPDATE ledger_reservation SET drawn = reserved + 1",
    "INSERT INTO ledger_bookday (day) VALUES ('2031-01-01')",
    "UPDATE ledger_bookday SET seal = md5('') || md5('') WHERE seal IS NOT NULL",
    "UPDATE ledger_bookday SET seal = NULL, sealed_at = NULL WHERE seal IS NOT NULL",
    "UPDATE ledger_commitment SET digest = md5('') || md5('')",
    "UPDATE ledger_commitment SET text = '{}'",
    "UPDATE ledger_commitment SET salt = NULL",
)
committed = pytest.mark.django_db(transaction=True)


def story() -> None:
    """At least one row in every table of the books."""
    fund = books.fund()
    books.contribute(fund, 100)
    books.pay_out(fund, 10, books.reserve(fund, 50))
    ledger.seal_document("document", "P-0001/1", "a" * 64)
    ledger.advance_book_day(BookDay.objects.get().day + dt.timedelta(days=1))
    list(closing.seal_days())


@committed
def test_rows_are_written_once_for_the_owner_too(owner_connection: psycopg.Connection[Any]) -> None:
    story()
    statements = [change.format(table, COLUMNS[table]) for table in WRITTEN_ONCE for change in CHANGES]
    statements += [change.format(table) for table in TOTALS for change in CHANGES[1:]]
    for statement in statements:
        with pytest.raises(psycopg.errors.CheckViolation, match="written once"):
            owner_connection.execute(statement)
        with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(statement)


@committed
def test_totals_only_go_forward_and_never_below_zero(owner_connection: psycopg.Connection[Any]) -> None:
    story()
    for statement in BACKWARDS:
        with pytest.raises(psycopg.errors.IntegrityError):
            owner_connection.execute(statement)


@pytest.mark.django_db
def test_the_app_role_only_reads_the_books() -> None:
    for table in (*WRITTEN_ONCE, *TOTALS):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT has_table_privilege(%(table)s, 'SELECT'), has_table_privilege(%(table)s, 'INSERT, UPDATE, DELETE, TRUNCATE')",
                {"table": table},
            )
            assert cursor.fetchone() == (True, False), table


@pytest.mark.django_db
def test_the_app_role_adds_to_the_audit_log_and_changes_nothing_in_it() -> None:
    assert "audit_record" in appendonly.protected()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('audit_record', 'INSERT'), has_table_privilege('audit_record', 'UPDATE'), "
            "has_table_privilege('audit_record', 'DELETE')"
        )
        assert cursor.fetchone() == (True, False, False)


@pytest.mark.django_db
def test_inner_functions_are_closed_to_the_app_role() -> None:
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_open_day(now())")


@committed
def test_a_guard_raises_what_django_calls_an_integrity_error(owner_connection: psycopg.Connection[Any]) -> None:
    """The app role meets the trigger itself on a table where it lost no privilege."""
    owner_connection.execute("CREATE TABLE kept_note (note text)")
    owner_connection.execute("GRANT ALL ON kept_note TO PUBLIC")
    try:
        owner_connection.execute(appendonly.GUARD.format(table="kept_note"))
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO kept_note VALUES ('a')")
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute("UPDATE kept_note SET note = 'b'")
    finally:
        owner_connection.execute("DROP TABLE kept_note")


def test_only_plain_names_can_be_protected() -> None:
    with pytest.raises(ValueError, match="plain table name"):
        appendonly.protect("entry; DROP TABLE ledger_entry")


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_installing_again_changes_nothing() -> None:
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    assert [result.problems for result in checks.run("I4")] == [[]]
