"""The pages of a person's tokens, and what ends them."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.signals import password_changed
from django.test import Client

from funding.mail.models import Message
from funding.people import factors
from funding.people.models import User
from funding.people.roles import Role
from funding.site.api.models import Token
from tests.funding import builders
from tests.funding.site.api.callers import program, token

NEW, LIST = "/profile/tokens/new/", "/profile/tokens/"
FIELDS = {"name": "My laptop", "scopes": ["read", "days:write"], "days": "30"}
pytestmark = pytest.mark.django_db


def secret(page: Any) -> str:
    text = page.content.decode()
    return (
        text.partition("<code>daybook_")[2].partition("</code>")[0]
        and "daybook_" + text.partition("<code>daybook_")[2].partition("</code>")[0]
    )


def test_a_token_is_made_on_a_page_and_shown_once() -> None:
    person = builders.user()
    browser = builders.browser(person)
    answer = browser.post(NEW, FIELDS)
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    shown = browser.get(LIST)
    assert Client(headers={"Authorization": f"Bearer {secret(shown)}"}).get("/api/v1/days/").status_code == 200
    assert secret(browser.get(LIST)) == ""
    made = Token.objects.get()
    assert (made.user, made.scopes, made.factor_shown) == (person, ["read", "days:write"], True)


def test_the_server_keeps_no_secret() -> None:
    person = builders.user()
    made = token(person)
    row = Token.objects.filter(user=person).values().get()
    assert made not in str(row) and made[15:] not in str(row)
    assert made not in Message.objects.get().body


def test_its_person_is_told_by_mail() -> None:
    person = builders.user()
    token(person, "days:write")
    mail = Message.objects.get(kind="token_made")
    assert mail.to == person.email
    assert "log and withdraw half days" in mail.body and LIST in mail.body


def test_a_role_needs_a_factor_shown_just_now() -> None:
    person = builders.holder(Role.TREASURER)
    assert builders.browser(person, factor=False).post(NEW, FIELDS).status_code == 403
    old = Client()
    old.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    builders.show_factor(old, person, seconds_ago=3_600)
    assert old.post(NEW, FIELDS).status_code == 403
    assert not Token.objects.exists()


def test_a_revoked_token_is_refused_and_stays_listed() -> None:
    person = builders.user()
    client, browser = program(person), builders.browser(person)
    key = Token.objects.get().token_key
    assert browser.post(f"{LIST}{key}/revoke/").status_code == 302
    assert client.get("/api/v1/days/").status_code == 401
    assert "Revoked" in browser.get(LIST).content.decode()
    assert browser.post(f"{LIST}{key}/revoke/").status_code == 409


def test_nobody_else_finds_it() -> None:
    program(builders.user())
    assert builders.browser(builders.user()).post(f"{LIST}{Token.objects.get().token_key}/revoke/").status_code == 404


def test_a_lost_second_factor_ends_every_token() -> None:
    person = builders.user()
    builders.passkey(person)
    client = program(person)
    factors.reset(actor=builders.holder(Role.ADMIN), user=person, reason="Stolen laptop.")
    assert client.get("/api/v1/days/").status_code == 401


def test_signing_out_everywhere_else_and_another_password_end_every_token() -> None:
    person = builders.user()
    first = program(person)
    builders.browser(person).post("/profile/sessions/end/")
    assert first.get("/api/v1/days/").status_code == 401
    second = program(person)
    password_changed.send(sender=User, request=None, user=person)
    assert second.get("/api/v1/days/").status_code == 401


def test_somebody_has_at_most_so_many() -> None:
    person = builders.user()
    for _ in range(20):
        token(person)
    assert builders.browser(person).post(NEW, FIELDS).status_code == 409
