"""I6 under random business: every cent followed from its first payer through all funds, against links written down at spend time.

It goes on from the machine of refunds and disputes with what moves money between funds: moves by two people, recalls, an award that
arrives at the bank and goes back unspent, receipts whose payer is found, gifts put into the right fund, promises that are let go, and
promises to match gifts that are kept and ended.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from funding import clock
from funding.errors import Conflict, Invalid, Refused
from funding.funds import moves, provenance, reserve, whereabouts
from funding.funds import services as funds
from funding.funds.entries import bank, between, deciding, matching
from funding.funds.models import Fund, FundMove, Voucher
from funding.ledger import links
from funding.ledger import services as ledger
from funding.ledger.errors import LedgerError, NotReserved
from funding.ledger.models import Entry, Transfer
from funding.ledger.services import Line
from funding.money import Money
from sponsors.refunds import taking
from tests.funding import builders as people
from tests.funding.funds.follow import Follow
from tests.funding.ledger import books
from tests.sponsors.refunds.test_machine import Months

SMALL = st.integers(1, 6)
NAMES = ("a", "b", "grant", "host", "spare")
EXAMPLES, STEPS = int(os.environ.get("PROVENANCE_EXAMPLES", "3")), int(os.environ.get("PROVENANCE_STEPS", "20"))


def usd(amount: int) -> Money:
    return Money(amount, "USD")


class Ways(Months):
    replay: Follow

    def __init__(self) -> None:
        super().__init__()
        self.replay = Follow()
        self.roots: list[Entry] = []
        self.said: dict[int, list[tuple[int, int, bool]]] = {}

    @initialize()
    def open(self) -> None:
        super().open()
        self.maker, self.checker = (people.holder("treasurer", name=name) for name in ("Tove Maker", "Tim Checker"))
        self.funds = {
            "a": self.open_fund("a", Fund.Kind.GENERAL),
            "b": self.open_fund("b", Fund.Kind.GENERAL),
            "grant": self.open_fund("grant", Fund.Kind.RESTRICTED),
            "host": funds.host_fund("USD"),
            "spare": reserve.reserve_fund("USD"),
        }
        self.a, self.b = self.funds["a"].account, self.funds["b"].account
        self.bank = books.account("cash:bank:USD", "cash")

    def open_fund(self, slug: str, kind: str) -> Fund:
        return funds.open_fund(slug=slug, name=slug.upper(), kind=kind, purpose=f"For {slug}", currency="USD")

    # What happens

    @rule(source=st.sampled_from(NAMES), to=st.sampled_from(NAMES), amount=SMALL)
    def between_funds(self, source: str, to: str, amount: int) -> None:
        """Asked and approved as on the desk; what the rules refuse does not happen."""
        if source == to:
            return
        with contextlib.suppress(Refused, Invalid, LedgerError):
            asked = moves.ask(
                actor=self.maker, giver=self.funds[source], taker=self.funds[to], amount=usd(amount), reason="The call needs it."
            )
            moves.approve(actor=self.checker, move=asked)

    @precondition(lambda self: self.made())
    @rule(data=st.data(), amount=SMALL)
    def recall(self, data: st.DataObject, amount: int) -> None:
        move = data.draw(st.sampled_from(self.made()))
        with contextlib.suppress(Refused, Invalid, LedgerError):
            asked = moves.ask_recall(actor=self.maker, move=move, amount=usd(amount), reason="Not needed.")
            moves.approve(actor=self.checker, move=asked)

    @rule(amount=st.integers(1, 12))
    def tranche(self, amount: int) -> None:
        self.number += 1
        line = Line(self.bank, self.funds["grant"].account, amount, "award_received", about=("award", self.number))
        self.roots.append(self.post("award_received", line))

    @precondition(lambda self: self.lying("award_received"))
    @rule(data=st.data(), amount=SMALL)
    def unspent_goes_back(self, data: st.DataObject, amount: int) -> None:
        """As `awards.giving_back` does: pinned, out of the award's own fund."""
        start, end = data.draw(st.sampled_from(self.lying("award_received")))
        amount = min(amount, end - start)
        self.try_post("award_unspent", Line(self.funds["grant"].account, self.bank, amount, "award_unspent", pin=(end - amount, end)))

    @rule(to=st.sampled_from("ab"), amount=st.integers(3, 12), tax=st.integers(0, 1))
    def receipt_is_matched(self, to: str, amount: int, tax: int) -> None:
        """Two entries: the bank's line, and whose it is. The same verbs as on the desk."""
        self.number += 1
        on = clock.today()
        got = bank.book_receipt(actor=self.maker, amount=usd(amount), on=on, bank_reference=f"B-{self.number}", reason="A wire.")
        asked = bank.ask_match(
            actor=self.maker,
            receipt=got,
            fund=self.funds[to],
            payer="Aldermoor Labs",
            tax=usd(tax),
            host_fee=usd(1),
            reason="Their mail says so.",
        )
        done = deciding.approve(actor=self.checker, voucher=asked)
        assert done.entry is not None
        self.roots.append(done.entry)

    @precondition(lambda self: self.first_lines())
    @rule(data=st.data(), to=st.sampled_from("ab"))
    def right_fund(self, data: st.DataObject, to: str) -> None:
        line = data.draw(st.sampled_from(self.first_lines()))
        with contextlib.suppress(Refused, Invalid, Conflict, LedgerError):
            asked = between.ask_right_fund(actor=self.maker, line=line, fund=self.funds[to], reason="They meant the other one.")
            deciding.approve(actor=self.checker, voucher=asked)

    @rule(amount=SMALL)
    def bank_fee(self, amount: int) -> None:
        self.number += 1
        voucher = bank.book_bank_fee(
            actor=self.maker, amount=usd(amount), on=clock.today(), bank_reference=f"F-{self.number}", reason="Fee."
        )
        assert voucher.state == Voucher.State.BOOKED

    @precondition(lambda self: self.held)
    @rule(data=st.data(), amount=SMALL)
    def let_go(self, data: st.DataObject, amount: int) -> None:
        held = data.draw(st.sampled_from(self.held))
        self.number += 1
        with contextlib.suppress(NotReserved):
            ledger.release(reservation=held, amount=amount, key=f"release-{self.number}", at=books.AT)

    @rule(giver=st.sampled_from(("a", "b", "host")), to=st.sampled_from(("a", "b", "grant")), cap=SMALL)
    def promise(self, giver: str, to: str, cap: int) -> None:
        with contextlib.suppress(Refused, Invalid, Conflict, LedgerError):
            reason = f"Doubled, {self.number}."
            asked = matching.ask(actor=self.maker, fund=self.funds[giver], taker=self.funds[to], cap=usd(cap), reason=reason)
            deciding.approve(actor=self.checker, voucher=asked)

    @precondition(lambda self: self.promises())
    @rule(data=st.data())
    def keep(self, data: st.DataObject) -> None:
        matching.keep(actor=self.maker, promise=data.draw(st.sampled_from(self.promises())))

    @precondition(lambda self: self.promises())
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        with contextlib.suppress(Conflict):
            asked = matching.ask_end(actor=self.maker, held=data.draw(st.sampled_from(self.promises())), reason="Over.")
            deciding.approve(actor=self.checker, voucher=asked)

    # What must be true after each step

    @invariant()
    def a_promise_gives_its_cap_and_no_more(self) -> None:
        """What is matched and what is held are the cap, until it is ended; no gift is matched twice, or with more than it was."""
        for promise in self.promises():
            matched = list(promise.matches.select_related("line"))
            given = sum(row.amount - row.released for row in matched)
            held = matching.left(promise).amount
            assert held == 0 and given <= promise.amount if matching.ended(promise) else held + given == promise.amount
            assert all(row.amount <= row.line.amount for row in matched)

    @invariant()
    def links_are_what_was_written_down(self) -> None:
        """Per outflow: the same units of the same inflows as when it was posted, and they are its amount."""
        self.catch_up()
        offsets = dict(Transfer.objects.filter(credit_account__klass="fund").values_list("pk", "credit_offset"))
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for link in links.sources_of(self.replay.took):
            base = offsets[link.inflow_id] or 0
            found[link.outflow_id] += [(link.inflow_id, place - base) for place in range(link.start, link.end)]
            assert link.amount == link.end - link.start
        assert found == self.replay.took
        assert all(len(units) == self.replay.amounts[outflow] for outflow, units in found.items())

    @invariant()
    def each_inflow_is_used_pinned_and_unspent(self) -> None:
        self.catch_up()
        used = self.replay.used()
        inflows = list(Transfer.objects.filter(credit_account__klass="fund").select_related("credit_account"))
        taken: dict[int, Counter[int]] = defaultdict(Counter)
        for link in links.uses_of([row.pk for row in inflows]):
            taken[link.inflow_id][link.outflow_id] += link.amount
        assert taken == used
        for row in inflows:
            left = sum(end - start for start, end in links.unspent(row))
            pinned = sum(amount for outflow, amount in used[row.pk].items() if outflow in self.replay.pinned)
            spent = sum(amount for outflow, amount in used[row.pk].items() if outflow not in self.replay.pinned)
            assert spent + pinned + left == row.amount

    @invariant()
    def every_root_is_followed_to_its_ends(self) -> None:
        """Forwards through all funds: what consumed it, and what of it is unspent somewhere, are its amount to the cent."""
        self.catch_up()
        rows = [row for row in self.inflows() if row.debit_account.klass != "fund"]
        shares = provenance.destinations([row.pk for row in rows])
        for row in rows:
            ends = Counter({share.transfer.pk: share.amount for share in shares.get(row.pk, [])})
            assert ends == self.replay.ends(row.pk)
            assert sum(ends.values()) + whereabouts.of(row).left == row.amount

    @invariant()
    def origins_add_up_and_never_change(self) -> None:
        """Backwards to the first payer; what was once said of an outflow is said for ever; recovered money has nobody's name."""
        self.catch_up()
        for outflow, shares in provenance.origins(self.replay.took).items():
            now = [(share.transfer.pk, share.amount, share.recovered) for share in shares]
            assert sum(amount for _, amount, _ in now) == self.replay.amounts[outflow]
            assert self.said.setdefault(outflow, now) == now
            assert all(share.about is None for share in shares if share.recovered)
            assert all(share.transfer.debit_account.klass != "fund" or share.recovered for share in shares)

    # Helpers

    def given_back(self, inflow: Transfer) -> set[int]:
        lines = Transfer.objects.filter(kind="award_unspent").values_list("pk", flat=True)
        units = [unit for pk in lines for unit in self.replay.moved.get(pk, [])]
        return super().given_back(inflow) | {place for kind, transfer, place in units if kind == "of" and transfer == inflow.pk}

    def inflows(self) -> list[Transfer]:
        rows = Transfer.objects.filter(entry__in=[*self.contributions, *self.roots], credit_account__klass="fund")
        return list(rows.select_related("credit_account", "debit_account"))

    def first_lines(self) -> list[Transfer]:
        return [row for row in self.inflows() if row.kind == "allocation"]

    def lying(self, kind: str) -> list[tuple[int, int]]:
        rows = Transfer.objects.filter(kind=kind, credit_account=self.funds["grant"].account).select_related("credit_account")
        return [stretch for row in rows.order_by("pk") for stretch in links.unspent(row)]

    def promises(self) -> list[Voucher]:
        rows = Voucher.objects.filter(kind=Voucher.Kind.MATCHING, state=Voucher.State.BOOKED)
        return list(rows.select_related("fund__account", "taker__account", "reservation", "gifts_to").order_by("pk"))

    def made(self) -> list[FundMove]:
        rows = FundMove.objects.filter(state=FundMove.State.DONE, recalls=None).select_related("giver", "taker")
        return list(rows.order_by("pk"))

    def take(self, *args: Any, **kwargs: Any) -> None:
        super().take(*args, **kwargs)
        self.catch_up()


def run(examples: int, steps: int) -> None:
    options: Any = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    run_state_machine_as_test(Ways, settings=options)


@pytest.mark.django_db
def test_every_cent_is_followed_from_its_first_payer() -> None:
    run(EXAMPLES, STEPS)


@pytest.mark.slow
@pytest.mark.django_db
def test_every_cent_is_followed_through_long_months() -> None:
    run(10 * EXAMPLES, 3 * STEPS)


@pytest.mark.django_db
def test_money_given_back_in_full_is_in_no_fund_again() -> None:
    """Moved away, called back, spent in part, refunded in full, and the work's debt cancelled: what comes back is nobody's."""
    people.host()
    fund = funds.open_fund(slug="a", name="A", kind=Fund.Kind.GENERAL, purpose="For a", currency="USD")
    books.contribute(reserve.reserve_fund("USD").account, 100)
    gift = books.contribute(fund.account, 100)
    work = books.pay_out(books.fresh(fund.account), 40)
    taken, _ = taking.take(
        contribution=gift.entry,
        amount=100,
        holding=books.account("owed:refunds:USD", "owed"),
        fact=taking.Fact("refund", "test", "refund", books.DAY, ("refund", 1)),
    )
    taking.pay(taking=taken, cash=books.cash(), fact=taking.Fact("paid", "test", "paid", books.DAY, ("refund", 1)))
    books.post(Line(books.payouts(), fund.account, 40, "payout_cancelled", settles=work.pk))
    later = books.pay_out(books.fresh(fund.account), 40)
    assert whereabouts.of(gift).left == 0
    assert [(share.amount, share.recovered, share.about) for share in provenance.origins([later.pk])[later.pk]] == [(40, True, None)]
