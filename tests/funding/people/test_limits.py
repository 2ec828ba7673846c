"""allauth's own limits: they hold for all processes together, and count the address that the proxy saw."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from funding.mail.models import Message
from funding.people.models import User
from tests.funding import builders

pytestmark = pytest.mark.django_db
PASSWORD = "a long demo password"
SCRIPT = """
import django; django.setup()
from types import SimpleNamespace
from django.core.cache import cache
from allauth.core.internal import ratelimit
cache.key_prefix = {prefix!r}
request = SimpleNamespace(method="POST", META={{"REMOTE_ADDR": "192.0.2.1"}}, headers={{}}, user=None)
print(sum(bool(ratelimit.consume(request, app="allauth.account", action="request_login_code", key="ada@example.org")) for _ in range(10)))
"""


def somebody() -> User:
    made = builders.user(password=PASSWORD)
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    return made


@pytest.fixture
def person() -> User:
    return somebody()


def sign_in(client: Client, person: User, password: str = PASSWORD, **headers: str) -> int:
    return client.post("/accounts/login/", {"login": person.email, "password": password}, **headers).status_code


def test_two_processes_share_one_count() -> None:
    """Three codes a minute to one address: of twenty asked for by two processes at once, three pass."""
    script = SCRIPT.format(prefix=cache.key_prefix)
    processes = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sum(int(process.communicate(timeout=120)[0]) for process in processes) == 3


def test_a_locked_account_refuses_the_right_password_too(client: Client, person: User) -> None:
    for _ in range(5):
        sign_in(client, person, "wrong")
    assert sign_in(client, person) == 200
    assert "_auth_user_id" not in client.session
    assert sign_in(Client(), somebody(), REMOTE_ADDR="192.0.2.9") == 302


@pytest.mark.parametrize("proxies", [0, 1])
def test_what_the_browser_says_about_itself_gives_it_no_more_tries(client: Client, settings: Any, proxies: int) -> None:
    """Each try claims to come from elsewhere. Behind one proxy the last address is the proxy's own note; without one there is none."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    seen = "192.0.2.77"
    answers = []
    for number in range(32):
        claimed = f"198.51.100.{number}"
        header = f"{claimed}, {seen}" if proxies else claimed
        answer = client.post(
            "/accounts/login/", {"login": f"p{number}@example.org", "password": "x"}, HTTP_X_FORWARDED_FOR=header, REMOTE_ADDR=seen
        )
        answers.append(answer.status_code)
    assert answers[-1] == 429
    other = {"REMOTE_ADDR": seen if proxies else "192.0.2.78", "HTTP_X_FORWARDED_FOR": f"{seen}, 192.0.2.78" if proxies else seen}
    assert client.post("/accounts/login/", {"login": "q@example.org", "password": "x"}, **other).status_code == 200


def test_the_proxy_is_trusted_only_where_there_is_one() -> None:
    assert (settings.ALLAUTH_TRUSTED_PROXY_COUNT == 1) == settings.HTTPS


@pytest.mark.parametrize(("address", "most"), [("/accounts/password/reset/", 5), ("/accounts/login/code/", 3)])
def test_nobodys_mailbox_is_filled(client: Client, person: User, address: str, most: int) -> None:
    for _ in range(most + 3):
        client.post(address, {"email": person.email})
    assert Message.objects.filter(to=person.email).count() <= most
