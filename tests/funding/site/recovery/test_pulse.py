"""A scheduled task leaves its pulse through Celery's own signals; silence is seen, told once, and told again after it came back."""

from __future__ import annotations

import datetime as dt

import pytest
from celery import current_app
from django.utils import timezone

from funding.mail.models import Message
from funding.people.roles import Role
from funding.site.recovery import alarms, jobs, pulse
from funding.site.recovery.models import Pulse
from funding.web.models import Trouble
from tests.funding.builders import holder, user

pytestmark = pytest.mark.django_db

WATCH = "funding.site.recovery.tasks.watch"
SETTLE = "sponsors.billing.tasks.settle_payment"


def run(task: str, *args: int) -> None:
    """As a worker does it, in this process."""
    current_app.loader.import_default_modules()
    current_app.tasks[task].apply(args=args)


def ran(task: str, ago: dt.timedelta) -> Pulse:
    return Pulse.objects.update_or_create(task=task, defaults={"finished_at": timezone.now() - ago})[0]


def all_ran(ago: dt.timedelta = dt.timedelta()) -> None:
    for task in pulse.schedule():
        ran(task, ago)


class TestPulse:
    def test_a_task_that_finished_left_its_pulse(self) -> None:
        run(WATCH)
        row = Pulse.objects.get(task=WATCH)
        assert row.began_at is not None and row.finished_at is not None and row.began_at <= row.finished_at
        assert not row.failing

    def test_a_task_that_raised_is_failing_until_it_finishes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken() -> int:
            raise ValueError("no such table")

        with monkeypatch.context() as patch:
            patch.setattr(alarms, "raise_due", broken)
            run(WATCH)
        row = Pulse.objects.get(task=WATCH)
        assert row.failing and row.error == "ValueError: no such table"
        assert Trouble.objects.get(over_at=None).job == WATCH
        run(WATCH)
        assert not Pulse.objects.get(task=WATCH).failing
        assert not Trouble.objects.filter(over_at=None).exists()

    def test_a_task_outside_the_schedule_has_no_pulse_and_its_failure_is_kept_with_its_arguments(self) -> None:
        run(SETTLE, 4711)
        assert not Pulse.objects.filter(task=SETTLE).exists()
        row = Trouble.objects.get()
        assert (row.job, row.about, row.args) == (SETTLE, "4711", [4711])
        assert "DoesNotExist" in row.error


class TestOverdue:
    def test_nothing_is_overdue_when_everything_ran(self) -> None:
        all_ran()
        assert pulse.overdue() == [] and pulse.silence() == ""

    @pytest.mark.parametrize(("ago", "silent"), [(170, False), (190, True)])
    def test_five_turns_and_three_minutes(self, ago: int, silent: bool) -> None:
        all_ran()
        ran("sponsors.billing.tasks.run_billing", dt.timedelta(seconds=ago))
        assert [beat.short for beat in pulse.overdue()] == (["run_billing"] if silent else [])

    def test_on_a_new_installation_nothing_runs_and_nothing_is_overdue(self) -> None:
        assert pulse.overdue() == []
        assert "has ever finished" in pulse.silence()

    def test_what_never_ran_is_overdue_once_it_is_older_than_its_turns(self) -> None:
        run(WATCH)
        assert pulse.overdue() == []
        hourly = {task for task, every in pulse.schedule().items() if every == dt.timedelta(hours=1)}
        now = timezone.now()
        assert not hourly & {beat.task for beat in pulse.beats(now + dt.timedelta(hours=4)) if beat.overdue}
        assert hourly <= {beat.task for beat in pulse.beats(now + dt.timedelta(hours=6)) if beat.overdue}

    def test_every_task_of_the_schedule_is_called_by_words(self) -> None:
        assert [task for task in pulse.schedule() if task.rpartition(".")[2] not in jobs.JOBS] == []

    def test_silence_tells_a_missing_worker_from_a_missing_clock(self, settings: object) -> None:
        import redis
        from django.conf import settings as given

        all_ran(dt.timedelta(minutes=7))
        broker = redis.Redis.from_url(given.REDIS_URL)
        broker.delete(*pulse.QUEUES)
        assert pulse.silence().endswith("7 minutes, and none is asked for: the clock (beat) does not run")
        broker.lpush("slow", "a", "b")
        try:
            assert pulse.silence().endswith("7 minutes, and 2 wait for a worker")
        finally:
            broker.delete(*pulse.QUEUES)

    def test_silence_without_a_broker_says_so(self, settings: pytest.FixtureRequest) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]
        assert pulse.silence().endswith("and the broker cannot be reached")


class TestAlarm:
    def test_a_silent_task_is_told_once_and_again_after_it_came_back(self) -> None:
        treasurer, admin = holder(Role.TREASURER), holder(Role.ADMIN)
        user("Somebody else")
        all_ran()
        row = ran("sponsors.billing.tasks.run_billing", dt.timedelta(hours=2))
        for _ in range(3):
            alarms.raise_due()
        mails = Message.objects.filter(kind="task_silent")
        assert {mail.to for mail in mails} == {treasurer.email, admin.email} and len(mails) == 2
        assert "Renew sponsorships" in mails[0].subject and "20 seconds" in mails[0].body
        pulse.finished(row.task)
        ran(row.task, dt.timedelta(hours=3))
        alarms.raise_due()
        assert mails.all().count() == 4

    def test_a_standstill_is_one_mail_that_names_every_job(self) -> None:
        holder(Role.TREASURER)
        all_ran(dt.timedelta(days=3))
        assert alarms.raise_due() == 1
        mail = Message.objects.get(kind="task_silent")
        assert mail.subject == f"{len(pulse.schedule())} jobs of Daybook do not finish any more"
        assert mail.body.count("(the scheduled job ") == len(pulse.schedule())
        assert alarms.raise_due() == 0

    def test_a_fresh_installation_raises_no_alarm(self) -> None:
        holder(Role.ADMIN)
        assert alarms.raise_due() == 0

    def test_what_waits_is_told_once_a_day(self) -> None:
        all_ran()
        admin = holder(Role.ADMIN)
        assert alarms.raise_due() == 0
        run(SETTLE, 4711)
        assert [alarms.raise_due() for _ in range(3)] == [1, 0, 0]
        mail = Message.objects.get(kind="waiting")
        assert mail.to == admin.email and "1: Jobs that failed" in mail.body
