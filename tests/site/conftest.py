"""The world of `world.py`, made once for a worker in a database of its own.

A module works there in a transaction that is rolled back, and each of its tests in a savepoint.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from funding import clock
from funding.people.models import User
from tests.conftest import make_database, own_name, remove_database, use
from tests.site.world import NOW, World, build

PLACE = own_name("world")
STALE = 240
"""Seconds after which everybody shows their second factor again, before the next test."""


@contextmanager
def kept_cookies(world: World) -> Iterator[None]:
    """Whoever is signed out in the block is signed in again after it."""
    cookies = {who: copy.deepcopy(browser.cookies) for who, browser in world.browsers.items()}
    yield
    for who, kept in cookies.items():
        world.browsers[who].cookies = kept


def as_committed(world: World) -> None:
    """What a sign-in and a form are made of, as the database has it: a test before may have changed it in these objects alone."""
    people = {person.pk: person for person in world.people.values()}
    for pk, epoch, password, active in User.objects.filter(pk__in=people).values_list("pk", "epoch", "password", "is_active"):
        people[pk].epoch, people[pk].password, people[pk].is_active = epoch, password, active
    for row in vars(world).values():
        if hasattr(row, "version"):
            row.refresh_from_db(fields=["version"])


@pytest.fixture(scope="session")
def made_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Committed, without the jobs that its commit would ask for."""
    here = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        make_database(PLACE)
        with clock.at(NOW), transaction.atomic():
            made = build()
            connection.run_on_commit.clear()
        use(here)
    yield made
    with django_db_blocker.unblock():
        remove_database(PLACE)


@pytest.fixture(scope="module")
def whole_world(made_world: World, django_db_blocker: Any) -> Iterator[World]:
    here = connection.settings_dict["NAME"]
    with django_db_blocker.unblock(), kept_cookies(made_world):
        use(PLACE)
        with clock.at(NOW), transaction.atomic():
            made_world.show_factors()
            yield made_world
            transaction.set_rollback(True)
        use(here)


@pytest.fixture
def world(whole_world: World, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), kept_cookies(whole_world):
        if time.monotonic() - whole_world.shown > STALE:
            whole_world.show_factors()
        before = transaction.savepoint()
        as_committed(whole_world)
        yield whole_world
        transaction.set_rollback(False)  # an error of the test leaves the flag up, and the savepoint takes its damage back
        transaction.savepoint_rollback(before)
