"""The page of what waits, seen and acted on over HTTP by those who may."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from funding import clock
from funding.audit.models import Record
from funding.mail import services as mail
from funding.mail.models import Message
from funding.payments.models import InboxEvent
from funding.people.roles import Role
from funding.site.recovery import pulse
from funding.web import trouble
from funding.web.models import Trouble
from tests.funding.builders import browser, holder, user

pytestmark = pytest.mark.django_db

PAGE = "/desk/waiting/"


def parked_mail(to: str = "gone@example.org") -> Message:
    message = mail.write(kind="receipt", to=to, key="receipt:1", subject="Your secret receipt", body="The secret body")
    Message.objects.filter(pk=message.pk).update(state=Message.State.PARKED, attempts=8, error="SMTPRecipientsRefused: no such user")
    return Message.objects.get(pk=message.pk)


def failed_job() -> Trouble:
    trouble.note("sponsors.billing.tasks.settle_payment", "12", ValueError("no such card"), args=(12,))
    return Trouble.objects.get()


def parked_event() -> InboxEvent:
    return InboxEvent.objects.create(
        event_id="evt_1", type="charge.updated", object_id="pi_1", payload=b"{}", received_at=clock.now(), next_try_at=timezone.now(),
        state=InboxEvent.State.PARKED, error="KeyError: 'fee'",
    )  # fmt: skip


class TestPage:
    @pytest.mark.parametrize("role", [Role.TREASURER, Role.ADMIN])
    def test_everything_that_waits_is_on_one_page_with_its_acts(self, role: str) -> None:
        parked_mail(), failed_job(), parked_event()
        page = browser(holder(role)).get(PAGE).content.decode()
        for words in (
            "gone@example.org",
            "no such user",
            "Settle a payment (12)",
            "no such card",
            "charge.updated about pi_1",
            "KeyError",
        ):
            assert words in page.replace("&#x27;", "'")
        for act in ("mail-again", "mail-close", "trouble-again", "trouble-close"):
            assert reverse(f"recovery:{act}", args=[(Message if act.startswith("mail") else Trouble).objects.get().pk]) in page
        assert "secret" not in page

    def test_an_empty_page_says_so_and_still_tells_whether_the_schedule_runs(self) -> None:
        page = browser(holder(Role.ADMIN)).get(PAGE).content.decode()
        assert "Nothing waits" not in page and "nothing runs at all" in page
        assert "Nothing runs." in page and "Renew sponsorships" in page and "run_billing" not in page
        for task in pulse.schedule():
            pulse.finished(task)
        page = browser(holder(Role.ADMIN)).get(PAGE).content.decode()
        assert "Nothing waits" in page and "nothing runs at all" not in page

    @pytest.mark.parametrize("role", [Role.AUDITOR, None])
    def test_nobody_else_sees_it(self, role: str | None) -> None:
        person = holder(role) if role else user()
        assert browser(person).get(PAGE).status_code == 403
        assert browser().get(PAGE).status_code == 302

    def test_the_desk_counts_what_waits_and_that_nothing_runs(self) -> None:
        parked_mail(), failed_job()
        assert "3 wait" in browser(holder(Role.ADMIN)).get("/desk/").content.decode()

    def test_many_rows_cost_no_more_queries_than_one(self) -> None:
        client, counts = browser(holder(Role.ADMIN)), []
        client.get(PAGE)
        for rows in (range(1), range(1, 30)):
            for number in rows:
                trouble.note("job", str(number), ValueError("no"))
            with CaptureQueriesContext(connection) as asked:
                client.get(PAGE)
            counts.append(len(asked))
        assert counts[0] == counts[1]


class TestActs:
    def test_a_mail_is_sent_again(self) -> None:
        message = parked_mail()
        admin = holder(Role.ADMIN)
        assert browser(admin).post(reverse("recovery:mail-again", args=[message.pk])).status_code == 302
        message.refresh_from_db()
        assert (message.state, message.attempts) == (Message.State.QUEUED, 0)
        assert mail.send(message_id=message.pk)
        assert Record.objects.get(act="mail.send_again").subject == f"mail:{message.pk}"

    def test_a_mail_is_given_up_with_a_reason(self) -> None:
        message = parked_mail()
        client = browser(holder(Role.TREASURER))
        address = reverse("recovery:mail-close", args=[message.pk])
        assert client.post(address, {"reason": " "}).status_code == 422
        assert client.post(address, {"reason": "They left."}).status_code == 302
        message.refresh_from_db()
        assert message.state == Message.State.GIVEN_UP and not mail.send(message_id=message.pk)
        assert Record.objects.get(act="mail.give_up").reason == "They left."
        assert client.post(address, {"reason": "Again."}).status_code == 409

    def test_a_job_is_asked_for_again_and_stays_until_it_works(self) -> None:
        row = failed_job()
        client = browser(holder(Role.ADMIN))
        assert client.post(reverse("recovery:trouble-again", args=[row.pk])).status_code == 302
        assert Trouble.objects.filter(over_at=None).exists()
        trouble.over(row.job, row.about)
        assert client.post(reverse("recovery:trouble-again", args=[row.pk])).status_code == 409

    def test_a_job_is_closed_and_comes_back_when_it_fails_again(self) -> None:
        row = failed_job()
        client = browser(holder(Role.ADMIN))
        assert client.post(reverse("recovery:trouble-close", args=[row.pk]), {"reason": "A test payment."}).status_code == 302
        assert "no such card" not in client.get(PAGE).content.decode()
        trouble.note(row.job, row.about, ValueError("no such card"), args=(12,))
        assert "no such card" in client.get(PAGE).content.decode()

    @pytest.mark.parametrize("act", ["mail-again", "mail-close", "trouble-again", "trouble-close"])
    def test_an_auditor_is_refused(self, act: str) -> None:
        rows = {"mail": parked_mail(), "trouble": failed_job()}
        address = reverse(f"recovery:{act}", args=[rows[act.partition("-")[0]].pk])
        assert browser(holder(Role.AUDITOR)).post(address, {"reason": "No."}).status_code == 403


class TestServices:
    """The refusal is the service's, and audited; the page only repeats it."""

    def test_refused_and_audited(self) -> None:
        from funding.errors import Refused
        from funding.site.recovery import services

        stranger, row, message = user(), failed_job(), parked_mail()
        for verb in (
            lambda: services.again(actor=stranger, trouble=row),
            lambda: services.close(actor=stranger, trouble=row, reason="No."),
            lambda: mail.send_again(actor=stranger, message=message),
            lambda: mail.give_up(actor=stranger, message=message, reason="No."),
        ):
            with pytest.raises(Refused):
                verb()
        assert Record.objects.filter(outcome=Record.REFUSED, rule="role").count() == 4


def test_prune_removes_what_is_old_and_nothing_else() -> None:
    import uuid

    from funding.site.recovery import pruning
    from funding.web.models import Submission

    old, fresh = uuid.uuid4(), uuid.uuid4()
    for token in (old, fresh):
        Submission.objects.create(token=token, user_id=None, path="/")
    Submission.objects.filter(token=old).update(at=timezone.now() - dt.timedelta(days=8))
    event = parked_event()
    done = InboxEvent.objects.create(
        event_id="evt_2", type="charge.updated", object_id="pi_2", payload=b"{}", received_at=clock.now(), next_try_at=timezone.now(),
        state=InboxEvent.State.DONE, handled_at=timezone.now() - dt.timedelta(days=91),
    )  # fmt: skip
    assert str(pruning.prune()).startswith("Removed 1 presses, 1 webhook bodies")
    assert Submission.objects.get().token == fresh
    event.refresh_from_db(), done.refresh_from_db()
    assert bytes(event.payload) == b"{}" and bytes(done.payload) == b""


def test_prune_drops_a_draft_that_nobody_touched_for_180_days() -> None:
    from funding.site.recovery import pruning
    from funding.web import drafts

    def paths() -> list[str]:
        return [draft.path for draft in drafts.of(user_id=7, prefix="/")]

    saved = clock.now()
    for path in ("/left/", "/touched/"):
        drafts.keep(user_id=7, path=path, fields={"body": "Half a thought"}, version=0)
    with clock.at(saved + dt.timedelta(days=100)):
        drafts.keep(user_id=7, path="/touched/", fields={"body": "A whole one"}, version=1)
    with clock.at(saved + dt.timedelta(days=180)):
        assert pruning.prune().drafts == 0
    with clock.at(saved + dt.timedelta(days=181)):
        assert pruning.prune().drafts == 1
        assert paths() == ["/touched/"]
        assert drafts.keep(user_id=7, path="/left/", fields={"body": "Begun again"}, version=0).version == 1
