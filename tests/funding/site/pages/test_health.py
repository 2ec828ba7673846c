"""`/readyz` names the part that is down; a balancer hears 503 only when no page can be served, a monitor whenever anything is wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from funding.mail import services as mail
from funding.mail.models import Message
from funding.site.recovery import pulse
from funding.site.recovery.models import Pulse

pytestmark = pytest.mark.django_db


def ask(query: str = "") -> tuple[int, dict[str, Any]]:
    answer = Client().get(f"/readyz{query}")
    return answer.status_code, answer.json()


def everything_ran() -> None:
    for task in pulse.schedule():
        Pulse.objects.create(task=task, finished_at=timezone.now())


def test_all_is_up() -> None:
    everything_ran()
    status, said = ask("?all=1")
    assert status == 200 and said["ready"] and said["working"]
    assert set(said["parts"].values()) == {"up"}
    assert list(said["parts"]) == ["database", "migrations", "redis", "jobs", "schedule", "mail", "webhooks"]


def test_a_silent_schedule_is_told_and_pages_are_still_served() -> None:
    everything_ran()
    Pulse.objects.filter(task="sponsors.billing.tasks.run_billing").update(finished_at=timezone.now() - dt.timedelta(hours=1))
    status, said = ask()
    assert (status, said["ready"], said["working"]) == (200, True, False)
    assert said["parts"]["schedule"] == "silent: run_billing" and said["parts"]["jobs"] == "up"
    assert ask("?all=1")[0] == 503


def test_nothing_ran() -> None:
    status, said = ask()
    assert status == 200 and said["parts"]["jobs"].startswith("down: no scheduled job has ever finished")


def test_redis_is_down(settings: Any) -> None:
    everything_ran()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    status, said = ask()
    assert status == 503 and said["parts"]["redis"] == "down: ConnectionError"


def test_a_mail_that_waits_long_is_told() -> None:
    everything_ran()
    message = mail.write(kind="receipt", to="a@example.org", key="1", subject="A", body="B")
    Message.objects.filter(pk=message.pk).update(next_try_at=timezone.now() - dt.timedelta(hours=1))
    assert ask()[1]["parts"]["mail"] == "1 waiting for longer than 15 minutes"


def test_livez_asks_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/livez").json() == {"live": True}
