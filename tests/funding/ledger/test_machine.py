"""Random months of business against the oracle, which knows at spend time what the ledger must still say later."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from funding.ledger import checks, errors, links
from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry, Reservation, Transfer
from funding.ledger.services import Line
from tests.funding.ledger import books
from tests.funding.ledger.oracle import Key, Move, Oracle, Piece, Refused

FUNDS = ("fund:a", "fund:b", "fund:c")
SMALL = st.integers(1, 6)
EXAMPLES, STEPS = int(os.environ.get("LEDGER_EXAMPLES", "15")), int(os.environ.get("LEDGER_STEPS", "40"))


class Books(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.oracle = Oracle()
        self.accounts: dict[str, Account] = {}
        self.ids: dict[Key, int] = {}
        self.entries: dict[int, Entry] = {}
        self.reservations: dict[int, Reservation] = {}
        self.number = 0

    def teardown(self) -> None:
        try:
            assert [(result.code, result.problems) for result in checks.run() if not result.holds] == []
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    @initialize()
    def open(self) -> None:
        self.accounts = {name: books.fund(name[5:]) for name in FUNDS}
        self.accounts |= {"cash": books.cash(), "clearing": books.clearing(), "owed": books.payouts(), "shortfall": books.shortfall()}

    # What happens

    @rule(fund=st.sampled_from(FUNDS), net=SMALL, fee=st.integers(0, 2))
    def contribution(self, fund: str, net: int, fee: int) -> None:
        fees = [Move("clearing", "cash", fee)] if fee else []
        self.enter([Move("cash", "clearing", net + fee), *fees, Move("clearing", fund, net)])

    @rule(fund=st.sampled_from(FUNDS), amount=SMALL)
    def payout(self, fund: str, amount: int) -> None:
        self.enter([Move(fund, "owed", amount)])

    @rule(moves=st.lists(st.tuples(st.sampled_from(FUNDS), st.sampled_from([*FUNDS, "owed"]), SMALL), min_size=2, max_size=6))
    def batch(self, moves: list[tuple[str, str, int]]) -> None:
        self.enter([Move(debit, credit, amount) for debit, credit, amount in moves if debit != credit] or [Move("cash", "clearing", 1)])

    @precondition(lambda self: self.oracle.items)
    @rule(data=st.data(), amount=SMALL)
    def confirm(self, data: st.DataObject, amount: int) -> None:
        item = data.draw(st.sampled_from(sorted(self.oracle.items)))
        self.enter([Move("owed", "cash", amount, settles=item)])

    @precondition(lambda self: self.confirmed())
    @rule(data=st.data(), amount=SMALL, position=st.integers(0, 3))
    def bank_return(self, data: st.DataObject, amount: int, position: int) -> None:
        paid = data.draw(st.sampled_from(self.confirmed()))
        self.enter([Move("cash", "owed", amount, source=paid, position=position)])

    @precondition(lambda self: self.oracle.items)
    @rule(data=st.data(), fund=st.sampled_from(FUNDS), amount=SMALL)
    def cancel_debt(self, data: st.DataObject, fund: str, amount: int) -> None:
        item = data.draw(st.sampled_from(sorted(self.oracle.items)))
        self.enter([Move("owed", fund, amount, settles=item)], returns={1: item})

    @precondition(lambda self: self.oracle.into)
    @rule(data=st.data(), to=st.sampled_from(["clearing", *FUNDS]))
    def give_back(self, data: st.DataObject, to: str) -> None:
        inflow = data.draw(st.sampled_from(sorted(self.oracle.into)))
        start = data.draw(st.integers(0, self.oracle.amounts[inflow] - 1))
        amount = data.draw(st.integers(1, self.oracle.amounts[inflow] - start))
        if self.oracle.into[inflow] == to:
            to = "clearing"
        moves = [Move(self.oracle.into[inflow], to, amount, pin=(inflow, start, start + amount))]
        self.enter([*moves, Move("clearing", "cash", amount)] if to == "clearing" else moves)

    @precondition(lambda self: self.unspent())
    @rule(data=st.data(), to=st.sampled_from(["clearing", *FUNDS]))
    def give_back_what_is_left(self, data: st.DataObject, to: str) -> None:
        inflow, start, end = data.draw(st.sampled_from(self.unspent()))
        start = data.draw(st.integers(start, end - 1))
        fund = self.oracle.into[inflow]
        moves = [Move(fund, to if to != fund else "clearing", end - start, pin=(inflow, start, end))]
        self.enter([*moves, Move("clearing", "cash", end - start)] if moves[0].credit == "clearing" else moves)

    @precondition(lambda self: self.unspent())
    @rule(data=st.data(), amounts=st.lists(SMALL, min_size=1, max_size=3))
    def give_back_and_spend(self, data: st.DataObject, amounts: list[int]) -> None:
        """One entry gives back the end of a piece and then spends from the same fund."""
        inflow, start, end = data.draw(st.sampled_from(self.unspent()))
        start = data.draw(st.integers(start, end - 1))
        fund = self.oracle.into[inflow]
        other = data.draw(st.sampled_from([name for name in FUNDS if name != fund]))
        spends = [Move(fund, "owed", amount) for amount in amounts]
        self.enter([Move(fund, other, end - start, pin=(inflow, start, end)), *spends])

    @precondition(lambda self: self.refunds())
    @rule(data=st.data())
    def refund_fails(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(self.refunds()))
        move = self.oracle.entries[row[0]][row[1] - 1]
        self.enter([Move("cash", "clearing", move.amount), Move("clearing", move.debit, move.amount, source=row)])

    @rule(fund=st.sampled_from(FUNDS), amount=SMALL)
    def cover(self, fund: str, amount: int) -> None:
        self.enter([Move("shortfall", fund, amount)])

    @rule(fund=st.sampled_from(FUNDS), amount=SMALL)
    def repay(self, fund: str, amount: int) -> None:
        self.enter([Move(fund, "shortfall", amount)])

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(set(self.entries) - self.oracle.reversed) or sorted(self.entries)))
        if number in self.oracle.reversed or self.oracle.entries[number] == []:
            return
        moves = self.oracle.mirror(number)
        back = {line: move.settles for line, move in enumerate(moves, start=1) if move.settles and move.credit.startswith("fund:")}
        if self.enter(moves, returns=back, reverses=number):
            self.oracle.reversed |= {number, self.number}

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.entries)))
        if self.entries[number].reverses_id is None:
            before = Transfer.objects.count()
            assert self._post(number, self.oracle.entries[number]) == self.entries[number]
            assert Transfer.objects.count() == before

    # Promises

    @rule(fund=st.sampled_from(FUNDS), amount=SMALL)
    def reserve(self, fund: str, amount: int) -> None:
        key = len(self.reservations) + 1
        missing = amount - self.oracle.available(fund)
        try:
            self.reservations[key] = books.reserve(self.accounts[fund], amount, key=f"r{key}", holder=key)
        except errors.Overdrawn as refusal:
            assert refusal.missing == missing
        else:
            assert missing <= 0
            self.oracle.holds[key] = (fund, amount)

    @precondition(lambda self: self.reservations)
    @rule(data=st.data(), amount=SMALL, kind=st.sampled_from(["increase", "release"]))
    def change_promise(self, data: st.DataObject, amount: int, kind: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.reservations)))
        fund, held = self.oracle.holds[key]
        self.number += 1
        missing = amount - (held if kind == "release" else self.oracle.available(fund))
        try:
            getattr(ledger, kind)(reservation=self.reservations[key], amount=amount, key=f"m{self.number}", at=books.AT)
        except errors.Overdrawn as refusal:
            assert refusal.missing == missing
        else:
            assert missing <= 0
            self.oracle.holds[key] = (fund, held - amount if kind == "release" else held + amount)

    @precondition(lambda self: self.reservations)
    @rule(data=st.data(), amounts=st.lists(SMALL, min_size=1, max_size=3))
    def draw_promise(self, data: st.DataObject, amounts: list[int]) -> None:
        key = data.draw(st.sampled_from(sorted(self.reservations)))
        self.enter([Move(self.oracle.holds[key][0], "owed", amount, draw=key) for amount in amounts])

    # What must be true after each step

    @invariant()
    def every_link_stays(self) -> None:
        spent = {self.ids[key]: [(self.ids[of], start, end) for of, start, end in taken] for key, taken in self.oracle.spent.items()}
        assert self._links(links.sources_of(spent), by="outflow_id") == {key: _joined(taken) for key, taken in spent.items()}
        used: dict[int, list[tuple[int, int, int]]] = {}
        for key, taken in self.oracle.spent.items():
            for of, start, end in taken:
                used.setdefault(self.ids[of], []).append((self.ids[key], start, end))
        found = self._links(links.uses_of(self.ids[key] for key in self.oracle.into), by="inflow_id")
        assert found == {key: _joined(sorted(taken, key=lambda piece: piece[1])) for key, taken in used.items()}

    @invariant()
    def what_is_left(self) -> None:
        inflows = Transfer.objects.select_related("credit_account").in_bulk([self.ids[key] for key in self.oracle.into])
        for key in self.oracle.into:
            row = inflows[self.ids[key]]
            left = [(start - (row.credit_offset or 0), end - (row.credit_offset or 0)) for start, end in links.unspent(row)]
            assert left == self.oracle.unspent(key)
        for fund in FUNDS:
            assert books.fresh(self.accounts[fund]).available.amount == self.oracle.available(fund)

    @invariant()
    def what_came_back(self) -> None:
        found = links.returned_from(self.ids.values())
        for key, (source, start, end) in self.oracle.came_back.items():
            origin = self._origin((source, start, end))
            assert (found[self.ids[key]].transfer_id, found[self.ids[key]].start, found[self.ids[key]].end) == (
                self.ids[origin[0]],
                origin[1],
                origin[2],
            )

    # Helpers

    def enter(self, moves: list[Move], *, returns: dict[int, Key] | None = None, reverses: int | None = None) -> bool:
        """Post an entry to both books; both take it, or both refuse it for the same reason."""
        self.number += 1
        number = self.number
        try:
            later: Oracle | Refused = self.oracle.after(number, moves)
        except Refused as refused:
            later = refused
        try:
            if reverses is not None:
                entry = ledger.reverse(entry=self.entries[reverses], at=books.AT, effective_on=books.DAY)
            else:
                entry = self._post(number, moves)
        except errors.LedgerError as refusal:
            assert isinstance(later, Refused), f"The ledger refused {moves}: {refusal}"
            assert later.rule == refusal.rule or reverses is not None
            if isinstance(refusal, errors.Overdrawn) and later.missing:
                assert refusal.missing == later.missing
            return False
        assert isinstance(later, Oracle), f"The ledger took {moves}, the oracle says {later}"
        self.oracle = later
        self.entries[number] = entry
        for line, pk in entry.transfers.values_list("line", "pk"):
            self.ids[number, line] = pk
        for line, item in (returns or {}).items():
            piece = self.oracle.carried[number, line][0]
            self.oracle.came_back[number, line] = piece
            assert item in self.oracle.items
        return True

    def _post(self, number: int, moves: list[Move]) -> Entry:
        return books.post(*(self._line(move) for move in moves), reference=f"entry-{number}")

    def _line(self, move: Move) -> Line:
        pin = None
        if move.pin:
            offset = Transfer.objects.values_list("credit_offset", flat=True).get(pk=self.ids[move.pin[0]]) or 0
            pin = (offset + move.pin[1], offset + move.pin[2])
        return Line(
            self.accounts[move.debit],
            self.accounts[move.credit],
            move.amount,
            "move",
            reservation=self.reservations[move.draw] if move.draw else None,
            settles=self.ids[move.settles] if move.settles else None,
            source=self.ids[move.source] if move.source else None,
            source_position=move.position if move.source else None,
            pin=pin,
        )

    def _links(self, found: list[links.Link], *, by: str) -> dict[int, list[tuple[int, int, int]]]:
        offsets = dict(Transfer.objects.filter(pk__in=[link.inflow_id for link in found]).values_list("pk", "credit_offset"))
        other = "inflow_id" if by == "outflow_id" else "outflow_id"
        grouped: dict[int, list[tuple[int, int, int]]] = {}
        for link in found:
            base = offsets[link.inflow_id] or 0
            grouped.setdefault(getattr(link, by), []).append((getattr(link, other), link.start - base, link.end - base))
        return grouped

    def _origin(self, piece: Piece) -> Piece:
        """The units of the transfer that first left a fund, as the oracle carried them along."""
        key, start, end = piece
        move = self.oracle.entries[key[0]][key[1] - 1]
        if move.debit.startswith("fund:") or not self.oracle.carried[key]:
            return piece
        origin, low, _ = self.oracle.carried[key][0]
        return (origin, low + start, low + end)

    def confirmed(self) -> list[Key]:
        return [
            (number, line)
            for number, moves in self.oracle.entries.items()
            for line, move in enumerate(moves, start=1)
            if move.debit == "owed" and move.credit == "cash"
        ]

    def refunds(self) -> list[Key]:
        return [
            (number, line)
            for number, moves in self.oracle.entries.items()
            for line, move in enumerate(moves, start=1)
            if move.pin and move.credit == "clearing" and (number, line) in self.oracle.spent
        ]

    def unspent(self) -> list[Piece]:
        return sorted(piece for fund in FUNDS for piece in self.oracle.queues[fund])


def _joined(pieces: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Neighbouring pieces of one row as one."""
    joined: list[tuple[int, int, int]] = []
    for row, start, end in pieces:
        if joined and joined[-1][0] == row and joined[-1][2] == start:
            joined[-1] = (row, joined[-1][1], end)
        else:
            joined.append((row, start, end))
    return joined


@pytest.mark.django_db
def test_the_ledger_agrees_with_the_oracle() -> None:
    # No shrinking: each step costs a few queries, and the printed steps of an unshrunk failure are readable enough.
    options: Any = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    run_state_machine_as_test(Books, settings=options)
