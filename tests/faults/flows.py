"""The flows, each as a person (or the beat) would go through it, and go on after nothing came back.

`go` is called until it returns: what a person still has in the browser is kept on the flow between calls, what was only in a
killed process is not. It raises `Gone` when something did not come; a flow without a person asks only the beat.
"""

from __future__ import annotations

import abc
import time
from urllib.parse import urlsplit

from tests.faults import world
from tests.faults.person import Gone, Page, Person
from tests.faults.rig import Rig

PATIENCE = 0.2
"""Seconds for which somebody looks at a page that says “pending” before they press reload."""

SHARED = (
    "funding.mail.services:",
    "funding.payments.inbox:",
    "funding.web.submissions:",
    "funding.web.throttle:",
    "funding.web.trouble:",
)
"""What every flow passes and the sign-up visits."""
JUMPS = (360.0, 93_600.0, 93_600.0)
"""Seconds that pass after a flow until nothing is open: more than the longest lease, then more than the life of a card page."""


class Flow(abc.ABC):
    name: str
    goal: str
    """One of `reading.GOALS`."""
    begins = world.BEGIN
    renewals = True
    """Whether the sponsors' month may end while this flow lasts."""
    holds_news = False
    """Whether the processor's events come only after the person has been served."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.person = Person(rig.env["BASE_URL"], rig.facts.get(self.cookie, ""))

    cookie = ""
    resends = False
    leaves: tuple[str, ...] = ()
    """Words in the names of points that another flow visits in the fast set."""

    follows: type[Flow] | None = None
    """Another flow that begins alike, whose points the fast set visits there."""

    @classmethod
    def visits(cls, point: str) -> bool:
        return not any(words in point for words in cls.leaves)

    @abc.abstractmethod
    def go(self) -> None: ...


class SignUp(Flow):
    """A visitor takes a tier, pays on the card page, and comes back to a receipt before the processor's news does."""

    name = "sign-up"
    goal = "a fourth sponsor"
    holds_news = True
    address = "join"
    TYPED = {"kind": "person", "name": "Dag Example", "email": "dag@example.org", "naming": "public", "public_name": "Dag", "country": ""}

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        self.card_page = self.receipt = ""
        self.form: Page | None = None

    def go(self) -> None:
        if not self.receipt:
            self.receipt = self.pay(self.card_page or self.agree())
        self.come_back()

    def agree(self, **typed: str) -> str:
        """The address of the card page. A form that got no answer is filled in anew, or first sent again as it was."""
        again, self.form = self.form if self.resends else None, None
        page = again or self.person.get(self.rig.facts[self.address])
        self.form = page if again is None else None
        answer = self.person.press(page, **{**self.TYPED, **typed})
        if not answer.location:
            raise Gone(f"the form answered {answer.status}")
        self.card_page = answer.location
        return answer.location

    def pay(self, card_page: str) -> str:
        answer = self.rig.stand_in.press(card_page, "pay")
        if not answer.location:
            raise Gone(f"the card page answered {answer.status}")
        return answer.location

    def come_back(self) -> None:
        parts = urlsplit(self.receipt)
        page = self.person.get(f"{parts.path}?{parts.query}")
        if "Host, 5%" not in page.text:
            time.sleep(PATIENCE)
            raise Gone("the receipt is not there yet")


class SignUpClosed(SignUp):
    """The same visitor closes the browser on the card page: only the processor's news tells that they paid."""

    name = "sign-up, browser closed"
    leaves = ("web ", *SHARED)
    holds_news = False

    def come_back(self) -> None:
        """Nobody comes back."""


class Renewal(Flow):
    """The month of three sponsors is over; the beat's tick has their saved cards charged."""

    name = "renewal"
    goal = "a second month"
    begins = world.RENEWAL
    leaves = ("web ", *SHARED)

    def go(self) -> None:
        self.rig.ask("beat", only="renew")


class Determination(Flow):
    """The chair publishes: the money is reserved, the engagement begins, the applicant is told."""

    name = "determination"
    goal = "a decision"
    cookie = "chair"
    leaves = ("worker ", *SHARED)

    def go(self) -> None:
        ref = self.rig.facts["proposal"]
        if self.person.get(f"/decisions/{ref}/").status == 200:
            return
        form = self.person.get(f"/committee/{ref}/determine/")
        answer = self.person.press(form, reasons="It is needed, and it can be checked.")
        if not answer.location:
            raise Gone(f"the determination answered {answer.status}")


class PayoutRun(Flow):
    """A second treasurer releases the run; the workers pay three payees."""

    name = "payout"
    goal = "three payouts"
    cookie = "treasurer"
    leaves = SHARED

    def go(self) -> None:
        number = self.rig.facts["run"]
        form = self.person.get(f"/payouts/runs/{number}/release/")
        if "control_total" not in form.fields or form.status == 409 or self.released():
            return
        answer = self.person.press(form)
        if not answer.location:
            raise Gone(f"the release answered {answer.status}")

    def released(self) -> bool:
        return f"/payouts/runs/{self.rig.facts['run']}/release/" not in self.person.get(f"/payouts/runs/{self.rig.facts['run']}/").text
