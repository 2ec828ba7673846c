"""The desk of a project: add, preview, edit, open, pause."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding.funds import services
from funding.funds.models import Project
from funding.money import Money
from funding.people.roles import Role
from tests.funding import builders

pytestmark = pytest.mark.django_db

NEW = {
    "name": "Quillon",
    "slug": "quillon",
    "summary": "A streaming parser.",
    "headline": "",
    "story": "It reads **files**.",
    "homepage": "",
    "target_half_days": "20",
    "rate": "459.00",
}
EDIT = {name: value for name, value in NEW.items() if name not in {"name", "slug"}}


@pytest.fixture
def admin() -> Any:
    builders.host()
    return builders.holder(Role.ADMIN)


def project(admin: Any, slug: str = "quillon") -> Project:
    return services.create_project(
        actor=admin, slug=slug, name=slug.title(), summary="A parser.", target_half_days=40, rate=Money(45900, "USD")
    )


def test_added_as_a_draft_with_days_and_rate_as_typed(admin: Any) -> None:
    answer = builders.browser(admin).post("/desk/projects/new/", NEW)
    assert answer["Location"] == "/desk/projects/quillon/edit/"
    made = Project.objects.get()
    assert (made.state, made.target_half_days, made.rate) == ("draft", 40, Money(45900, "USD"))


def test_the_preview_draws_the_story_and_saves_nothing(admin: Any) -> None:
    answer = builders.browser(admin).post("/desk/projects/new/", {**NEW, "preview": "1"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<strong>files</strong>" in page
    assert "It reads **files**." in page
    assert not Project.objects.exists()


def test_a_preview_draws_no_script(admin: Any) -> None:
    answer = builders.browser(admin).post("/desk/projects/new/", {**NEW, "story": "<script>alert(1)</script>", "preview": "1"})
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target_half_days", "0.3"),
        ("target_half_days", "-1"),
        ("target_half_days", "1e9"),
        ("rate", "459.01"),
        ("rate", "-459"),
        ("rate", "12,50"),
        ("rate", "1e99"),
        ("slug", "new"),
        ("slug", "host-usd"),
        ("slug", "a b"),
        ("story", "x" * 20_001),
        ("story", "a\x00b"),
        ("homepage", "javascript:alert(1)"),
        ("name", ""),
    ],
)
def test_bad_input_is_named_kept_and_changes_nothing(admin: Any, field: str, value: str) -> None:
    answer = builders.browser(admin).post("/desk/projects/new/", {**NEW, field: value})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert answer.context["form"].data["summary"] == "A streaming parser."
    assert not Project.objects.exists()


@pytest.mark.parametrize("story", ["😀", "مرحبا", "# Heading\n\n| a | b |\n|---|---|\n| 1 | 2 |"])
def test_stories_of_every_script_are_kept(admin: Any, story: str) -> None:
    builders.browser(admin).post("/desk/projects/new/", {**NEW, "story": story})
    assert Project.objects.get().story == story


def test_edited_and_then_refused_from_the_page_that_was_open_meanwhile(admin: Any) -> None:
    project(admin)
    browser = builders.browser(admin)
    version = browser.get("/desk/projects/quillon/edit/").context["form"]["version"].value()
    assert browser.post("/desk/projects/quillon/edit/", {**EDIT, "version": version}).status_code == 302
    stale = browser.post("/desk/projects/quillon/edit/", {**EDIT, "summary": "Late", "version": version})
    assert stale.status_code == 409
    assert Project.objects.get().summary == "A streaming parser."


def test_who_reaches_the_desk_of_a_project(admin: Any) -> None:
    project(admin)
    codes = {
        "maintainer": builders.browser(builders.holder(Role.MAINTAINER, "project:quillon")).get("/desk/projects/quillon/edit/").status_code,
        "other": builders.browser(builders.holder(Role.MAINTAINER, "project:harrow")).get("/desk/projects/quillon/edit/").status_code,
        "nobody": builders.browser(builders.user()).get("/desk/projects/").status_code,
        "visitor": builders.browser().get("/desk/projects/quillon/edit/").status_code,
        "maintainer adds": builders.browser(builders.holder(Role.MAINTAINER, "project:x")).get("/desk/projects/new/").status_code,
    }
    assert codes == {"maintainer": 200, "other": 403, "nobody": 403, "visitor": 302, "maintainer adds": 403}


def test_opened_and_paused_on_pages_that_say_what_follows(admin: Any) -> None:
    project(admin)
    browser = builders.browser(admin)
    assert "become its sponsor" in browser.get("/desk/projects/quillon/open/").content.decode()
    browser.post("/desk/projects/quillon/open/")
    assert Project.objects.get().state == "open"
    browser.post("/desk/projects/quillon/pause/")
    assert Project.objects.get().state == "paused"
    assert browser.post("/desk/projects/quillon/pause/").status_code == 409


def test_a_maintainer_sees_their_own_projects_only(admin: Any) -> None:
    project(admin)
    project(admin, "harrow")
    page = builders.browser(builders.holder(Role.MAINTAINER, "project:harrow")).get("/desk/projects/").content.decode()
    assert "Harrow" in page
    assert "Quillon" not in page


def test_the_list_costs_the_same_for_one_and_for_three(admin: Any) -> None:
    project(admin)
    browser = builders.browser(admin)
    with CaptureQueriesContext(connection) as one:
        browser.get("/desk/projects/")
    project(admin, "harrow")
    project(admin, "corvid")
    with CaptureQueriesContext(connection) as three:
        browser.get("/desk/projects/")
    assert len(one) == len(three)


def test_without_a_host_the_page_says_what_comes_first() -> None:
    answer = builders.browser(builders.holder(Role.ADMIN)).get("/desk/projects/new/")
    assert answer.status_code == 409
