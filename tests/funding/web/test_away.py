"""A database that goes away under a page, or picks its transaction to end a deadlock, is told as such: never as a fault of ours."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.test import Client

from funding.audit.models import Record
from funding.audit.services import audited
from funding.people.models import User
from tests.funding import builders


@contextlib.contextmanager
def lost_connection() -> Iterator[None]:
    """The server ends our session, as it does when it is restarted; the next statement finds out."""
    with contextlib.suppress(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    yield
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["/projects/", "/profile/", "/committee/"])
def test_a_lost_connection_is_a_page_that_says_try_again(address: str) -> None:
    browser = builders.browser(builders.user())
    browser.raise_request_exception = False
    with lost_connection():
        answer = browser.get(address)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The database of this site does not answer" in answer.text


@pytest.mark.django_db(transaction=True)
def test_any_other_failure_stays_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sponsors.billing.views.joining.tiers.open_projects", lambda: 1 / 0)
    answer = Client(raise_request_exception=False).get("/sponsor/")
    assert answer.status_code == 500


class Crossing:
    """Two acts that lock the same two people in opposite order, and meet in the middle the first time."""

    ref = "C-1"

    def __init__(self) -> None:
        self.meeting = threading.Barrier(2, timeout=20)
        self.tries = 0

    def lock(self, first: int, second: int) -> None:
        self.tries += 1
        User.objects.select_for_update().get(pk=first)
        if self.tries <= 2:
            self.meeting.wait()
        User.objects.select_for_update().get(pk=second)


@audited("test.cross", subject="crossing")
def cross(*, actor: User, crossing: Crossing, first: int, second: int) -> None:
    crossing.lock(first, second)


@pytest.mark.django_db(transaction=True)
def test_an_act_that_lost_a_deadlock_is_begun_again() -> None:
    people, crossing, failed = [builders.user(), builders.user()], Crossing(), []

    def run(actor: User, other: User) -> None:
        try:
            cross(actor=actor, crossing=crossing, first=actor.pk, second=other.pk)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in (people, people[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert crossing.tries == 3, "one of the two was begun again"
    assert Record.objects.filter(act="test.cross").count() == 2
