"""Random months with refunds and disputes, against a replay that follows every unit of every contribution."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from funding.funds import provenance, reserve, whereabouts
from funding.funds import services as funds
from funding.funds.models import Carried
from funding.ledger import checks
from funding.ledger.errors import Overdrawn
from funding.ledger.models import Account, Entry, Reservation, Transfer
from funding.ledger.services import Line
from funding.money import Money
from sponsors.refunds import taking
from sponsors.refunds.models import Taking
from sponsors.refunds.taking import Fact
from tests.funding import builders as people
from tests.funding.ledger import books
from tests.sponsors.refunds.replay import Replay

FUNDS = ("fund:a", "fund:b")
SMALL = st.integers(1, 6)
EXAMPLES, STEPS = int(os.environ.get("REFUND_EXAMPLES", "4")), int(os.environ.get("REFUND_STEPS", "25"))


@dataclass
class Case:
    """One taking as the test knows it. `state`: held, paid, back (given back), lost."""

    taking: Taking
    disputed: bool
    state: str = "held"


class NoShortfall(Exception):
    """What the voluntary refund's caller raises."""


class Months(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.replay = Replay()
        self.contributions: list[Entry] = []
        self.cases: list[Case] = []
        self.held: list[Reservation] = []
        self.number = 0

    def teardown(self) -> None:
        try:
            assert [(result.code, result.problems) for result in checks.run() if not result.holds] == []
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    @initialize()
    def open(self) -> None:
        people.host()
        self.a, self.b = (books.fund(name[5:]) for name in FUNDS)
        self.host, self.spare = funds.host_fund("USD").account, reserve.reserve_fund("USD").account
        self.short = reserve.shortfall_account("USD")
        self.cash, self.clearing, self.owed = books.cash(), books.clearing(), books.payouts()
        self.disputed = books.account("cash:disputed:USD", "cash")
        self.refunds, self.disputes = books.account("owed:refunds:USD", "owed"), books.account("owed:disputes:USD", "owed")

    # What happens

    @rule(to=st.sampled_from("ab"), net=st.integers(1, 12), share=st.integers(0, 3), fee=st.integers(0, 2))
    def contribution(self, to: str, net: int, share: int, fee: int) -> None:
        fund, c = getattr(self, to), self.clearing
        lines = [
            Line(self.cash, c, net + share + fee, "contribution"),
            Line(c, self.cash, fee, "processor_fee"),
            Line(c, self.host, share, "host_fee"),
            Line(c, fund, net, "allocation"),
        ]
        self.contributions.append(self.post("contribution", *[line for line in lines if line.amount]))
        if share:
            repaid = reserve.repay(up_to=Money(share, "USD"), reference=f"repay-{self.number}", effective_on=books.DAY)
            assert repaid is None or repaid.transfers.get().amount <= share

    @rule(to=st.sampled_from("ab"), nets=st.tuples(SMALL, SMALL), fee=st.integers(0, 2))
    def split_contribution(self, to: str, nets: tuple[int, int], fee: int) -> None:
        c = self.clearing
        lines = [
            Line(self.cash, c, sum(nets) + fee, "contribution"),
            Line(c, self.cash, fee, "processor_fee"),
            Line(c, self.a, nets[0], "allocation"),
            Line(c, self.b, nets[1], "allocation"),
        ]
        self.contributions.append(self.post("contribution", *[line for line in lines if line.amount]))

    @rule(of=st.sampled_from(["a", "b", "host"]), amount=SMALL)
    def payout(self, of: str, amount: int) -> None:
        self.try_post("payout", Line(getattr(self, of), self.owed, amount, "payout_sent"))

    @rule(source=st.sampled_from(["a", "b", "host"]), to=st.sampled_from(["a", "b", "spare"]), amount=SMALL)
    def between_funds(self, source: str, to: str, amount: int) -> None:
        if source != to:
            self.try_post("move", Line(getattr(self, source), getattr(self, to), amount, "move"))

    @precondition(lambda self: self.items())
    @rule(data=st.data(), how=st.sampled_from(["confirm", "return", "cancel"]), amount=SMALL, to=st.sampled_from("ab"))
    def debt(self, data: st.DataObject, how: str, amount: int, to: str) -> None:
        """Pay a debt; pay it and have it come back; or cancel it, so that the money is in a fund again."""
        item, left = data.draw(st.sampled_from(self.items()))
        amount = min(amount, left)
        if how == "cancel":
            self.post("cancel", Line(self.owed, getattr(self, to), amount, "debt_cancelled", settles=item))
            return
        paid = self.post("confirm", Line(self.owed, self.cash, amount, "payout_confirmed", settles=item)).transfers.get()
        if how == "return":
            self.post("return", Line(self.cash, self.owed, amount, "payout_returned", source=paid.pk))

    @rule(of=st.sampled_from("ab"), amount=SMALL)
    def promise(self, of: str, amount: int) -> None:
        self.number += 1
        with contextlib.suppress(Overdrawn):
            self.held.append(books.reserve(getattr(self, of), amount, key=f"r{self.number}", holder=self.number))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), amount=SMALL)
    def draw(self, data: st.DataObject, amount: int) -> None:
        held = data.draw(st.sampled_from(self.held))
        self.try_post("payout", Line(held.account, self.owed, amount, "payout_sent", reservation=held))

    # Refunds and disputes

    @precondition(lambda self: self.contributions)
    @rule(data=st.data(), amount=st.integers(1, 15), voluntary=st.booleans())
    def refund(self, data: st.DataObject, amount: int, voluntary: bool) -> None:
        entry = data.draw(st.sampled_from(self.contributions))
        amount = min(amount, taking.left(entry))
        if amount:
            self.take(entry, amount, disputed=False, voluntary=voluntary)

    @precondition(lambda self: self.contributions)
    @rule(data=st.data(), beyond=st.integers(0, 2), fee=st.integers(0, 3))
    def dispute(self, data: st.DataObject, beyond: int, fee: int) -> None:
        entry = data.draw(st.sampled_from(self.contributions))
        amount = taking.left(entry) + beyond
        if amount:
            self.take(entry, amount, disputed=True, fee=fee)

    @precondition(lambda self: self.in_state("held"))
    @rule(data=st.data())
    def leaves(self, data: st.DataObject) -> None:
        """A refund is sent, or a dispute lost."""
        case = data.draw(st.sampled_from(self.in_state("held")))
        self.number += 1
        taking.pay(taking=case.taking, cash=self.disputed if case.disputed else self.cash, fact=self.fact("paid"))
        case.state = "paid"

    @precondition(lambda self: self.in_state("held", "paid"))
    @rule(data=st.data())
    def comes_to_nothing(self, data: st.DataObject) -> None:
        """A refund fails, before or after it left; a dispute is won while it is open."""
        case = data.draw(st.sampled_from(self.in_state("held", "paid")))
        if case.disputed and case.state == "paid":
            return
        reserved = self.reserved()
        if case.state == "paid":
            self.number += 1
            taking.bring_back(taking=case.taking, cash=self.cash, fact=self.fact("returned"))
        self.number += 1
        extra = [Line(self.cash, self.disputed, case.taking.amount, "cash")] if case.disputed else []
        taking.give_back(taking=case.taking, fact=self.fact("given_back"), extra=extra)
        case.taking.refresh_from_db()
        case.state = "back"
        self.uncarry(case.taking)
        assert self.reserved() == reserved

    # What must be true after each step

    @invariant()
    def every_unit_is_where_the_replay_has_it(self) -> None:
        self.catch_up()
        unspent = self.replay.unspent()
        for inflow in self.inflows():
            found = whereabouts.of(inflow)
            lying = {at.position + n: (at.account_id, at.start + n) for at in found.unspent for n in range(at.amount)}
            assert lying == unspent.get(inflow.pk, {})
            back = {place for start, end in found.given_back for place in range(start, end)}
            spent = {place for start, end in found.spent for place in range(start, end)}
            assert back == self.given_back(inflow)
            assert len(lying) + len(back) + len(spent) == inflow.amount
            assert set(lying) | back | spent == set(range(inflow.amount))

    @invariant()
    def nobodys_refunded_money_is_unspent_in_a_fund(self) -> None:
        unspent = self.replay.unspent()
        for entry in self.contributions:
            parts = {share.inflow.pk: share for share in taking.shares(entry) if share.inflow}
            assert all(share.left >= 0 for share in parts.values())
            for pk, share in parts.items():
                assert len(unspent.get(pk, {})) <= share.left
            if taking.left(entry) == 0:
                assert all(not unspent.get(pk) for pk in parts)

    @invariant()
    def what_was_said_of_an_outflow_stays(self) -> None:
        for pk, shares in provenance.origins(self.replay.spent).items():
            said = Counter[tuple[str, int]]()
            for share in shares:
                said["nobody" if share.recovered else "of", share.transfer.pk] += share.amount
            assert said == self.replay.spent[pk]

    @invariant()
    def what_is_held_is_what_is_open(self) -> None:
        for account, disputed in ((self.refunds, False), (self.disputes, True)):
            held = sum(case.taking.amount for case in self.cases if case.state == "held" and case.disputed == disputed)
            fresh = books.fresh(account)
            assert fresh.credits - fresh.debits == held

    # Helpers

    def take(self, entry: Entry, amount: int, *, disputed: bool, voluntary: bool = False, fee: int = 0) -> None:
        self.number += 1
        reserved = self.reserved()
        holding = self.disputes if disputed else self.refunds
        extra = [Line(self.disputed, self.cash, amount, "cash")] if disputed else []
        expected = taking.quote(contribution=entry, amount=amount, fee=fee, fee_to=self.cash)
        try:
            with transaction.atomic():
                made, done = taking.take(
                    contribution=entry, amount=amount, holding=holding, fact=self.fact("taken"), extra=extra, fee=fee, fee_to=self.cash
                )
                if voluntary and done.plan.from_shortfall:
                    raise NoShortfall
        except NoShortfall:
            assert expected.plan.from_shortfall > 0
            return
        assert done == expected
        if done.plan.from_shortfall and not done.plan.total("given_back", debit=self.spare.pk):
            assert books.fresh(self.spare).available.amount == 0
        assert self.reserved() == reserved
        self.carry(made)
        self.cases.append(Case(made, disputed))

    def carry(self, made: Taking) -> None:
        """What the site says it carried was really spent, and carried by nobody else."""
        before = dict.fromkeys(self.replay.carried)
        self.replay.catch_up()
        unspent = self.replay.unspent()
        for row in Carried.objects.filter(by__entry=made.entry):
            inflow = Transfer.objects.get(pk=row.inflow_id)
            for place in range(row.start, row.end):
                unit = ("of", row.inflow_id, place)
                assert unit not in before
                assert place not in unspent.get(row.inflow_id, {})
                assert place not in self.given_back(inflow)
                self.replay.carried.add(unit)

    def uncarry(self, made: Taking) -> None:
        self.replay.catch_up()
        for row in Carried.objects.filter(by__entry=made.entry):
            assert row.undone_by_id is not None
            self.replay.carried -= {("of", row.inflow_id, place) for place in range(row.start, row.end)}

    def given_back(self, inflow: Transfer) -> set[int]:
        """Places of an inflow that left as pins and did not come back."""
        lines = Transfer.objects.filter(entry__in=[case.taking.entry_id for case in self.cases if case.state != "back"], kind="given_back")
        moved = [unit for pk in lines.values_list("pk", flat=True) for unit in self.replay.moved.get(pk, [])]
        return {place for kind, transfer, place in moved if kind == "of" and transfer == inflow.pk}

    def catch_up(self) -> None:
        self.replay.catch_up()

    def inflows(self) -> list[Transfer]:
        rows = Transfer.objects.filter(entry__in=self.contributions, credit_account__klass="fund")
        return list(rows.select_related("credit_account", "debit_account"))

    def reserved(self) -> dict[int, int]:
        return dict(Account.objects.filter(klass="fund").values_list("pk", "reserved"))

    def in_state(self, *states: str) -> list[Case]:
        return [case for case in self.cases if case.state in states]

    def items(self) -> list[tuple[int, int]]:
        rows = Transfer.objects.filter(credit_account=self.owed).order_by("pk")
        paid = {row.pk: sum(row.settlements.values_list("amount", flat=True)) for row in rows}
        return [(row.pk, row.amount - paid[row.pk]) for row in rows if row.amount > paid[row.pk]]

    def fact(self, kind: str) -> Fact:
        return Fact(kind, "test", f"fact-{self.number}-{kind}", books.DAY, ("refund", 1))

    def post(self, kind: str, *lines: Line) -> Entry:
        self.number += 1
        return books.post(*lines, reference=f"entry-{self.number}", kind=kind)

    def try_post(self, kind: str, *lines: Line) -> None:
        with contextlib.suppress(Overdrawn):
            self.post(kind, *lines)


@pytest.mark.django_db
def test_refunds_and_disputes_agree_with_the_replay() -> None:
    options: Any = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    run_state_machine_as_test(Months, settings=options)
