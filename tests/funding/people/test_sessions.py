"""How long a sign-in lasts, how it ends elsewhere, and that nobody can prepare one for somebody else."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from funding.mail.models import Message
from funding.people import sessions
from funding.people.models import User
from funding.people.roles import Role
from tests.funding import builders

pytestmark = pytest.mark.django_db
PASSWORD = "a long demo password"


def aged(browser: Client, *, began: int = 0, seen: int = 0) -> Client:
    """The same session, begun and last seen that many seconds ago."""
    session, now = browser.session, int(time.time())
    session[sessions.BEGAN], session[sessions.SEEN] = now - began, now - seen
    session.save()
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/profile/").status_code == 200


class TestLimits:
    @pytest.mark.parametrize(("role", "idle"), [(Role.TREASURER, settings.SESSION_ROLE_IDLE), (None, settings.SESSION_IDLE)])
    def test_a_browser_left_alone_is_signed_out(self, role: str | None, idle: int) -> None:
        person = builders.holder(role) if role else builders.user()
        assert is_in(aged(builders.browser(person), seen=idle - 60))
        assert not is_in(aged(builders.browser(person), seen=idle))

    @pytest.mark.parametrize(("role", "age"), [(Role.TREASURER, settings.SESSION_ROLE_AGE), (None, settings.SESSION_COOKIE_AGE)])
    def test_a_browser_in_use_is_signed_out_too_in_the_end(self, role: str | None, age: int) -> None:
        person = builders.holder(role) if role else builders.user()
        assert is_in(aged(builders.browser(person), began=age - 60))
        assert not is_in(aged(builders.browser(person), began=age))

    def test_a_role_shortens_the_sessions_that_were_there_before(self) -> None:
        person = builders.user()
        browser = aged(builders.browser(person), seen=settings.SESSION_ROLE_IDLE)
        builders.give(person, Role.AUDITOR)
        assert not is_in(browser)

    def test_what_was_sent_too_late_is_not_done_and_said_so(self) -> None:
        person = builders.user("Lena Aas")
        answer = aged(builders.browser(person), seen=settings.SESSION_IDLE).post("/profile/name/", {"name": "Other"}, follow=True)
        assert "What you sent was not done." in answer.content.decode()
        assert answer.redirect_chain[0][0].startswith("/accounts/login/")
        person.refresh_from_db()
        assert person.name == "Lena Aas"

    def test_being_there_is_noted_once_a_minute(self) -> None:
        browser = aged(builders.browser(builders.user()), seen=50)
        before = browser.session[sessions.SEEN]
        browser.get("/profile/")
        assert browser.session[sessions.SEEN] == before
        aged(browser, seen=70).get("/profile/")
        assert browser.session[sessions.SEEN] > before

    def test_a_session_of_an_older_version_begins_now(self) -> None:
        browser = builders.browser(builders.user())
        session = browser.session
        for name in (sessions.BEGAN, sessions.SEEN):
            session.pop(name, None)
        session.save()
        assert is_in(browser)
        assert browser.session[sessions.BEGAN] >= time.time() - 60


class TestEnds:
    @pytest.fixture
    def person(self) -> User:
        return builders.user(password=PASSWORD)

    def test_elsewhere_with_one_press(self, person: User) -> None:
        here, there = builders.browser(person), builders.browser(person)
        assert here.post("/profile/sessions/end/").status_code == 302
        assert is_in(here)
        assert not is_in(there)

    def test_elsewhere_with_the_password_and_a_mail_says_so(self, person: User) -> None:
        here, there = builders.browser(person), builders.browser(person)
        new = "another long password 9"
        answer = here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
        assert answer.status_code == 302
        assert is_in(here)
        assert not is_in(there)
        assert Message.objects.filter(to=person.email, kind__startswith="password_changed").exists()

    def test_elsewhere_with_a_factor(self, person: User) -> None:
        here, there = builders.browser(person), builders.browser(person)
        key = builders.passkey(person)
        assert here.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/").status_code == 302
        assert is_in(here)
        assert not is_in(there)

    def test_the_role_and_not_the_session_when_a_role_ends(self) -> None:
        """Rights are read at each request, so a session of an ended role is one of somebody without it."""
        admin, person = builders.holder(Role.ADMIN), builders.holder(Role.ADMIN)
        browser = builders.browser(person)
        assert browser.get("/desk/people/").status_code == 200
        builders.browser(admin).post(f"/desk/people/roles/{person.role_grants.get().pk}/end/")
        assert browser.get("/desk/people/").status_code == 403
        assert is_in(browser)


class TestSigningIn:
    def sign_in(self, client: Client, person: User) -> Any:
        return client.post("/accounts/login/", {"login": person.email, "password": PASSWORD}, follow=True)

    def test_a_session_prepared_by_somebody_else_is_replaced(self, client: Client) -> None:
        person = builders.user(password=PASSWORD)
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        client.get("/accounts/login/")
        session = client.session
        session["planted"] = "x"
        session.save()
        client.cookies["sessionid"] = planted = session.session_key
        self.sign_in(client, person)
        assert client.session["_auth_user_id"] == str(person.pk)
        assert client.session.session_key != planted
        other = Client()
        other.cookies["sessionid"] = planted
        assert not is_in(other)
