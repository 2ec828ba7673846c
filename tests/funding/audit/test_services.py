"""Every act leaves one row; a refused act leaves its row and nothing else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction

from funding import clock
from funding.audit.models import Record
from funding.audit.services import SYSTEM, audited, record
from funding.errors import Conflict, Invalid, Refused
from funding.people.models import Bar, User
from tests.funding import builders


class Thing:
    ref = "T-0001"


@audited("thing.sign", subject="thing")
def sign(*, actor: User | None, thing: object, reason: str = "", fails: Exception | None = None) -> str:
    """Writes a row first and may fail after it, as a service that finds the rule too late would."""
    Bar.objects.create(user=actor or builders.user(), subject="thing:1", reason="written", created_at=clock.now())
    if fails:
        raise fails
    return "signed"


@pytest.mark.django_db
class TestAudited:
    def test_an_act_is_written_with_what_it_is_about_and_why(self) -> None:
        person = builders.user("Marit Solheim")
        with clock.at(dt.datetime(2026, 10, 14, 9, tzinfo=dt.UTC)):
            assert sign(actor=person, thing=Thing(), reason="it is due") == "signed"
        row = Record.objects.get()
        assert (row.actor_id, row.actor_label, row.act, row.subject, row.outcome, row.reason) == (
            person.pk,
            "Marit Solheim",
            "thing.sign",
            "T-0001",
            "done",
            "it is due",
        )
        assert row.at == dt.datetime(2026, 10, 14, 9, tzinfo=dt.UTC)

    def test_a_refusal_is_written_after_the_rollback(self) -> None:
        person = builders.user()
        with pytest.raises(Refused):
            sign(actor=person, thing="stone", fails=Refused("You prepared this.", rule="prepared"))
        row = Record.objects.get()
        assert (row.outcome, row.rule, row.reason, row.subject) == ("refused", "prepared", "You prepared this.", "stone")
        assert not Bar.objects.exists()

    @pytest.mark.parametrize("error", [Invalid("No."), Conflict("No."), ValueError("No")])
    def test_any_other_failure_leaves_no_row_and_no_change(self, error: Exception) -> None:
        with pytest.raises(type(error)):
            sign(actor=builders.user(), thing="stone", fails=error)
        assert not Record.objects.exists()
        assert not Bar.objects.exists()

    def test_the_schedule_acts_under_the_name_of_the_site(self) -> None:
        sign(actor=None, thing="stone")
        assert (Record.objects.get().actor_id, Record.objects.get().actor_label) == (None, SYSTEM)

    def test_whoever_has_no_account_is_called_a_visitor(self) -> None:
        record(actor=AnonymousUser(), act="a", subject="b")
        assert (Record.objects.get().actor_id, Record.objects.get().actor_label) == (None, "A visitor")

    def test_long_subjects_are_cut_and_not_refused(self) -> None:
        assert len(record(actor=None, act="a", subject="x" * 500).subject) == 120


@pytest.mark.django_db(transaction=True)
def test_a_refusal_outlives_the_transaction_that_it_was_refused_in() -> None:
    """With real commits: the service's row is gone, the refusal is there for another connection."""
    person = builders.user()
    with pytest.raises(Refused):
        sign(actor=person, thing="stone", fails=Refused("No.", rule="benefits"))
    assert Record.objects.get().rule == "benefits"
    assert not Bar.objects.exists()


def test_a_service_without_an_actor_or_a_subject_cannot_be_audited() -> None:
    def nobody(*, thing: object) -> None: ...

    def nothing(*, actor: object) -> None: ...

    for service in (nobody, nothing):
        with pytest.raises(TypeError, match="needs the arguments"):
            audited("thing.sign", subject="thing")(service)


@pytest.mark.django_db
class TestWrittenOnce:
    STATEMENTS = (
        "UPDATE audit_record SET outcome = 'done'",
        "DELETE FROM audit_record",
        "TRUNCATE audit_record",
    )

    @pytest.mark.parametrize("statement", STATEMENTS)
    def test_the_app_role_cannot_change_the_log(self, statement: str) -> None:
        record(actor=None, act="thing.sign", subject="stone", outcome=Record.REFUSED)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert Record.objects.get().outcome == Record.REFUSED

    def test_nor_through_the_orm(self) -> None:
        row = record(actor=None, act="thing.sign", subject="stone")
        for change in (row.delete, row.save, lambda: Record.objects.update(act="other")):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
        assert Record.objects.get().act == "thing.sign"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", TestWrittenOnce.STATEMENTS)
def test_not_even_the_owner_of_the_table_can(statement: str, owner_connection: Any) -> None:
    record(actor=None, act="thing.sign", subject="stone", outcome=Record.REFUSED)
    with pytest.raises(psycopg.Error, match="written once"):
        owner_connection.execute(statement)
    assert Record.objects.get().outcome == Record.REFUSED
