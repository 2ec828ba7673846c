"""What was said at spend time, kept: which inflow each unit of each outflow was taken from, and by which row each unit left last."""

from __future__ import annotations

from collections import Counter, defaultdict

from funding.ledger.models import Account, Transfer
from tests.sponsors.refunds.replay import Replay, Unit


class Follow(Replay):
    """A replay that also writes down links when they are made. It reads no offset, no head and no stored interval but a pin's own."""

    def __init__(self) -> None:
        super().__init__()
        self.brought: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.took: dict[int, list[tuple[int, int]]] = {}
        self.pinned: set[int] = set()
        self.amounts: dict[int, int] = {}
        self.left_by: dict[Unit, int] = {}

    def _replay(self, row: Transfer) -> None:
        super()._replay(row)
        self.amounts[row.pk] = row.amount
        if row.credit_account.klass == Account.Klass.FUND:
            self.brought[row.credit_account_id] += [(row.pk, number) for number in range(row.amount)]

    def _leave(self, row: Transfer) -> list[Unit]:
        before = list(self.there[row.debit_account_id])
        units = super()._leave(row)
        after = set(self.there[row.debit_account_id])
        self.took[row.pk] = [self.brought[row.debit_account_id][place] for place in before if place not in after]
        if row.pinned:
            self.pinned.add(row.pk)
        self.left_by.update((unit, row.pk) for unit in units)
        return units

    def used(self) -> dict[int, Counter[int]]:
        """Inflow → how many of its units each outflow took."""
        found: dict[int, Counter[int]] = defaultdict(Counter)
        for outflow, places in self.took.items():
            for inflow, _ in places:
                found[inflow][outflow] += 1
        return found

    def ends(self, inflow: int) -> Counter[int]:
        """By which row each unit of an inflow, which lies in no fund under its name, left for good."""
        there = self.unspent().get(inflow, {})
        units = [("of", inflow, number) for number in range(self.amounts[inflow]) if number not in there]
        return Counter(self.left_by[unit] for unit in units)
