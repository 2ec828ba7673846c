"""The pages of days, approvals and engagements: who sees them, what they keep, and how many queries they take."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.audit.models import Record
from funding.people import services as people
from funding.people.models import User
from grants.engagements.models import Engagement
from grants.timesheets.models import WorkEntry
from tests.funding.builders import browser
from tests.grants.engagements import builders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _october() -> Any:
    with clock.at(builders.NOW):
        yield


@pytest.fixture
def marit() -> User:
    return builders.user("Marit Solheim")


@pytest.fixture
def lead() -> User:
    return builders.user("Lead Person", "maintainer@project:quillon")


@pytest.fixture
def engagement(marit: User, lead: User) -> Engagement:
    return builders.engagement(marit, half_days=6)


def signed_in(somebody: User) -> Client:
    return browser(somebody)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


WEEK = "/days/?week=2026-10-26"
CELL = "2026-10-26:am"


def test_the_week_takes_half_days_and_shows_their_states(engagement: Engagement, marit: User) -> None:
    client = signed_in(marit)
    page = client.get("/days/")
    assert 'value="2026-10-26:am"' in text(page)
    assert "2026-10-31" not in page.content.decode().replace('datetime="2026-10-31"', "")
    answer = client.post(WEEK, {"cells": [CELL, "2026-10-27:pm"], "note": "Fix the race", "evidence_url": "https://example.org/pr/1"})
    assert answer.status_code == 302
    page = client.get(answer.headers["Location"])
    assert "The half days are logged and wait for approval." in text(page)
    assert WorkEntry.objects.count() == 2
    assert "Mon 26 Oct 2026, morning" in text(page)
    assert "30 Oct 2026" in text(page)


def test_a_week_without_a_free_half_day_has_nothing_to_fill_in(engagement: Engagement, marit: User) -> None:
    begun = engagement.starts_on
    first = signed_in(marit).get(f"/days/?week={begun.isoformat()}")
    assert "Week before" not in text(first)
    before = text(signed_in(marit).get(f"/days/?week={(begun - dt.timedelta(days=7)).isoformat()}"))
    assert "Nothing left to log this week." in before
    assert "Log half days</button>" not in before
    assert "Log half days</button>" in text(signed_in(marit).get(WEEK))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"cells": [], "note": "x"}, "Choose at least one half day."),
        ({"cells": ["2026-10-31:am"], "note": "x"}, "One of these half days was taken or closed"),
        ({"cells": ["nonsense"], "note": "x"}, "One of these half days was taken or closed"),
        ({"cells": [CELL], "note": ""}, "Say in a line what you worked on."),
        ({"cells": [CELL], "note": "n" * 201}, "at most 200"),
        ({"cells": [CELL], "note": "nul \x00 byte"}, "Null characters are not allowed."),
        (
            {"cells": [CELL], "note": "kept text", "evidence_url": "javascript:alert(1)"},
            "Enter an address that starts with https:// or http://.",
        ),
        (
            {"cells": [CELL], "note": "kept text", "evidence_url": "ftp://example.org/x"},
            "Enter an address that starts with https:// or http://.",
        ),
    ],
)
def test_bad_input_keeps_what_was_typed_and_changes_nothing(engagement: Engagement, marit: User, data: dict[str, Any], words: str) -> None:
    answer = signed_in(marit).post(WEEK, data)
    assert answer.status_code == 422
    assert words in text(answer)
    assert "<title>Error: My days" in text(answer)
    if data["note"] == "kept text":
        assert 'value="kept text"' in text(answer)
        assert "checked" in text(answer)
    assert not WorkEntry.objects.exists()


def test_a_second_press_logs_once(engagement: Engagement, marit: User) -> None:
    client, token = signed_in(marit), str(uuid.uuid4())
    data = {"cells": [CELL], "note": "x", "once": token}
    first = client.post(WEEK, data)
    second = client.post(WEEK, data)
    assert first.status_code == 302
    assert WorkEntry.objects.count() == 1
    assert second.status_code in {302, 422}


def test_the_cap_is_told_before_and_held(engagement: Engagement, marit: User) -> None:
    builders.log(engagement, 5)
    client = signed_in(marit)
    assert "83 percent of the cap is used" in text(client.get(WEEK))
    answer = client.post(WEEK, {"cells": [CELL, "2026-10-26:pm"], "note": "x"})
    assert answer.status_code == 422
    assert "½ of 3 days are left under the cap" in text(answer)


def test_somebody_without_an_engagement_is_told_where_to_ask() -> None:
    client = signed_in(builders.user("New Person"))
    assert "Nothing assigned" in text(client.get("/days/"))
    assert client.post("/days/", {"cells": [CELL], "note": "x"}).status_code == 422


@pytest.mark.parametrize("address", ["/days/?week=1999-01-01", "/days/?week=nonsense", "/days/?week=9999-12-31", "/days/?page=99"])
def test_strange_addresses_show_a_week(engagement: Engagement, marit: User, address: str) -> None:
    assert signed_in(marit).get(address).status_code == 200


def test_another_persons_engagement_is_not_found(engagement: Engagement, marit: User) -> None:
    assert signed_in(marit).get("/days/?engagement=E-9999").status_code == 404


def test_no_approver_is_said_before_logging(marit: User) -> None:
    builders.engagement(marit)
    page = text(signed_in(marit).get("/days/"))
    assert "No day can be logged yet." in page
    answer = signed_in(marit).post(WEEK, {"cells": [CELL], "note": "x"})
    assert answer.status_code == 403
    assert Record.objects.get(act="work.log").rule == "approver"


def test_approve_and_return_on_the_page(engagement: Engagement, lead: User) -> None:
    one, two = builders.log(engagement, 2)
    client = signed_in(lead)
    assert "Marit Solheim: 1 day on Quillon" in text(client.get("/days/approvals/"))
    page = f"/days/approvals/{engagement.ref}/"
    assert "Rewrite the tokenizer" in text(client.get(page))
    assert client.post(page, {"entries": [one.pk], "decision": "approve"}).status_code == 302
    missing = client.post(page, {"entries": [two.pk], "decision": "return"})
    assert missing.status_code == 422
    assert "Say why, so that it can be put right." in text(missing)
    assert client.post(page, {"entries": [two.pk], "decision": "return", "reason": "No link"}).status_code == 302
    assert client.post(page, {"entries": [two.pk], "decision": "approve"}).status_code == 422
    assert set(WorkEntry.objects.values_list("state", flat=True)) == {"approved", "returned"}
    assert "No link" in text(signed_in(engagement.worker).get(f"/days/{two.ref}/"))


def test_the_worker_who_is_a_maintainer_is_refused_with_the_rule(engagement: Engagement, marit: User) -> None:
    builders.grant(marit, "maintainer@project:quillon")
    entries = builders.log(engagement, 2)
    client = signed_in(marit)
    assert "Nothing waits for you" in text(client.get("/days/approvals/"))
    page = f"/days/approvals/{engagement.ref}/"
    assert "You prepared this, so it takes somebody else." in text(client.get(page))
    answer = client.post(page, {"entries": [entry.pk for entry in entries], "decision": "approve"})
    assert answer.status_code == 403
    assert "You prepared this" in text(answer)
    assert Record.objects.get(act="work.approve").outcome == "refused"
    assert not WorkEntry.objects.filter(state="approved").exists()


def test_what_somebody_stepped_back_from_is_not_in_their_list(engagement: Engagement) -> None:
    builders.log(engagement, 2)
    recused = builders.user("Recused Admin", "admin")
    people.bar(user=recused, subject=engagement.proposal.subject, reason="co-author")
    assert "Nothing waits for you" in text(signed_in(recused).get("/days/approvals/"))


PRIVATE = ["/engagements/{e}/", "/engagements/{e}/end/", "/days/approvals/{e}/", "/days/{w}/", "/days/{w}/withdraw/"]


@pytest.mark.parametrize("address", PRIVATE)
def test_strangers_do_not_find_them_and_visitors_sign_in(engagement: Engagement, address: str) -> None:
    (entry,) = builders.log(engagement, 1)
    address = address.format(e=engagement.ref, w=entry.ref)
    assert signed_in(builders.user("A Stranger", "chair@committee:core")).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert signed_in(engagement.worker).get(address).status_code == 200


@pytest.mark.parametrize("ref", ["E-x", "E-0", "W-0001", "E-99999999999999999999", "E-²"])
def test_references_that_are_none(marit: User, ref: str) -> None:
    assert signed_in(marit).get(f"/engagements/{ref}/").status_code == 404


@pytest.mark.parametrize("role", ["admin", "treasurer", "auditor", "maintainer@project:quillon"])
def test_who_may_read_an_engagement(engagement: Engagement, role: str) -> None:
    builders.log(engagement, 2)
    page = text(signed_in(builders.user("Some Reader", role)).get(f"/engagements/{engagement.ref}/"))
    assert "Faster incremental parsing" in page
    assert "$1,377.00" in page
    assert "Quillon" in page


def test_ending_on_the_page_says_what_goes_back(engagement: Engagement, lead: User) -> None:
    entries = builders.log(engagement, 2)
    builders.approve(engagement, entries, lead)
    auditor = signed_in(builders.user("The Auditor", "auditor"))
    address = f"/engagements/{engagement.ref}/end/"
    assert {auditor.get(address).status_code, auditor.post(address).status_code} == {403}
    client = signed_in(lead)
    page = client.get(f"/engagements/{engagement.ref}/end/")
    assert "$918.00" in text(page)
    assert client.post(f"/engagements/{engagement.ref}/end/", {"reason": ""}).status_code == 422
    assert client.post(f"/engagements/{engagement.ref}/end/", {"reason": "Funds fell"}).status_code == 302
    assert "Ended early" in text(client.get(f"/engagements/{engagement.ref}/"))


def test_withdraw_on_the_page(engagement: Engagement, marit: User, lead: User) -> None:
    (entry,) = builders.log(engagement, 1)
    assert signed_in(lead).post(f"/days/{entry.ref}/withdraw/").status_code == 403
    assert signed_in(marit).post(f"/days/{entry.ref}/withdraw/").status_code == 302
    assert "Withdrawn." in text(signed_in(marit).get(f"/days/{entry.ref}/"))


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


@pytest.mark.parametrize("address", ["/days/", "/days/approvals/", "/engagements/", "/days/approvals/{e}/", "/engagements/{e}/"])
def test_a_longer_list_takes_no_more_queries(marit: User, address: str) -> None:
    reader = builders.user("Lead Person", "maintainer@project:quillon")
    engagement = builders.engagement(marit, half_days=20)
    builders.log(engagement, 1)
    client = signed_in(marit if address == "/days/" else reader)
    address = address.format(e=engagement.ref)
    few = queries(client, address)
    builders.log(engagement, 3, first=builders.START.replace(day=8))
    for name in ("Anna Berg", "Bo Lind"):
        builders.log(builders.engagement(builders.user(name)), 2)
    assert queries(client, address) == few
