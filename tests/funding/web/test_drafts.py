"""What is typed is kept for its writer alone, and two windows never overwrite each other silently."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from funding.errors import Invalid
from funding.mail.models import Message
from funding.web import drafts
from funding.web.models import Draft
from grants.committee import services
from grants.committee.models import Review, Seat
from grants.proposals.models import Proposal
from tests.grants import builders
from tests.grants.builders import browser

pytestmark = pytest.mark.django_db
QUIET = {"HTTP_X_DAYBOOK_DRAFT": "1"}
SECRET = "Heliotrope-draft"


def review_page() -> tuple[builders.Sitting, Client, str]:
    sitting = builders.sitting()
    sitting.clear()
    return sitting, browser(sitting.members[1]), f"/committee/{sitting.proposal.ref}/review/"


def words(**changes: str) -> dict[str, str]:
    return {"recommendation": "", "reasons": "", "notes": "", "version": "0", "draft_version": "0", **changes}


def test_each_save_names_the_version_it_saw() -> None:
    first = drafts.keep(user_id=1, path="/x/", fields={"a": "one"}, version=0)
    assert first.version == 1
    with pytest.raises(drafts.Changed) as changed:
        drafts.keep(user_id=1, path="/x/", fields={"a": "two"}, version=0)
    assert changed.value.stored.fields == {"a": "one"}
    assert drafts.keep(user_id=2, path="/x/", fields={"a": "theirs"}, version=0).version == 1
    drafts.use(user_id=1, path="/x/")
    with pytest.raises(drafts.Changed):
        drafts.keep(user_id=1, path="/x/", fields={"a": "late"}, version=1)
    assert drafts.of(user_id=1, prefix="/x") == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.booleans()), max_size=12))
def test_of_two_windows_the_one_that_did_not_look_never_wins(presses: list[tuple[int, bool]]) -> None:
    """`presses`: which window acts, and whether it reloads first. Reference: what is kept is the last that had seen the last."""
    Draft.objects.filter(user_id=7).delete()
    seen, kept, last = {0: 0, 1: 0}, "", 0
    for number, (window, reloads) in enumerate(presses):
        if reloads:
            seen[window] = last
        try:
            made = drafts.keep(user_id=7, path="/x/", fields={"a": str(number)}, version=seen[window])
        except drafts.Changed:
            assert seen[window] != last
            continue
        assert seen[window] == last
        seen[window] = last = made.version
        kept = str(number)
    found = drafts.find(user_id=7, path="/x/")
    assert (found.fields.get("a", "") if found else "") == kept


def test_a_draft_is_bounded() -> None:
    with pytest.raises(Invalid):
        drafts.keep(user_id=1, path="/x/", fields={"a": "x" * drafts.LARGEST}, version=0)
    Draft.objects.bulk_create(
        Draft(user_id=1, path=f"/{n}/", fields={"a": "b"}, version=1, saved_at=builders.clock.now()) for n in range(drafts.MOST)
    )
    with pytest.raises(Invalid):
        drafts.keep(user_id=1, path="/x/", fields={"a": "b"}, version=0)


def test_the_script_saves_what_cannot_be_handed_in_and_it_survives_a_lost_session() -> None:
    sitting, client, address = review_page()
    answer = client.post(address, words(reasons=SECRET, recommendation="nonsense", notes="a\x00b"), **QUIET)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert client.post(address, words(reasons=f"{SECRET} more", draft_version="1"), **QUIET).json()["version"] == 2
    client.logout()
    assert client.post(address, words(reasons="lost"), **QUIET).status_code == 302
    page = browser(sitting.members[1]).get(address).content.decode()
    assert f"{SECRET} more" in page and "Draft saved" in page
    assert not Review.objects.exists() and not Message.objects.filter(body__contains=SECRET).exists()


def test_nobody_else_reads_or_counts_a_draft() -> None:
    sitting, client, address = review_page()
    client.post(address, words(reasons=SECRET), **QUIET)
    services.declare(actor=sitting.members[1], panel=sitting.panel, conflict=True, because="A friend")
    base = f"/committee/{sitting.proposal.ref}/"
    for person in (*sitting.members, sitting.applicant, builders.admin(), builders.user("Some Body"), None):
        for page in (address, base, "/committee/", f"{base}vote/", f"{base}determine/", "/proposals/"):
            assert SECRET not in browser(person).get(page, follow=True).content.decode()
    assert client.post(address, words(reasons="more", draft_version="1"), **QUIET).status_code == 403
    assert Draft.objects.get().fields["reasons"] == SECRET


def test_two_windows_get_both_texts_and_the_next_press_decides() -> None:
    _, client, address = review_page()
    client.post(address, words(reasons="First window"), **QUIET)
    assert client.post(address, words(reasons="Second window"), **QUIET).status_code == 409
    answer = client.post(address, words(reasons="Second window", recommendation="fund", then="submit"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "First window" in page and "Second window" in page
    assert not Review.objects.exists()
    again = words(
        reasons="Second window", recommendation="fund", then="submit", draft_version=str(answer.context["form"]["draft_version"].value())
    )
    assert client.post(address, again).status_code == 302
    assert Review.objects.get().reasons == "Second window"


def test_a_stored_text_that_changed_elsewhere_is_shown_beside_the_typed_one() -> None:
    sitting, client, address = review_page()
    client.post(address, words(reasons="Kept by the script"), **QUIET)
    services.save_review(actor=sitting.members[1], panel=sitting.panel, version=0, recommendation="", reasons="Stored since", notes="")
    page = client.get(address).content.decode()
    assert "Kept by the script" in page and "Stored since" in page and "The other text" in page
    answer = client.post(address, words(reasons="Typed now", then="save", draft_version="1"))
    assert answer.status_code == 409
    assert "Stored since" in answer.content.decode() and "Typed now" in answer.content.decode()
    assert answer.context["form"]["version"].value() == "1"


def test_handing_in_uses_the_draft_up() -> None:
    _, client, address = review_page()
    client.post(address, words(reasons=SECRET), **QUIET)
    assert client.post(address, words(reasons=SECRET, then="save", draft_version="1")).status_code == 302
    assert Draft.objects.get().fields == {}
    assert client.post(address, words(reasons="late", draft_version="1"), **QUIET).status_code == 409


def test_a_declaration_is_kept_by_its_button() -> None:
    sitting = builders.sitting()
    member, address = sitting.members[2], f"/committee/{sitting.proposal.ref}/declare/"
    client = browser(member)
    typed: dict[str, Any] = {"conflict": "conflict", "because": SECRET, "then": "keep", "draft_version": "0"}
    assert client.post(address, typed)["Location"] == address
    assert SECRET in client.get(address).content.decode()
    assert Seat.objects.get(panel=sitting.panel, user=member).state == Seat.State.INVITED


def test_a_proposal_is_on_the_server_from_its_first_field() -> None:
    sitting = builders.sitting()
    applicant = builders.user("New Applicant")
    client, address = browser(applicant), f"/calls/{sitting.call.slug}/propose/"
    first = {"project": "", "title": "", "story": SECRET, "outcome": "", "half_days": "", "payee": "me", "then": "stay"}
    assert client.post(address, first)["Location"] == address
    assert SECRET in client.get(address).content.decode()
    assert "Without a title yet" in client.get("/proposals/").content.decode()
    wrong = client.post(address, {**first, "half_days": "ten", "draft_version": "1"})
    assert wrong.status_code == 422
    whole = {**first, "project": str(sitting.project.pk), "title": "Begun", "draft_version": "1"}
    assert client.post(address, whole).status_code == 302
    assert Proposal.objects.get(applicant=applicant).story == SECRET
    assert "Without a title yet" not in client.get("/proposals/").content.decode()
