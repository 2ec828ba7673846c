"""A write happens once for each key, whatever is repeated, refused or lost on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from funding import clock
from funding.audit.models import Record
from funding.people.models import User
from funding.people.roles import Role
from funding.web.models import Submission
from grants.engagements.models import Engagement
from grants.timesheets.models import WorkEntry
from tests.funding.builders import holder
from tests.funding.site.api.callers import program, write
from tests.grants.engagements import builders as work

DAYS = "/api/v1/days/"


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(work.NOW):
        yield


def begun(name: str = "Marit Solheim") -> Engagement:
    """An engagement whose days somebody can approve."""
    if not User.objects.filter(name="Lead Person").exists():
        work.user("Lead Person", "maintainer@project:quillon")
    return work.engagement(work.user(name))


@pytest.fixture
def engagement(db: None) -> Engagement:
    return begun()


def log(engagement: Engagement, date: str = "2026-10-14", slot: str = "am", note: str = "Fixed the race") -> dict[str, Any]:
    return {"engagement": engagement.ref, "cells": [{"date": date, "slot": slot}], "note": note}


def test_a_worker_logs_a_day_from_a_program(engagement: Engagement) -> None:
    answer = write(program(engagement.worker), DAYS, log(engagement))
    assert answer.status_code == 201, answer.content
    (entry,) = answer.json()
    assert WorkEntry.objects.get().ref == entry["ref"]
    assert (entry["date"], entry["slot"], entry["state"]) == ("2026-10-14", "am", "logged")


def test_the_same_again_is_answered_as_the_first_time(engagement: Engagement) -> None:
    client = program(engagement.worker)
    first, second = (write(client, DAYS, log(engagement), key="monday") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert ("Idempotent-Replayed" in first, second["Idempotent-Replayed"]) == (False, "true")
    assert WorkEntry.objects.count() == 1


def test_the_same_key_with_other_words_is_refused(engagement: Engagement) -> None:
    client = program(engagement.worker)
    write(client, DAYS, log(engagement), key="monday")
    answer = write(client, DAYS, log(engagement, slot="pm"), key="monday")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("#problem-key-reused")
    assert WorkEntry.objects.count() == 1


def test_another_person_s_key_is_another_key(engagement: Engagement) -> None:
    write(program(engagement.worker), DAYS, log(engagement), key="monday")
    other = begun("Wera Worker")
    assert write(program(other.worker), DAYS, log(other), key="monday").status_code == 201


def test_without_a_key_nothing_is_done(engagement: Engagement) -> None:
    answer = program(engagement.worker).post(DAYS, log(engagement), content_type="application/json")
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["detail"]
    assert not WorkEntry.objects.exists()


def test_what_was_wrong_can_be_put_right_with_the_same_key(engagement: Engagement) -> None:
    client = program(engagement.worker)
    wrong = write(client, DAYS, log(engagement, date="2036-10-14"), key="monday")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "#/cells"
    assert write(client, DAYS, log(engagement), key="monday").status_code == 201


def test_a_refusal_stays_in_the_audit_log(engagement: Engagement) -> None:
    admin = holder(Role.ADMIN)
    answer = write(program(admin), DAYS, log(engagement))
    assert answer.status_code == 403
    assert Record.objects.filter(act="work.log", outcome=Record.REFUSED, actor_id=admin.pk).count() == 1
    assert not Submission.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one() -> None:
    engagement = begun()
    programs = [program(engagement.worker) for _ in range(2)]
    start, answers = threading.Barrier(2), []

    def send(mine: Client) -> None:
        start.wait()
        try:
            answers.append(write(mine, DAYS, log(engagement), key="monday"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(mine,)) for mine in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert WorkEntry.objects.count() == 1
