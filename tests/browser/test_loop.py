"""A cent's way as eleven people would walk it, from an empty installation to the sponsor's name beside the day.

The eleven: Ada runs the host, Marit leads the project, Wren works on it, Bracken & Lowe pay for it, Tove and Tim are the
treasurers, and Chi, Max, Mia, Moe and Mel sit on the committee. Web, Celery workers, beat and the stand-in are processes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ADMIN, Site, wait_until
from tests.browser.person import Person

NAMES = {
    "marit": "Marit Solheim",
    "wren": "Wren Okafor",
    "bracken": "Bea Lowe",
    "tove": "Tove Lind",
    "tim": "Tim Aas",
    "chi": "Chi Vance",
    "max": "Max Orr",
    "mia": "Mia Roth",
    "moe": "Moe Falk",
    "mel": "Mel Dunn",
}
COMPANY = "Bracken & Lowe Ltd"


class Cast:
    """The people, each with a browser of their own, opened when they are first needed."""

    def __init__(self, somebody: Callable[[], Page]) -> None:
        self.somebody = somebody
        self.people: dict[str, Person] = {}

    def __getattr__(self, key: str) -> Person:
        if key not in self.people:
            name = ADMIN[1] if key == "ada" else NAMES[key]
            email = ADMIN[0] if key == "ada" else f"{key}@example.org"
            self.people[key] = Person(name, email, self.somebody())
        return self.people[key]


@pytest.fixture
def cast(somebody: Callable[[], Page]) -> Cast:
    return Cast(somebody)


def set_up_the_host(cast: Cast) -> None:
    ada = cast.ada.sign_in(ADMIN[2])
    ada.go("/desk/host/").enter("Name of the organisation", "Fjord Open Source Fund").enter("Short code", "fjord")
    ada.enter("Country", "Norway").enter("Currency", "USD").press("Set up")
    for key in NAMES:
        getattr(cast, key).sign_up()
    ada.go("/desk/projects/new/").enter("Name", "Quillon").enter("Address", "quillon")
    ada.enter("In one sentence", "The streaming parser underneath 41,000 packages.")
    ada.enter("Days a month", "20").enter("Reference day rate", "459").press("Add the project")
    ada.go("/desk/projects/quillon/open/").press("Open")
    ada.go("/committee/new/").enter("Name", "Core committee").enter("Address", "core").press("Set up the committee")
    for key, role, where in [
        ("marit", "Maintainer", "Project Quillon"),
        ("tove", "Treasurer", "The host"),
        ("tim", "Treasurer", "The host"),
        ("chi", "Committee chair", "Core committee"),
        *((key, "Committee member", "Core committee") for key in ("max", "mia", "moe", "mel")),
    ]:
        ada.go("/desk/people/give/").enter("Their e-mail address", getattr(cast, key).email)
        ada.enter("Role", role).enter("Where", where).press("Give the role")


def publish_a_tier(cast: Cast) -> None:
    marit = cast.marit.go("/projects/quillon/tiers/new/")
    marit.enter("Name", "Company seat").enter("Price", "1000").enter("In one sentence", "Two days of a maintainer a month.")
    marit.press("Save the draft")
    marit.go("/projects/quillon/tiers/").follow("Publish").press("Publish this tier")
    marit.go("/projects/quillon/").sees("Company seat", "$1,000", "about")


def sponsor_declined_once_then_paid(cast: Cast) -> None:
    bea = cast.bracken.go("/projects/quillon/").follow(", Company seat")
    bea.choose("A company or another organisation").enter("Name on the receipt", COMPANY).enter("Country", "Norway")
    bea.enter("E-mail address", bea.email).enter("Public name", COMPANY).press("Pay $1,000.00")
    bea.page.wait_for_url(re.compile(r"/c/pay/"))
    bea.press("Decline").sees("declined")
    bea.press("Pay USD") if bea.page.get_by_role("button", name=re.compile("^Pay USD")).count() else bea.press("Pay")
    bea.page.wait_for_url(re.compile(r"/giving/paid/"))
    wait_until(lambda: _reloaded(bea, "Host, 5%"), "the receipt")
    bea.sees("$1,000.00", "−$29.30", "−$50.00", "$920.70")
    assert COMPANY in bea.go("/giving/").page.content().replace("&amp;", "&")
    assert "29.30" in wait_until(lambda: _mail_with(bea, "920.70"), "the receipt by mail")


def renew(cast: Cast) -> None:
    """The calendar of the demo moves by a month; beat and a worker collect the second payment off-session."""
    bea = cast.bracken.go("/giving/")
    bea.page.locator(".demo-bar").get_by_role("button", name="Next month").click()
    bea.page.wait_for_load_state()
    wait_until(lambda: "$1,841.40" in bea.go("/books/").page.content(), "the renewal in the books")


def propose(cast: Cast) -> str:
    wren = cast.wren.go("/rates/new/").enter("Day rate", "400").enter("From", _today(cast.wren).isoformat())
    wren.press("Ask for this rate")
    cast.tove.go("/rates/").follow("Approve").press("Approve the rate")
    ada = cast.ada.go("/calls/new/").enter("Title", "Keep it running").enter("Address", "keep-it-running")
    ada.enter("What this call asks for", "Maintenance that nobody else pays for.")
    ada.enter("Opens on", _today(ada).isoformat()).enter("Committee that decides", "Core committee")
    ada.enter("Days at most", "10").enter("Day rate at most", "500").choose("Quillon").press("Save the draft")
    ada.go("/calls/keep-it-running/open/").press("Open the call")
    wren.go("/calls/keep-it-running/propose/").enter("Project", "Quillon").enter("Title", "Fuzz the chunk reader")
    wren.enter("What you would do, and why", "Six of nine entry points have never been fuzzed. 🐛 שלום")
    wren.enter("What will exist", "Six harnesses and a nightly run.").enter("Days", "2").press("Save")
    reference = re.search(r"P-\d+", wren.page.url)
    assert reference, wren.page.url
    wren.go(f"/proposals/{reference[0]}/submit/").press("Submit the proposal")
    return reference[0]


def decide(cast: Cast, ref: str) -> None:
    mel = cast.mel.go(f"/committee/{ref}/declare/").choose("I have a conflict")
    mel = mel.enter("What the conflict is, if you step back", "We wrote a book together.")
    mel.press("Save my declaration")
    answer = mel.page.goto(f"/proposals/{ref}/")
    assert answer is not None and answer.status == 403
    mel.does_not_see("Fuzz the chunk reader")
    for key in ("chi", "max", "mia", "moe"):
        getattr(cast, key).go(f"/committee/{ref}/declare/").choose("No conflict").press("Save my declaration")
    for key in ("max", "mia"):
        member = getattr(cast, key).go(f"/committee/{ref}/review/").choose("Fund it")
        member.enter("Reasons, for the applicant", "The plan is clear and the days are few.").press("Seal my review")
    for key in ("chi", "moe"):
        member = getattr(cast, key).go(f"/committee/{ref}/review/decline/").choose("No time for it")
        member.enter("In a few words", "Away this month.").press("Write no review")
    for key, choice in (("chi", "For"), ("max", "For"), ("mia", "Against"), ("moe", "Abstain")):
        getattr(cast, key).go(f"/committee/{ref}/vote/").choose(choice).press("Record my vote")
    mel.is_refused(f"/committee/{ref}/vote/", "stepped back")
    cast.chi.go(f"/committee/{ref}/determine/").sees("4 eligible")
    cast.chi.enter("Reasons, for the public", "Fuzzing pays for itself.").press("Publish the determination")
    visitor = cast.bracken.go(f"/decisions/{ref}/")
    visitor.sees("Fuzz the chunk reader", "Funded", "Mel Dunn", "Fuzzing pays for itself.", "$800.00")


def log_and_approve(cast: Cast) -> dt.date:
    wren = cast.wren.go("/days/")
    day = _today(wren)
    wren.page.get_by_label(re.compile(rf"Morning of \w+ {day.day} ")).check()
    wren.enter("What you worked on", "fixed the chunk reader overflow").enter("Where it can be seen", "https://example.org/pull/2214")
    wren.press("Log half days").sees("fixed the chunk reader overflow")
    marit = cast.marit.go("/days/approvals/").follow("Wren Okafor")
    wren.is_refused(marit.page.url, "You cannot")
    marit.press("Approve the chosen half days")
    return day


def pay(cast: Cast) -> None:
    wren = cast.wren.go("/payouts/account/").follow("Set up")
    wren.enter("Country in which the account is kept", "Norway").press("Continue to the processor")
    wren.page.wait_for_url(re.compile(r"/connect/onboard/"))
    wren.press("Submit")
    tove = cast.tove.go("/payouts/runs/new/").sees("Wren Okafor", "$200.00")
    tove.press("Prepare")
    run = re.search(r"/payouts/runs/\d+/", tove.page.url)
    assert run, tove.page.url
    tove.go(f"{run[0]}release/").tries("Release $200.00 to 1 payee", "You prepared this")
    cast.tim.go(f"{run[0]}release/").press("Release $200.00 to 1 payee")
    wait_until(lambda: "Confirmed" in cast.tim.go(run[0]).page.content(), "the payout to be confirmed")
    assert "200.00" in wait_until(lambda: _mail_with(wren, "200.00"), "the remittance advice")


def find_the_refusal_in_the_audit_log(cast: Cast) -> None:
    row = cast.ada.go("/desk/audit/?outcome=refused").page.locator("tr", has_text="payouts.release")
    expect(row.first).to_contain_text("Tove Lind")


def read_the_report(cast: Cast, day: dt.date) -> None:
    bea = cast.bracken.go(f"/reports/quillon/{day:%Y-%m}/")
    row = bea.page.locator("tr", has_text="fixed the chunk reader overflow")
    expect(row).to_contain_text(COMPANY)
    expect(row).to_contain_text("$200.00")
    bea.go("/projects/quillon/").sees("fixed the chunk reader overflow", COMPANY)
    bea.go("/giving/").page.locator("main").get_by_role("link", name=re.compile("S-|Company seat")).first.click()
    bea.go("/books/").sees("Fjord Open Source Fund", "to the cent")


def test_a_cent_goes_from_a_sponsors_card_to_a_day_on_a_report(site: Site, cast: Cast) -> None:
    set_up_the_host(cast)
    publish_a_tier(cast)
    sponsor_declined_once_then_paid(cast)
    renew(cast)
    reference = propose(cast)
    decide(cast, reference)
    day = log_and_approve(cast)
    pay(cast)
    find_the_refusal_in_the_audit_log(cast)
    read_the_report(cast, day)
    assert len(cast.people) == 11
    assert "The books hold" in site.manage("verify_books")


def _reloaded(person: Person, text: str) -> bool:
    person.page.reload()
    return text in person.page.content()


def _mail_with(person: Person, text: str) -> str:
    mail = person.newest_mail()
    return mail if text in mail else ""


def _today(person: Person) -> dt.date:
    """The date that the demo's bar shows."""
    value = person.page.locator(".demo-bar time").first.get_attribute("datetime")
    return dt.date.fromisoformat((value or "")[:10])
