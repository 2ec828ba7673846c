"""The outbox: a mail is promised with its fact, sent once, tried again, parked, and found when the broker forgot."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from celery import Celery
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone

from funding.celery import app
from funding.mail import services, tasks
from funding.mail.models import Message
from tests.funding import builders as people

STATE = Message.State


class Unreachable(BaseEmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, email_messages: Any) -> int:
        raise SMTPServerDisconnected("Connection unexpectedly closed")


def promise(key: str = "receipt:INV-0001", **fields: Any) -> Message:
    return services.write(kind="receipt", to="pay@example.org", key=key, subject="Your receipt", body="You paid.\n", **fields)


@pytest.mark.django_db
class TestPromise:
    def test_one_fact_is_one_mail(self) -> None:
        first = promise()
        assert promise() == first
        assert Message.objects.count() == 1

    def test_a_template_gives_subject_and_body_without_html_escapes(self) -> None:
        context = {
            "name": "Bracken & Lowe",
            "by": "Marit",
            "role": "Auditor",
            "where": "Ink & Paper",
            "since": dt.date(2026, 10, 14),
            "desk": "https://x/desk/",
        }
        message = services.queue(kind="role_given", to="a@example.org", key="role_given:1", context=context)
        assert message.subject == "You are now auditor (Ink & Paper)"
        assert message.body.startswith("Bracken & Lowe,\n")
        assert "Wed 14 Oct 2026" in message.body
        assert services.queue(kind="role_given", to="b@example.org", key="role_given:1", context=context) == message

    def test_a_subject_is_one_line(self) -> None:
        message = services.write(kind="x", to="a@example.org", key="x:1", subject="One\r\nBcc: all@example.org", body="")
        assert message.subject == "One Bcc: all@example.org"


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_promised() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        promise()
        raise RuntimeError
    assert services.due() == []


@pytest.mark.django_db
class TestSending:
    def test_sent_once(self) -> None:
        message = promise()
        assert services.send(message_id=message.pk)
        assert not services.send(message_id=message.pk)
        assert [sent.subject for sent in mail.outbox] == ["Your receipt"]
        assert mail.outbox[0].reply_to == []
        assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<daybook-{message.pk}@")
        message.refresh_from_db()
        assert (message.state, message.attempts) == (STATE.SENT, 1)

    def test_an_answer_goes_to_the_host(self) -> None:
        host = people.host()
        services.send(message_id=promise().pk)
        assert mail.outbox[0].reply_to == [host.party.email]

    def test_a_killed_worker_holds_a_mail_for_a_while_and_not_for_ever(self) -> None:
        message = promise()
        Message.objects.update(attempts=1, next_try_at=timezone.now() + services.LEASE)
        assert not services.send(message_id=message.pk)
        Message.objects.update(next_try_at=timezone.now())
        assert services.send(message_id=message.pk)

    def test_a_mail_that_is_gone_is_not_an_error(self) -> None:
        assert not services.send(message_id=0)

    def test_tried_again_later_each_time_and_parked_at_last(self, settings: Any) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.Unreachable"
        message = promise()
        waits = []
        for _ in range(services.ATTEMPTS):
            before = timezone.now()
            Message.objects.update(next_try_at=before)
            assert not services.send(message_id=message.pk)
            message.refresh_from_db()
            waits.append(message.next_try_at - before)
        assert waits == sorted(waits)
        assert waits[0] > dt.timedelta(minutes=1)
        assert (message.state, message.attempts) == (STATE.PARKED, services.ATTEMPTS)
        assert "SMTPServerDisconnected" in message.error
        assert not services.send(message_id=message.pk)

    def test_a_mail_that_failed_goes_out_when_the_server_is_back(self, settings: Any) -> None:
        message = promise()
        backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.Unreachable"
        services.send(message_id=message.pk)
        assert services.due() == []
        settings.EMAIL_BACKEND = backend
        Message.objects.update(next_try_at=timezone.now())
        assert tasks.sweep_outbox() == 1
        message.refresh_from_db()
        assert (message.state, message.error) == (STATE.SENT, "")

    def test_an_address_that_cannot_be_written_stops_nobody_elses_mail(self) -> None:
        odd = services.write(kind="receipt", to=f"a@{'é' * 60}.com", key="receipt:odd", subject="Your receipt", body="You paid.\n")
        promise()
        assert tasks.sweep_outbox() == 1
        odd.refresh_from_db()
        assert (odd.state, odd.attempts) == (STATE.QUEUED, 1)
        assert odd.error.startswith("Unicode")
        assert services.due() == []

    def test_the_sweeper_finds_what_the_broker_forgot_oldest_first(self) -> None:
        keys = [promise(f"receipt:INV-{number:04}").pk for number in range(3)]
        assert services.due() == keys
        assert tasks.sweep_outbox() == 3
        assert tasks.sweep_outbox() == 0
        assert len(mail.outbox) == 3


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_delays_a_mail_and_loses_nothing(nobody_listens: None) -> None:
    with transaction.atomic():
        message = promise()
    assert services.due() == [message.pk]


@pytest.fixture
def nobody_listens() -> Iterator[None]:
    """The broker's address is a closed port of this machine: a real refusal, without a stand-in for the queue."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    Celery("nowhere", broker=f"redis://127.0.0.1:{port}/0", set_as_current=True)
    yield
    app.set_current()


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_mail() -> None:
    message, start, outcomes = promise(), threading.Barrier(2), []

    def work() -> None:
        start.wait()
        try:
            outcomes.append(services.send(message_id=message.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True]
    assert len(mail.outbox) == 1
