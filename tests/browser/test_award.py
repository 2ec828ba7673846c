"""An award as six people would meet it: a tranche is booked, and a reservation outside its purpose is refused.

Ada runs the host, Tove and Tim are its treasurers, Wren applies, Chi and Max are the committee. The award is for Quillon; Wren
asks for work on Tern out of a call that draws on the award.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from funding.runtime import outside
from tests.browser.conftest import ADMIN, Site, running_site
from tests.browser.person import Person

NAMES = {"tove": "Tove Lind", "tim": "Tim Aas", "wren": "Wren Okafor", "chi": "Chi Vance", "max": "Max Orr"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated: str) -> Iterator[Site]:
    """A site of its own, because the others begin with an empty one too."""
    with running_site(tmp_path_factory.mktemp("award"), "award", outside.HOST, migrated, DEMO="1") as running:
        yield running


def test_a_tranche_is_booked_and_a_reservation_outside_its_purpose_refused(site: Site, somebody: Callable[[], Page]) -> None:
    people = {key: Person(name, f"{key}@example.org", somebody()) for key, name in NAMES.items()}
    people["ada"] = Person(ADMIN[1], ADMIN[0], somebody())
    set_up(people)
    write_down_the_award(people)
    book_the_first_tranche(people)
    reference = propose_work_on_tern(people)
    refused_for_its_purpose(people, reference)
    assert "The books hold" in site.manage("verify_books")


def set_up(people: dict[str, Person]) -> None:
    ada = people["ada"].sign_in(ADMIN[2])
    ada.go("/desk/host/").enter("Name of the organisation", "Fjord Open Source Fund").enter("Short code", "fjord")
    ada.enter("Country", "Norway").enter("Currency", "USD").press("Set up")
    for key in NAMES:
        people[key].sign_up()
    for name in ("Quillon", "Tern"):
        ada.go("/desk/projects/new/").enter("Name", name).enter("Address", name.lower()).enter("In one sentence", "A parser.")
        ada.enter("Days a month", "20").enter("Reference day rate", "400").press("Add the project")
        ada.go(f"/desk/projects/{name.lower()}/open/").press("Open")
    ada.go("/committee/new/").enter("Name", "Core committee").enter("Address", "core")
    ada.enter("Reviews", "1").press("Set up the committee")
    for key, role, where in [
        ("tove", "Treasurer", "The host"),
        ("tim", "Treasurer", "The host"),
        ("chi", "Committee chair", "Core committee"),
        ("max", "Committee member", "Core committee"),
    ]:
        ada.go("/desk/people/give/").enter("Their e-mail address", people[key].email)
        ada.enter("Role", role).enter("Where", where).press("Give the role")


def write_down_the_award(people: dict[str, Person]) -> None:
    tove, today = people["tove"].go("/desk/awards/new/"), _today(people["tove"])
    tove.enter("Name", "Alder 24-117").enter("Address", "alder").enter("Number", "24-117").enter("Grantor", "Alder Foundation")
    tove.enter("Whole sum", "150000").enter("Purpose", "Safer parsers in Quillon").choose("Quillon")
    tove.enter("First day of work", today.isoformat()).enter("Last day of work", (today + dt.timedelta(days=300)).isoformat())
    tove.enter("Closeout", (today + dt.timedelta(days=330)).isoformat()).enter("Budget lines", "150000.00 Engineering")
    tove.enter("Tranches", f"{today} 60000.00 Signature\n{today + dt.timedelta(days=90)} 90000.00 Report | The report is accepted")
    tove.press("Write it down").sees("Draft", "$150,000.00")
    tove.follow("Say where it stands").choose("Agreed").enter("Reason, or where", "In the safe").press("Record it")
    tove.is_refused("/desk/awards/alder/activate/", "You prepared this")
    tim = people["tim"].go("/desk/awards/alder/").follow("Check it and make it active")
    tim.sees("In the safe", "$150,000.00").press("make it active").sees("Active")


def book_the_first_tranche(people: dict[str, Person]) -> None:
    tove = people["tove"].go("/desk/awards/alder/").follow("Book it")
    tove.enter("Bank reference", "DNB 4411").enter("Evidence", "Statement 11").press("Book it").sees("Received", "DNB 4411")
    people["wren"].go("/awards/alder/").sees("Alder Foundation, number 24-117", "$60,000.00", "Safer parsers in Quillon")
    people["wren"].go("/books/").sees("Tranche of an award", "Alder Foundation, award 24-117, tranche 1")


def propose_work_on_tern(people: dict[str, Person]) -> str:
    wren, ada, today = people["wren"], people["ada"], _today(people["wren"]).isoformat()
    wren.go("/rates/new/").enter("Day rate", "400").enter("From", today).press("Ask for this rate")
    people["tove"].go("/rates/").follow("Approve").press("Approve the rate")
    ada.go("/calls/new/").enter("Title", "Safer parsers").enter("Address", "safer-parsers").enter("What this call asks for", "Safety.")
    ada.enter("Opens on", today).enter("Committee that decides", "Core committee").enter("Days at most", "10")
    ada.enter("Day rate at most", "500").choose("Alder 24-117").press("Save the draft")
    ada.go("/calls/safer-parsers/open/").press("Open the call")
    wren.go("/calls/safer-parsers/propose/").enter("Project", "Tern").enter("Title", "Fuzz the reader")
    wren.enter("What you would do, and why", "It crashes.").enter("What will exist", "A harness.").enter("Days", "2").press("Save")
    reference = re.search(r"P-\d+", wren.page.url)
    assert reference, wren.page.url
    wren.go(f"/proposals/{reference[0]}/submit/").press("Submit the proposal")
    return reference[0]


def refused_for_its_purpose(people: dict[str, Person], ref: str) -> None:
    chi, max_ = people["chi"], people["max"]
    for member in (chi, max_):
        member.go(f"/committee/{ref}/declare/").choose("No conflict").press("Save my declaration")
    max_.go(f"/committee/{ref}/review/").choose("Fund it").enter("Reasons, for the applicant", "It is needed.").press("Seal my review")
    chi.go(f"/committee/{ref}/review/decline/").choose("No time for it").enter("In a few words", "Away.").press("Write no review")
    for member in (chi, max_):
        member.go(f"/committee/{ref}/vote/").choose("For").press("Record my vote")
    chi.go(f"/committee/{ref}/determine/").sees("Alder 24-117 is for work on Quillon only, and this is work on Tern.")
    chi.enter("Reasons, for the public", "It is needed.")
    chi.page.locator("main").get_by_role("button", name="Publish the determination").click()
    chi.sees("The votes carry, and the funds do not.", "Alder 24-117 is for work on Quillon only", "Nothing was recorded.")
    row = people["ada"].go("/desk/audit/?outcome=refused").page.locator("tr", has_text="committee.determine")
    expect(row.first).to_contain_text("purpose")
    people["wren"].go("/awards/alder/").sees("$60,000.00")


def _today(person: Person) -> dt.date:
    """The date that the demo's bar shows."""
    value = person.page.locator(".demo-bar time").first.get_attribute("datetime")
    return dt.date.fromisoformat((value or "")[:10])
