"""Unique words in every private field of one proposal, and every page of the site as somebody reads it.

Two questions are asked of every address that answers a GET. Does a body, a header or the place it leads to carry a canary?
And does the answer change at all when something happens that this reader may know nothing about? The second finds what no
word gives away: a count, an order, a link to the next one, another status. The addresses come from the URLconf, so a new one
is asked as soon as it exists; one with parts to fill needs a line in `GETS` (or a row in forms.py, which is used as well).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.test import Client
from django.urls import reverse

from funding import clock
from funding.people.models import User
from grants.committee import services as committee
from grants.committee.models import Opening, Panel
from grants.proposals import services as proposals
from grants.proposals.models import Proposal
from tests.grants import builders
from tests.site import matrix
from tests.site.world import World

PRIVATE = {
    name: f"{name}canary"
    for name in ("title", "story", "outcome", "reasons", "notes", "because", "secondtitle", "secondstory", "secondoutcome")
}
"""The private fields of a proposal and of what a panel writes about it, and the word in each."""
PERSON = "Umbra Nightshade"
"""Who asks. Their name is no secret by itself: it is one where it tells that they asked."""
CHANGING = re.compile(
    rb'name="csrfmiddlewaretoken" value="[^"]*"|name="once" value="[^"]*"|nonce="[^"]*"|<input type="hidden" name="once"[^>]*>'
)
"""What differs between two answers to the same question."""


ABOUT_ONE_PROPOSAL = [
    "proposals:proposal", "proposals:edit", "proposals:submit", "proposals:reopen", "proposals:withdraw",
    "committee:panel", "committee:declare", "committee:review", "committee:vote", "committee:determine", "committee:decision",
    "api:proposal-detail", "api:panel-detail", "api:decision-detail",
]  # fmt: skip
"""What takes a proposal's reference alone, and so is asked about the secret one as well."""
QUERIES = [
    "/committee/?page=2",
    "/desk/audit/?act=committee.vote",
    "/desk/audit/?outcome=refused",
    "/decisions/?page=2",
    "/books/?find={ref}",
    "/api/v1/panels/?format=html",
    "/api/v1/proposals/?page_size=1",
    "/api/v1/proposals/?format=html",
    "/api/v1/proposals/?call=rolling&state=submitted",
]
ADMIN = ["/admin/", "/admin/mail/message/", "/admin/audit/record/", "/admin/people/bar/", "/admin/people/user/", "/admin/people/party/",
         "/admin/committee/determination/", "/admin/committee/committee/", "/admin/proposals/call/", "/admin/mail/message/?q={ref}",
         "/admin/audit/record/?q={ref}", "/admin/people/bar/?q={ref}"]  # fmt: skip
"""The inspection admin, for readers who are staff."""


def pages(world: World, secret: Proposal) -> list[str]:
    """Every address of the matrix, filled from the world, and those about one proposal with the secret one as well."""
    found = [line.address(world) for line in matrix.lines()]
    found += [reverse(name, args=[secret.ref]) for name in ABOUT_ONE_PROPOSAL]
    found += [reverse("proposals:revision", args=[secret.ref, number]) for number in (1, 2)]
    return list(dict.fromkeys([*found, *(query.format(ref=secret.ref) for query in QUERIES)]))


@dataclass(frozen=True)
class Answer:
    """What came back for one address: the status, where it leads, every header, and the body without what always differs."""

    status: int
    headers: str
    body: str

    def carries(self, words: Iterable[str]) -> list[str]:
        text = f"{self.headers}\n{self.body}".lower()
        return sorted(word for word in words if word.lower() in text)


def read(browser: Client, asked: Iterable[str]) -> dict[str, Answer]:
    """The answer to each address. Pages are asked for twice where the first shows a message, which it then never does again."""
    return {address: _answer(browser, address) for address in asked}


def _answer(browser: Client, address: str) -> Answer:
    answer = browser.get(address)
    headers = "\n".join(f"{name}: {value}" for name, value in sorted(answer.headers.items()) if name not in VOLATILE)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return Answer(answer.status_code, headers, CHANGING.sub(b"", content).decode(errors="replace"))


VOLATILE = {"Content-Security-Policy", "Content-Length", "Date", "Expires", "Set-Cookie", "ETag", "Server-Timing"}


def moved(before: dict[str, Answer], after: dict[str, Answer]) -> list[str]:
    """The addresses that answer otherwise than before, each with the first line that does."""
    return [f"{address}: {_first(before[address], after[address])}" for address in before if before[address] != after[address]]


def _first(before: Answer, after: Answer) -> str:
    if before.status != after.status:
        return f"{before.status} → {after.status}"
    lines = zip(f"{before.headers}\n{before.body}".split("\n"), f"{after.headers}\n{after.body}".split("\n"), strict=False)
    return next((f"{old.strip()[:160]!r} → {new.strip()[:160]!r}" for old, new in lines if old != new), "another length")


@dataclass
class Secret:
    """One proposal full of canaries on the core committee's table, and the people around it."""

    world: World
    applicant: User
    proposal: Proposal

    @property
    def panel(self) -> Panel:
        return Panel.objects.select_related("committee", "proposal").get(proposal=self.proposal)

    def member(self, number: int) -> User:
        return self.world.people[f"member {number}"]

    def submit(self) -> None:
        self.proposal = proposals.submit(actor=self.applicant, proposal=self.proposal)

    def recuse(self, who: User, because: str) -> None:
        committee.declare(actor=who, panel=self.panel, conflict=True, because=because)

    def work(self, *numbers: int) -> None:
        """These members declare, review and vote, all in favour."""
        for number in numbers:
            member = self.member(number)
            committee.declare(actor=member, panel=self.panel, conflict=False)
            committee.save_review(
                actor=member,
                panel=self.panel,
                version=0,
                recommendation="fund",
                reasons=PRIVATE["reasons"],
                notes=PRIVATE["notes"],
                submit=True,
            )
        # As if the deadline had passed: votes open with the reviews.
        now = {"because": Opening.Because.DEADLINE, "opened_at": clock.now()}
        Opening.objects.get_or_create(panel=self.panel, revision=self.proposal.revisions.count(), defaults=now)
        for number in numbers:
            committee.vote(actor=self.member(number), panel=self.panel, choice="for")

    def change(self) -> None:
        """A second revision, with other canaries."""
        reopened = proposals.reopen(actor=self.applicant, proposal=self.proposal)
        content = proposals.Content(
            self.proposal.project, None, PRIVATE["secondtitle"], PRIVATE["secondstory"], PRIVATE["secondoutcome"], 12
        )
        self.proposal = proposals.save_draft(actor=self.applicant, proposal=reopened, version=reopened.version, content=content)
        self.submit()


def hide(world: World) -> Secret:
    """The secret proposal, written and not handed in yet. Nobody but its applicant knows of it."""
    applicant = builders.user(PERSON)
    builders.rate(applicant)
    content = proposals.Content(world.project, None, PRIVATE["title"], PRIVATE["story"], PRIVATE["outcome"], 20)
    return Secret(world, applicant, proposals.start_draft(actor=applicant, call=world.call, content=content))


def words(*more: str) -> Iterator[str]:
    yield from PRIVATE.values()
    yield from more
