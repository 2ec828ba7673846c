"""One press is one act: what a repeat, a mistake, a refusal and a failure meet."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from funding.people.models import Membership, RoleGrant
from funding.people.roles import Role
from funding.web.models import Submission
from funding.web.submissions import LEASE
from tests.funding import builders

GIVE = "/desk/people/give/"


def press(browser: Client, token: str, **change: str) -> Any:
    return browser.post(GIVE, {"email": "theo@example.org", "role": "auditor", "subject": "host", "once": token, **change})


def died_over(token: str) -> None:
    """A while ago a process died before it could note where the press led."""
    Submission.objects.filter(token=token).update(result_url="", at=timezone.now() - LEASE)


@pytest.fixture
def token() -> str:
    return str(uuid.uuid4())


@pytest.mark.django_db
class TestSubmissions:
    def test_each_form_carries_a_token_of_its_own(self) -> None:
        browser = builders.browser(builders.holder(Role.ADMIN))
        tokens = {browser.get(GIVE).context["form"]["once"].value() for _ in range(2)}
        assert len(tokens) == 2

    def test_a_second_press_lands_on_the_first_one_s_result(self, token: str) -> None:
        builders.user(email="theo@example.org")
        browser = builders.browser(builders.holder(Role.ADMIN))
        first, second = press(browser, token), press(browser, token)
        assert (first.status_code, second.status_code) == (302, 302)
        assert first["Location"] == second["Location"]
        assert RoleGrant.objects.filter(role=Role.AUDITOR).count() == 1

    def test_a_mistake_can_be_corrected_with_the_same_token(self, token: str) -> None:
        builders.user(email="theo@example.org")
        browser = builders.browser(builders.holder(Role.ADMIN))
        wrong = press(browser, token, role="maintainer")
        assert wrong.status_code == 422
        assert wrong.context["form"].data["once"] == token
        assert press(browser, token).status_code == 302
        assert RoleGrant.objects.filter(role=Role.AUDITOR).exists()

    def test_the_same_form_with_other_words_is_another_act(self, token: str) -> None:
        """Somebody goes back in the browser, corrects a field and sends the form again: its token is the old one."""
        builders.user(email="theo@example.org")
        browser = builders.browser(builders.holder(Role.ADMIN))
        press(browser, token)
        assert press(browser, token, role="treasurer").status_code == 302
        assert set(RoleGrant.objects.filter(user__email="theo@example.org").values_list("role", flat=True)) == {"auditor", "treasurer"}

    def test_a_repeat_is_found_although_the_page_is_gone_by_then(self, token: str) -> None:
        person = builders.user()
        party = builders.tie(person, builders.organisation()).party
        browser = builders.browser(person)
        answers = [browser.post(f"/profile/work/{party.pk}/leave/", {"once": token}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [302, 302]

    def test_a_refused_press_is_forgotten(self, token: str) -> None:
        admin = builders.holder(Role.ADMIN)
        browser = builders.browser(admin)
        end = f"/desk/people/roles/{admin.role_grants.get().pk}/end/"
        assert browser.post(end, {"once": token}).status_code == 403
        assert not Submission.objects.exists()

    def test_somebody_else_s_token_is_a_conflict_and_shows_nothing(self, token: str) -> None:
        builders.user(email="theo@example.org")
        press(builders.browser(builders.holder(Role.ADMIN)), token)
        answer = press(builders.browser(builders.holder(Role.ADMIN)), token)
        assert answer.status_code == 409
        assert RoleGrant.objects.filter(role=Role.AUDITOR).count() == 1

    def test_a_press_whose_first_is_still_at_work_is_told_so(self, token: str) -> None:
        admin = builders.holder(Role.ADMIN)
        Submission.objects.create(token=token, user_id=admin.pk, path=GIVE)
        builders.user(email="theo@example.org")
        answer = press(builders.browser(admin), token)
        assert answer.status_code == 409
        assert "already sent" in answer.content.decode()

    def test_a_press_whose_process_died_before_anything_was_done_acts_when_it_is_sent_again(self, token: str) -> None:
        builders.user(email="theo@example.org")
        admin = builders.holder(Role.ADMIN)
        Submission.objects.create(token=token, user_id=admin.pk, path=GIVE)
        died_over(token)
        assert [press(builders.browser(admin), token).status_code for _ in range(2)] == [302, 302]
        assert RoleGrant.objects.filter(role=Role.AUDITOR).count() == 1

    def test_a_press_whose_process_died_after_the_act_never_acts_again(self, token: str) -> None:
        builders.user(email="theo@example.org")
        browser = builders.browser(builders.holder(Role.ADMIN))
        press(browser, token)
        died_over(token)
        answer = press(browser, token)
        assert answer.status_code == 409
        assert "a part of it was done" in answer.content.decode()
        assert RoleGrant.objects.filter(role=Role.AUDITOR).count() == 1

    def test_a_broken_token_is_no_act(self) -> None:
        builders.user(email="theo@example.org")
        assert press(builders.browser(builders.holder(Role.ADMIN)), "not-a-token").status_code == 422
        assert not RoleGrant.objects.filter(role=Role.AUDITOR).exists()


@pytest.mark.django_db(transaction=True)
def test_a_double_click_acts_once(token: str) -> None:
    builders.user(email="theo@example.org")
    admin = builders.holder(Role.ADMIN)
    browsers, start, answers = [builders.browser(admin) for _ in range(2)], threading.Barrier(2), []

    def click(browser: Client) -> None:
        start.wait()
        try:
            answers.append(press(browser, token).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302]
    assert RoleGrant.objects.filter(role=Role.AUDITOR).count() == 1


@pytest.mark.django_db
class TestErrorPages:
    def test_a_refusal_names_the_rule_and_what_to_do(self) -> None:
        answer = builders.browser(builders.user()).get("/desk/audit/")
        page = answer.content.decode()
        assert answer.status_code == 403
        assert "You cannot do this" in page
        assert "Only administrators and auditors read the audit log." in page

    def test_a_page_that_is_not_there(self, client: Client) -> None:
        answer = client.get("/nothing/here/")
        assert answer.status_code == 404
        assert "<h1>" in answer.content.decode()

    def test_a_post_without_the_token_of_our_own_pages(self) -> None:
        person = builders.user()
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        assert browser.post("/profile/work/", {"name": "Northgate Bank"}).status_code == 403
        assert not Membership.objects.exists()

    def test_two_megabytes_of_text_are_named_and_kept_out(self) -> None:
        answer = builders.browser(builders.user()).post("/profile/work/", {"name": "x" * 2_000_000})
        assert answer.status_code == 422
        assert not Membership.objects.exists()

    def test_more_than_the_server_reads_is_a_page_and_not_a_crash(self) -> None:
        answer = builders.browser(builders.user()).post("/profile/work/", {"name": "x" * 3_000_000})
        assert answer.status_code in {400, 413}

    def test_too_many_fields_are_a_page_and_not_a_crash(self) -> None:
        answer = builders.browser(builders.user()).post("/profile/work/", {f"name{number}": "x" for number in range(1_100)})
        assert answer.status_code == 400

    def test_pages_load_nothing_from_elsewhere(self, client: Client) -> None:
        policy = client.get("/accounts/login/")["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "'unsafe-inline'" not in policy
