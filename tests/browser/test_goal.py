"""Approved work waits for money; a goal is raised for it; somebody pledges, withdraws, pledges again; the deadline passes; it begins.

Eight people: Ada runs the host, Marit leads the project, Wren offers the work, Tove is a treasurer, Chi, Max and Mia decide, and
Bea pledges without an account. Web, Celery workers, beat and the stand-in are processes of this test's own.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from funding.runtime import outside
from tests.browser.conftest import ADMIN, Site, other_redis, running_site, wait_until
from tests.browser.person import Person

NAMES = {
    "marit": "Marit Solheim",
    "wren": "Wren Okafor",
    "tove": "Tove Lind",
    "chi": "Chi Vance",
    "max": "Max Orr",
    "mia": "Mia Roth",
    "bea": "Bea Lowe",
}
SIGNED_UP = [key for key in NAMES if key != "bea"]
REDIS = 10


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated: str) -> Iterator[Site]:
    redis = other_redis(os.environ["REDIS_URL"], REDIS)
    with running_site(tmp_path_factory.mktemp("goal"), "goal", outside.HOST, migrated, DEMO="1", REDIS_URL=redis) as running:
        yield running


@pytest.fixture
def cast(somebody: Callable[[], Page]) -> dict[str, Person]:
    people = {key: Person(name, f"{key}@example.org", somebody()) for key, name in NAMES.items()}
    return {"ada": Person(ADMIN[1], ADMIN[0], somebody()), **people}


def set_up(cast: dict[str, Person]) -> None:
    ada = cast["ada"].sign_in(ADMIN[2])
    ada.go("/desk/host/").enter("Name of the organisation", "Fjord Open Source Fund").enter("Short code", "fjord")
    ada.enter("Country", "Norway").enter("Currency", "USD").press("Set up")
    for key in SIGNED_UP:
        cast[key].sign_up()
    ada.go("/desk/projects/new/").enter("Name", "Quillon").enter("Address", "quillon")
    ada.enter("In one sentence", "The streaming parser underneath 41,000 packages.")
    ada.enter("Days a month", "20").enter("Reference day rate", "400").press("Add the project")
    ada.go("/desk/projects/quillon/open/").press("Open")
    ada.go("/committee/new/").enter("Name", "Core committee").enter("Address", "core").press("Set up the committee")
    for key, role, where in [
        ("marit", "Maintainer", "Project Quillon"),
        ("tove", "Treasurer", "The host"),
        ("chi", "Committee chair", "Core committee"),
        *((key, "Committee member", "Core committee") for key in ("max", "mia")),
    ]:
        ada.go("/desk/people/give/").enter("Their e-mail address", cast[key].email)
        ada.enter("Role", role).enter("Where", where).press("Give the role")


def propose(cast: dict[str, Person]) -> str:
    wren, day = cast["wren"], today(cast["wren"]).isoformat()
    wren.go("/rates/new/").enter("Day rate", "400").enter("From", day).press("Ask for this rate")
    cast["tove"].go("/rates/").follow("Approve").press("Approve the rate")
    ada = cast["ada"].go("/calls/new/").enter("Title", "Keep it running").enter("Address", "keep-it-running")
    ada.enter("What this call asks for", "Maintenance that nobody else pays for.")
    ada.enter("Opens on", day).enter("Committee that decides", "Core committee")
    ada.enter("Days at most", "10").enter("Day rate at most", "500").choose("Quillon").press("Save the draft")
    ada.go("/calls/keep-it-running/open/").press("Open the call")
    wren.go("/calls/keep-it-running/propose/").enter("Project", "Quillon").enter("Title", "Fuzz the chunk reader")
    wren.enter("What you would do, and why", "Six of nine entry points have never been fuzzed.")
    wren.enter("What will exist", "Six harnesses and a nightly run.").enter("Days", "2").press("Save")
    reference = re.search(r"P-\d+", wren.page.url)
    assert reference, wren.page.url
    wren.go(f"/proposals/{reference[0]}/submit/").press("Submit the proposal")
    return reference[0]


def approve_without_money(cast: dict[str, Person], ref: str) -> None:
    for key in ("chi", "max", "mia"):
        cast[key].go(f"/committee/{ref}/declare/").choose("No conflict").press("Save my declaration")
    for key in ("max", "mia"):
        member = cast[key].go(f"/committee/{ref}/review/").choose("Fund it")
        member.enter("Reasons, for the applicant", "The plan is clear and the days are few.").press("Seal my review")
    chi = cast["chi"].go(f"/committee/{ref}/review/decline/").choose("No time for it")
    chi.enter("In a few words", "Away this month.").press("Write no review")
    for key in ("chi", "max", "mia"):
        cast[key].go(f"/committee/{ref}/vote/").choose("For").press("Record my vote")
    chi.go(f"/committee/{ref}/determine/").enter("Reasons, for the public", "Fuzzing pays for itself.")
    chi.choose("Publish it as approved, waiting for money").press("Publish the determination")
    cast["bea"].go(f"/decisions/{ref}/").sees("Fuzz the chunk reader", "waiting for money")


def raise_a_goal(cast: dict[str, Person]) -> None:
    marit = cast["marit"].go("/projects/quillon/").follow("Goals").follow("Write a goal")
    marit.enter("Address", "fuzzing").enter("Title", "Fuzz every entry point").enter("In one sentence", "Two days of fuzzing.")
    marit.enter("Story", "Six of nine have **never** been fuzzed.")
    marit.page.locator("main").get_by_label(re.compile("^Raised for")).select_option(index=1)
    marit.enter("Days that the work takes", "2").enter("Day rate", "400").enter("Minimum", "900")
    marit.enter("Deadline, day", (today(marit) + dt.timedelta(days=7)).isoformat()).press("Save the draft")
    assert cast["bea"].page.goto("/goals/fuzzing/").status == 404  # type: ignore[union-attr]
    marit.sees("This is how the goal will be read", "never").follow("Publish").sees("$900.00").press("Publish this goal")
    marit.sees("No card is charged unless $900.00 is pledged")


def pledge(bea: Person, amount: str) -> None:
    bea.go("/goals/fuzzing/").follow("Pledge to this goal").enter("Your pledge", amount).enter("Name on the receipt", bea.name)
    bea.enter("E-mail address", bea.email).press("Go on to the card")
    bea.page.wait_for_url(re.compile(r"/c/pay/"))
    bea.press("Save")
    bea.page.wait_for_url(re.compile(r"/goals/fuzzing/pledge/"))
    bea.sees("It counts. Nothing was charged")


def test_a_goal_is_reached_and_the_work_that_waited_for_it_begins(site: Site, cast: dict[str, Person]) -> None:
    set_up(cast)
    reference = propose(cast)
    approve_without_money(cast, reference)
    raise_a_goal(cast)

    bea = cast["bea"]
    pledge(bea, "950")
    bea.follow("Withdraw").press("Withdraw this pledge").sees("It is withdrawn. Nothing was charged.")
    bea.go("/goals/fuzzing/").sees("Nobody yet", "$0.00 so far")
    pledge(bea, "1000")
    assert "withdraw" in wait_until(lambda: mail_with(bea, "You pledged $1,000.00"), "the pledge's mail")
    bea.go("/goals/fuzzing/").sees("Bea Lowe", "The minimum is reached", "$1,000.00 of $900.00 so far")

    bea.page.locator(".demo-bar").get_by_role("button", name="Next month").click()
    bea.page.wait_for_load_state()
    wait_until(lambda: "Met." in bea.go("/goals/fuzzing/").page.content(), "the goal to be met")
    bea.sees("$1,000.00 were promised, $1,000.00 collected and $0.00 dropped")
    assert "1,000.00" in wait_until(lambda: mail_with(bea, "Receipt"), "the receipt")
    wait_until(lambda: "Fuzz the chunk reader" in cast["wren"].go("/days/").page.content(), "the engagement to begin")
    bea.go(f"/decisions/{reference}/").sees("$800.00")
    bea.go("/goals/fuzzing/").sees("Reserved for work", "$800.00")
    assert "The books hold" in site.manage("verify_books")


def mail_with(person: Person, text: str) -> str:
    mail = person.newest_mail()
    return mail if text in mail else ""


def today(person: Person) -> dt.date:
    """The date that the demo's bar shows."""
    value = person.page.locator(".demo-bar time").first.get_attribute("datetime")
    return dt.date.fromisoformat((value or "")[:10])
