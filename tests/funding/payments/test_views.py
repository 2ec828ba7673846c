from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from funding import clock
from funding.payments.models import InboxEvent
from tests.funding.builders import browser, holder, user

pytestmark = pytest.mark.django_db

LIST = "/desk/inbox/"
STATE = InboxEvent.State


def event(number: int, state: str = STATE.PARKED) -> InboxEvent:
    return InboxEvent.objects.create(
        event_id=f"evt_{number}",
        type="charge.updated",
        object_id=f"pi_{number}",
        kind="invoice",
        reference=f"INV-{number}",
        payload=b"{}",
        received_at=clock.now(),
        next_try_at=timezone.now(),
        state=state,
        attempts=8,
        error="Unavailable: <b>no answer</b>",
    )


@pytest.mark.parametrize(("role", "status"), [("treasurer", 200), ("admin", 200), ("auditor", 403), ("maintainer", 403)])
def test_the_inbox_is_for_keepers(role: str, status: int) -> None:
    parked = event(1)
    pages = browser(holder(role))
    for address in (LIST, f"{LIST}{parked.pk}/replay/", f"{LIST}{parked.pk}/close/"):
        assert pages.get(address).status_code == status, address


def test_strangers_sign_in_first() -> None:
    parked = event(1)
    for address in (LIST, f"{LIST}{parked.pk}/replay/", f"{LIST}{parked.pk}/close/"):
        assert browser().get(address).status_code == 302
    assert browser(user()).post(f"{LIST}{parked.pk}/close/", {"reason": "x"}).status_code == 403


def test_the_list_shows_why_an_event_waits_in_as_many_queries_for_three_as_for_one() -> None:
    pages = browser(holder("treasurer"))
    event(1)
    pages.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as one:
        page = pages.get(LIST).content.decode()
    assert "INV-1" in page and "&lt;b&gt;no answer" in page and "<b>no answer" not in page
    event(2)
    event(3, STATE.DONE)
    with CaptureQueriesContext(connection) as three:
        page = pages.get(LIST).content.decode()
    assert len(three) == len(one)
    assert page.index("INV-3") < page.index("INV-1")
    filtered = pages.get(LIST, {"state": "done"}).content.decode()
    assert "INV-3" in filtered and "INV-1" not in filtered
    assert pages.get(LIST, {"state": "nonsense", "before": "²"}).status_code == 200


def test_an_empty_inbox_says_so() -> None:
    assert "Nothing in this state." in browser(holder("treasurer")).get(LIST).content.decode()


def test_a_long_list_goes_on_and_loses_nothing() -> None:
    for number in range(53):
        event(number)
    pages = browser(holder("treasurer"))
    first = pages.get(LIST, {"state": "parked"})
    assert first.context["older"]
    rest = pages.get(LIST, {"state": "parked", "before": first.context["older"]})
    assert len(first.context["events"]) + len(rest.context["events"]) == 53


def test_a_parked_event_is_tried_again_from_its_page() -> None:
    parked = event(1)
    pages = browser(holder("treasurer"))
    assert pages.post(f"{LIST}{parked.pk}/replay/").url == LIST
    parked.refresh_from_db()
    assert (parked.state, parked.attempts) == (STATE.RECEIVED, 0)


def test_a_parked_event_is_put_aside_with_a_reason() -> None:
    parked = event(1)
    pages = browser(holder("admin"))
    assert pages.post(f"{LIST}{parked.pk}/close/", {"reason": ""}).status_code == 422
    assert pages.post(f"{LIST}{parked.pk}/close/", {"reason": "Made by a test of theirs"}).url == LIST
    parked.refresh_from_db()
    assert parked.state == STATE.IGNORED


def test_the_desk_counts_what_is_parked() -> None:
    event(1)
    event(2, STATE.DONE)
    treasurer = browser(holder("treasurer"))
    assert "Processor inbox" in treasurer.get("/desk/").content.decode()
    assert "Processor inbox" not in browser(user()).get("/desk/").content.decode()
