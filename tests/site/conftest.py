"""The world of `world.py`, made once for a module in a transaction that is rolled back; every test has a savepoint of its own."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from funding import clock
from tests.site.world import NOW, World, build


@pytest.fixture(scope="module")
def whole_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), clock.at(NOW), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


@pytest.fixture
def world(whole_world: World, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock():
        before = transaction.savepoint()
        cookies = {who: copy.deepcopy(browser.cookies) for who, browser in whole_world.browsers.items()}
        yield whole_world
        for who, kept in cookies.items():
            whole_world.browsers[who].cookies = kept  # a test that signs somebody out leaves them signed in for the next
        transaction.set_rollback(False)  # an error of the test leaves the flag up, and the savepoint takes its damage back
        transaction.savepoint_rollback(before)
