"""What treasurers do about money that did not come by card: a grant's instalments, a move between funds, and cash for payouts."""

from __future__ import annotations

import re

from tests.faults.flows import SHARED, Flow
from tests.faults.person import Gone, Page, Person
from tests.faults.rig import Rig


class Desk(Flow):
    """Two treasurers. Whoever looks at the desk presses what it offers them, so nothing is done twice on purpose."""

    cookie = "maker"
    leaves = SHARED

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        self.checker = Person(rig.env["BASE_URL"], rig.facts["treasurer"])

    @staticmethod
    def send(who: Person, address: str, **typed: str) -> None:
        answer = who.press(who.get(address), **typed)
        if not answer.location:
            raise Gone(f"{address} answered {answer.status}")

    @staticmethod
    def look(who: Person, address: str) -> Page:
        page = who.get(address)
        if page.status != 200:
            raise Gone(f"{address} answered {page.status}")
        return page


class Tranches(Desk):
    """One instalment is the fund's at once; another is owed until two treasurers say that its condition is met."""

    name = "tranches"
    goal = "a grant's instalments"
    ARRIVED = {"arrived_on": "2026-10-30", "evidence": "Statement 12"}

    def go(self) -> None:
        self.act(self.person, "3/book", bank_reference="BANK 3", **self.ARRIVED)
        self.act(self.person, "2/book", bank_reference="BANK 2", **self.ARRIVED)
        self.act(self.person, "2/claim", back="met", words="Their letter")
        self.act(self.checker, "2/decide", decision="met")

    def act(self, who: Person, act: str, **typed: str) -> None:
        desk = self.rig.facts["award"]
        address = f"{desk}tranches/{act}/"
        if address in self.look(who, desk).text:
            self.send(who, address, **typed)


class MoveOfMoney(Desk):
    """One asks that the host's money becomes its reserve, another one approves it."""

    name = "fund move"
    goal = "money in another fund"
    APPROVE = re.compile(r"/desk/funds/moves/\d+/approve/")

    def go(self) -> None:
        if "FM-" not in self.look(self.person, "/desk/funds/").text:
            self.send(self.person, "/desk/funds/moves/new/", **self.rig.facts["move"], amount="1.00", reason="In case of disputes")
        if offered := self.APPROVE.search(self.look(self.checker, "/desk/funds/").text):
            self.send(self.checker, offered[0])


class TopUp(Desk):
    """Cash goes from the bank to the processor; the answer, its news and the sweeper all end in one booking."""

    name = "top-up"
    goal = "cash at the processor"

    def go(self) -> None:
        if "TU-" not in self.look(self.person, "/desk/cash/").text:
            self.send(self.person, "/desk/cash/move/", amount="250.00")
