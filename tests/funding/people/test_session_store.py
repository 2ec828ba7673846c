"""That somebody was here again is one statement, and a session that was ended meanwhile is not written back."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from funding.people import sessions
from tests.funding import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def away() -> Client:
    """Somebody who was last here longer ago than what is written once."""
    client: Any = builders.browser(builders.user())
    session = client.session
    session[sessions.SEEN] -= 2 * sessions.STEP
    session.save()
    return client


def test_a_note_is_one_update(away: Client) -> None:
    before = away.session[sessions.SEEN]
    with CaptureQueriesContext(connection) as asked:
        assert away.get("/").status_code == 200
    writes = [query["sql"].split()[0] for query in asked if not query["sql"].lstrip().startswith(("SELECT", "("))]
    assert writes == ["UPDATE"]
    assert away.session[sessions.SEEN] > before


def test_what_was_ended_stays_ended(away: Client) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    one, other = (store(away.session.session_key) for _ in range(2))
    one["a"] = 1
    other.flush()
    with pytest.raises(UpdateError):
        one.save()
    assert not store().exists(one.session_key)
