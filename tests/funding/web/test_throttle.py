"""One count for all processes, an end for every count, and what happens while nobody can count."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from funding.errors import Throttled, Unavailable, waiting
from funding.people import services
from funding.people.models import User
from funding.web import throttle
from tests.funding import builders

MINUTE = dt.timedelta(minutes=1)
DEAD = "redis://127.0.0.1:1/0"


def keys() -> list[bytes]:
    store = redis.Redis.from_url(settings.REDIS_URL)
    return list(store.scan_iter(f"{settings.CACHES['default']['KEY_PREFIX']}:throttle:*"))


def test_the_first_tries_pass_and_the_next_says_how_long_to_wait() -> None:
    for _ in range(3):
        throttle.hit("code", "ada", limit=3, per=MINUTE)
    with pytest.raises(Throttled) as caught:
        throttle.hit("code", "ada", limit=3, per=MINUTE)
    assert 0 < caught.value.seconds <= 60
    assert caught.value.message.startswith("This was tried too often. Nothing was done; try again in ")


def test_another_person_another_act_and_another_cut_of_the_words_are_counted_apart() -> None:
    for name, who in [
        ("code", ("ada",)),
        ("code", ("bo",)),
        ("reset", ("ada",)),
        ("code", ()),
        ("code", ("a", "da")),
        ("code", ("", "ada")),
    ]:
        throttle.hit(name, *who, limit=1, per=MINUTE)


def test_a_window_ends() -> None:
    throttle.hit("code", "ada", limit=1, per=dt.timedelta(milliseconds=40))
    threading.Event().wait(0.1)
    throttle.hit("code", "ada", limit=1, per=dt.timedelta(milliseconds=40))


def test_tries_after_the_limit_do_not_make_the_wait_longer() -> None:
    for _ in range(20):
        try:
            throttle.hit("code", "ada", limit=1, per=MINUTE)
        except Throttled as error:
            assert error.seconds <= 60
    (key,) = keys()
    assert 0 < redis.Redis.from_url(settings.REDIS_URL).pttl(key) <= 60_000


def test_every_count_has_an_end_and_nobodys_address_is_kept() -> None:
    for number in range(50):
        throttle.hit("code", f"192.0.2.{number}", "x" * 5_000, limit=1, per=MINUTE)
    store, found = redis.Redis.from_url(settings.REDIS_URL), keys()
    assert len(found) == 50
    assert all(store.pttl(key) > 0 for key in found)
    assert not [key for key in found if b"192.0.2" in key or len(key) > 150]


def test_two_processes_and_many_threads_share_one_count() -> None:
    """Of 80 tries at the same time exactly 30 pass."""
    script = (
        "import django, datetime as dt, threading; django.setup()\n"
        "from django.conf import settings; from funding.errors import Throttled; from funding.web import throttle\n"
        f"settings.CACHES['default']['KEY_PREFIX'] = {settings.CACHES['default']['KEY_PREFIX']!r}\n"
        "passed = []\n"
        "def go():\n"
        "    for _ in range(10):\n"
        "        try: throttle.hit('both', limit=30, per=dt.timedelta(minutes=9)); passed.append(1)\n"
        "        except Throttled: pass\n"
        "threads = [threading.Thread(target=go) for _ in range(4)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]; print(len(passed))\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    passed = [int(process.communicate(timeout=120)[0]) for process in processes]
    assert sum(passed) == 30


def test_while_nobody_can_count_each_use_says_whether_its_gate_stays_open(settings: Any) -> None:
    settings.REDIS_URL = DEAD
    throttle.hit("rename", "ada", limit=0, per=MINUTE)
    with pytest.raises(Unavailable):
        throttle.hit("sign-in", "ada", limit=99, per=MINUTE, when_down=throttle.REFUSE)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_network_is_what_one_customer_is_given(address: str, found: str) -> None:
    assert throttle.network(address) == found


@given(st.integers(1, 10**7))
def test_a_wait_in_words_is_never_shorter_than_it_is(seconds: int) -> None:
    number, word = waiting(seconds).split()
    assert int(number) * {"second": 1, "seconds": 1, "minutes": 60, "hours": 3600}[word] >= seconds


@pytest.mark.django_db
class TestPages:
    def test_a_form_keeps_what_was_typed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def too_often(*, actor: User, name: str, unnamed: bool) -> None:
            throttle.hit("rename", str(actor.pk), limit=0, per=MINUTE)

        monkeypatch.setattr(services, "rename", too_often)
        browser = builders.browser(builders.user())
        answer = browser.post("/profile/name/", {"name": "Lena Aas-Berg"})
        assert answer.status_code == 429
        assert 0 < int(answer["Retry-After"]) <= 60
        page = answer.content.decode()
        assert "Lena Aas-Berg" in page and "This was tried too often" in page

    def test_elsewhere_it_is_a_page_that_explains(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("funding.people.selectors.profile", lambda user: throttle.hit("x", limit=0, per=MINUTE))
        answer = builders.browser(builders.user()).get("/profile/")
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) > 0
        assert "<h1>This was tried too often</h1>" in answer.content.decode()

    def test_allauths_own_limits_end_on_the_same_page(self, client: Client) -> None:
        answers = [client.post("/accounts/login/", {"login": f"a{n}@example.org", "password": "x"}) for n in range(31)]
        assert answers[-1].status_code == 429
        assert "<h1>This was tried too often</h1>" in answers[-1].content.decode()

    def test_nobody_signs_in_while_nobody_can_count_the_tries(self, client: Client, settings: Any) -> None:
        person = builders.user(password="a long demo password")
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": DEAD}}
        answer = client.post("/accounts/login/", {"login": person.email, "password": "a long demo password"})
        assert answer.status_code == 503
        assert "Nothing was done" in answer.content.decode()
        assert "_auth_user_id" not in client.session
