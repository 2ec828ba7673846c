"""What may become of a goal: it is met after a card was tried again; it is not met; or it is met by those who paid themselves,
without those who did not.
"""

from __future__ import annotations

import datetime as dt

from tests.faults import world
from tests.faults.flows import JUMPS, SHARED, SignUp
from tests.faults.person import Gone
from tests.faults.rig import Rig, wait_until
from tests.funding.payments.standin import ASKS_ALWAYS

GRACE = 608_400.0
"""Seconds for which a refused pledge is waited for: seven days, and an hour more."""
UNTIL_TRIED_AGAIN = 176_400.0
"""Seconds from a refusal until a pledge's card is tried again: two days, and an hour more."""


class GoalClosing(SignUp):
    """A goal's last minutes, its deadline and its grace, until it is met and the approved work begins that it was raised for.

    Two pledges stand; one card is refused at first. In the last minutes somebody leaves the card page open, and somebody saves a
    card and closes the browser: the closer asks before the news comes. The minimum needs that pledge.
    """

    name = "goal"
    goal = "a goal met, and its work begun"
    begins = world.DEADLINE - dt.timedelta(minutes=10)
    renewals = False
    address = "goal"
    leaves = (*SHARED, "funding.payments.services:customer_for:", "funding.site.recovery.pulse:")
    TYPED = {**SignUp.TYPED, "amount": "200.00", "name": "Gus Example", "email": "gus@example.org", "public_name": "Gus"}
    OTHER = {"name": "Hal Example", "email": "hal@example.org"}
    REFUSED, MET = ["collecting", "collected", "collected", "told"], ["met", "collected", "collected", "collected"]

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        self.left_open = ""
        self.closed = self.tried_again = self.in_vain = False

    def go(self) -> None:
        if not self.left_open:
            self.left_open, self.card_page = self.agree(**self.OTHER), ""
        if not self.receipt:
            self.receipt = self.pay(self.card_page or self.agree())
        self.let_it_end()
        if not self.tried_again:
            self.tick(self.REFUSED)
            self.rig.pass_by(UNTIL_TRIED_AGAIN)
            self.tried_again = True
        self.tick(self.MET)

    def let_it_end(self) -> None:
        if not self.closed:
            self.rig.set_time(world.DEADLINE)
            self.closed = True

    def tick(self, expected: list[str]) -> None:
        """The beat's, until the goal stands as expected. After a fault it is a lease later, and all of the beat's if one is not enough."""
        after = self.rig.fired
        if after:
            self.rig.pass_by(JUMPS[0])
        self.rig.ask("beat", only="" if self.in_vain else "goals")
        wait_until(lambda: self.rig.works() and self.rig.idle(), "the workers")
        try:
            stands = self.rig.ask("raised")
        except AssertionError as error:
            if "OperationalError" not in str(error):
                raise
            stands = ["the database is away"]
        self.in_vain = after and stands != expected
        if stands != expected:
            raise Gone(f"the goal stands at {stands}")


class GoalNotMet(GoalClosing):
    """Nobody else promises enough, and somebody leaves the card page open: nobody is charged, and no card is kept."""

    name = "goal not met"
    goal = "a goal not met, and no card kept"
    follows = GoalClosing

    def go(self) -> None:
        if not self.left_open:
            self.left_open, self.card_page = self.agree(), ""
        self.let_it_end()
        self.tick(["failed", "released", "released"])
        self.rig.ask("beat", only="forget")


class GoalPaidInPerson(GoalClosing):
    """One pledger's bank asks for them, and they pay on the page that the mail leads to; another card stays refused for seven days."""

    name = "goal, paid in person"
    goal = "a goal met without a pledge that was dropped"
    follows = GoalClosing
    REFUSED, MET = ["collecting", "collected", "told", "told"], ["met", "collected", "collected", "dropped"]

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        self.saved = self.refused = self.paid = False
        self.way_to_pay = self.paying_page = ""

    def go(self) -> None:
        if not self.saved:
            self.confirm(self.card_page or self.agree())
            self.saved = True
        self.let_it_end()
        if not self.refused:
            self.tick(self.REFUSED)
            self.refused = True
        if not self.receipt:
            self.receipt = self.pay(self.paying_page or self.ask_to_pay())
        if not self.paid:
            self.come_back()
            self.rig.pass_by(GRACE)
            self.paid = True
        self.tick(self.MET)
        self.rig.ask("beat", only="forget")

    def confirm(self, card_page: str) -> None:
        self.rig.stand_in.press(card_page, "pay", ASKS_ALWAYS)
        if not self.rig.stand_in.press(card_page, "confirm", ASKS_ALWAYS).location:
            raise Gone("the card page took no confirmation")

    def ask_to_pay(self) -> str:
        self.way_to_pay = self.way_to_pay or self.rig.ask("way_to_pay", email=self.TYPED["email"])
        answer = self.person.press(self.person.get(self.way_to_pay))
        if not answer.location:
            raise Gone(f"the page to pay on answered {answer.status}")
        self.paying_page = answer.location
        return answer.location
