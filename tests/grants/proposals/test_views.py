"""Pages of calls and proposals: from the call to the committee by forms, and what a form says about bad input."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding.funds import services as funds
from funding.people.models import User
from grants.proposals.models import Call, Proposal
from tests.grants import builders
from tests.grants.builders import CANARY, browser

pytestmark = pytest.mark.django_db


def scene() -> tuple[Call, builders.Project, User]:
    made = builders.project(money=459000)
    builders.committee()
    applicant = builders.user("Inger Dahl")
    return builders.call([funds.project_fund(made)]), made, applicant


def filled(made: builders.Project, /, **changes: str) -> dict[str, str]:
    plain = {"project": str(made.pk), "title": "Sorted links", "story": "Why", "outcome": "A farm", "half_days": "4.5", "payee": "me"}
    return {**plain, "version": "1", "then": "check", **changes}


def test_from_the_call_to_the_committee_by_pages() -> None:
    _, made, applicant = scene()
    client = browser(applicant)
    assert "Start a proposal" in client.get("/calls/winter/").content.decode()
    address = client.post("/calls/winter/propose/", filled(made))["Location"]
    proposal = Proposal.objects.get()
    assert address == f"/proposals/{proposal.ref}/submit/"
    page = client.get(address).content.decode()
    assert "no approved day rate in USD" in page
    assert 'href="/rates/"' in page
    assert "Submit the proposal</button>" not in page
    assert client.post(address).status_code == 403
    builders.rate(applicant)
    assert "$2,065.50" in client.get(address).content.decode()
    assert client.post(address)["Location"] == f"/proposals/{proposal.ref}/"
    page = client.get(f"/proposals/{proposal.ref}/").content.decode()
    assert "With the committee" in page
    assert "Take it back to change it" in page
    assert client.get(f"/proposals/{proposal.ref}/revisions/1/").status_code == 200


def test_the_form_offers_an_employer_once_somebody_acts_for_it() -> None:
    _, made, applicant = scene()
    employer = builders.organisation("Harrow Ltd")
    builders.tie(applicant, employer)
    client = browser(applicant)
    page = client.get("/calls/winter/propose/").content.decode()
    assert "Harrow Ltd</label>" not in page
    assert "Nobody acts for Harrow Ltd here yet" in page
    answer = client.post("/calls/winter/propose/", filled(made, payee=str(employer.pk)))
    assert answer.status_code == 422 and "Sorted links" in answer.content.decode()
    builders.tie(builders.user("Company Owner"), employer, "owner")
    page = client.get("/calls/winter/propose/").content.decode()
    assert "Harrow Ltd" in page and "Nobody acts for" not in page


def test_a_draft_is_its_applicants_alone() -> None:
    call, made, applicant = scene()
    proposal = builders.draft(call, made, applicant)
    pages = ["", "edit/", "submit/", "reopen/", "withdraw/"]
    for person in (None, builders.user(), builders.admin(), User.objects.get(name="Lena Aas")):
        for page in pages:
            answer = browser(person).get(f"/proposals/{proposal.ref}/{page}", follow=True)
            assert CANARY not in answer.content.decode()
    assert browser(builders.user()).get(f"/proposals/{proposal.ref}/").status_code == 404
    assert CANARY in browser(applicant).get(f"/proposals/{proposal.ref}/").content.decode()


def test_an_administrator_sees_that_it_exists() -> None:
    call, made, applicant = scene()
    proposal = builders.submitted(call, made, applicant)
    page = browser(builders.admin()).get(f"/proposals/{proposal.ref}/").content.decode()
    assert "This proposal exists." in page
    assert CANARY not in page
    assert "Inger Dahl" not in page


def test_funded_is_public_and_declined_only_by_its_record() -> None:
    funded, anybody = builders.ready("fffff"), browser()
    funded.determine()
    assert "We would sort the links." in anybody.get(f"/proposals/{funded.proposal.ref}/").content.decode()
    declined = builders.submitted(funded.call, funded.project, builders.user("Mateus Pinto"))
    Proposal.objects.filter(pk=declined.pk).update(state="declined", decided_at=declined.submitted_at)
    assert anybody.get(f"/proposals/{declined.ref}/")["Location"] == f"/decisions/{declined.ref}/"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("half_days", "0.3", "half a day"),
        ("half_days", "-1", "between 0.5"),
        ("half_days", "900000", "between 0.5"),
        ("half_days", "40", "between 0.5 and 30 days"),
        ("half_days", "0", "between 0.5 and 30 days"),
        ("half_days", "999999999999", "between 0.5 and 30 days"),
        ("half_days", "many", "as a number"),
        ("title", "", "“Title” is empty."),
        ("title", "x" * 121, "at most 120"),
        ("title", "a\x00b", "Null characters"),
        ("story", "x" * 10_001, "at most 10000"),
        ("project", "999999", "Select a valid choice"),
        ("payee", "999999", "Select a valid choice"),
    ],
)
def test_bad_input_keeps_what_was_typed_and_saves_nothing(field: str, value: str, says: str) -> None:
    _, made, applicant = scene()
    answer = browser(applicant).post("/calls/winter/propose/", filled(made, **{field: value}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert "A farm" in page
    assert not Proposal.objects.exists()


def test_a_story_of_two_megabytes_is_turned_away() -> None:
    _, made, applicant = scene()
    assert browser(applicant).post("/calls/winter/propose/", filled(made, story="x" * 2_000_000)).status_code == 422
    assert browser(applicant).post("/calls/winter/propose/", filled(made, story="x" * 3_000_000)).status_code in (400, 413)
    assert not Proposal.objects.exists()


def test_any_script_is_drawn_and_no_markup() -> None:
    _, made, applicant = scene()
    client = browser(applicant)
    address = client.post("/calls/winter/propose/", filled(made, title="שלום 🌲 <b>x</b>", story="# Big\n<script>x</script>\n**bold**"))[
        "Location"
    ]
    page = client.get(address.replace("submit/", "")).content.decode()
    assert "שלום 🌲 &lt;b&gt;x&lt;/b&gt;" in page
    assert "<script>x" not in page
    assert "<strong>bold</strong>" in page


def test_a_stale_form_is_a_conflict() -> None:
    call, made, applicant = scene()
    proposal = builders.draft(call, made, applicant)
    client = browser(applicant)
    address = f"/proposals/{proposal.ref}/edit/"
    assert client.post(address, filled(made, then="stay"))["Location"] == address
    assert client.post(address, filled(made, title="Older")).status_code == 409
    assert Proposal.objects.get().title == "Sorted links"


def test_pressing_twice_makes_one_draft() -> None:
    _, made, applicant = scene()
    client = browser(applicant)
    token = re.search(r'name="once" value="([0-9a-f-]+)"', client.get("/calls/winter/propose/").content.decode())
    assert token is not None
    data = filled(made, once=token[1])
    assert client.post("/calls/winter/propose/", data)["Location"] == client.post("/calls/winter/propose/", data)["Location"]
    assert Proposal.objects.count() == 1


def test_a_closed_call_says_so() -> None:
    _, made, applicant = scene()
    Call.objects.update(state="closed")
    assert "does not take proposals now" in browser().get("/calls/winter/").content.decode()
    assert browser(applicant).post("/calls/winter/propose/", filled(made)).status_code == 403


def test_drafts_of_calls_are_for_administrators() -> None:
    scene()
    Call.objects.update(state="draft")
    assert browser().get("/calls/winter/").status_code == 404
    assert "No calls yet" in browser().get("/calls/").content.decode()
    assert browser(builders.admin()).get("/calls/winter/").status_code == 200


def call_data(fund: Any, **changes: Any) -> dict[str, Any]:
    plain = {"title": "Spring", "slug": "spring", "brief": "Ask.", "kind": "dated", "opens_on": "2026-11-21", "closes_on": "2027-01-31"}
    return {**plain, "committee": "core", "max_half_days": "20", "max_rate": "600.00", "funds": [fund.pk], **changes}


def test_an_administrator_writes_opens_and_closes_a_call_by_pages() -> None:
    _, made, _ = scene()
    client = browser(builders.admin())
    assert client.post("/calls/new/", call_data(funds.project_fund(made)))["Location"] == "/calls/spring/"
    call = Call.objects.get(slug="spring")
    assert (call.max_half_days, call.max_rate, str(call.closes_at)) == (40, 60000, "2027-01-31 23:59:59+00:00")
    assert client.get("/calls/spring/edit/").status_code == 200
    edited = call_data(funds.project_fund(made), title="Late spring", version="1")
    assert client.post("/calls/spring/edit/", edited)["Location"] == "/calls/spring/"
    assert client.post("/calls/spring/edit/", edited).status_code == 409
    assert client.post("/calls/spring/open/")["Location"] == "/calls/spring/"
    assert client.post("/calls/spring/close/")["Location"] == "/calls/spring/"


@pytest.mark.parametrize(
    "changes",
    [
        {"slug": "winter"},
        {"slug": "new"},
        {"slug": "no good"},
        {"closes_on": ""},
        {"closes_on": "2026-11-01"},
        {"max_rate": "-1"},
        {"max_rate": "600.01"},
        {"max_half_days": "0.3"},
        {"committee": "nobody"},
        {"funds": []},
        {"funds": [999999]},
        {"opens_on": "0001-01-01"},
    ],
)
def test_a_call_that_cannot_be_meant_is_explained(changes: dict[str, Any]) -> None:
    _, made, _ = scene()
    answer = browser(builders.admin()).post("/calls/new/", call_data(funds.project_fund(made), **changes))
    assert answer.status_code == 422
    assert Call.objects.count() == 1


def test_writing_calls_is_refused_to_others() -> None:
    scene()
    client = browser(builders.user())
    for address in ("/calls/new/", "/calls/winter/edit/", "/calls/winter/open/", "/calls/winter/close/"):
        assert client.get(address).status_code == 403
    assert browser().get("/calls/new/").status_code == 302


@pytest.mark.parametrize("address", ["/calls/", "/proposals/"])
def test_lists_take_as_many_queries_for_three_rows_as_for_one(address: str) -> None:
    call, made, applicant = scene()
    builders.draft(call, made, applicant)
    client, counts = browser(applicant), []
    for more in (0, 2):
        for number in range(more):
            builders.call([funds.project_fund(made)], slug=f"call-{number}")
            builders.draft(call, made, applicant)
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_empty_pages_say_so() -> None:
    builders.the_host()
    assert "No calls yet" in browser().get("/calls/").content.decode()
    assert "You have made no proposal" in browser(builders.user()).get("/proposals/").content.decode()
