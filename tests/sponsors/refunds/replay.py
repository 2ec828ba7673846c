"""A second opinion on whose money is where: it replays the posted transfers unit by unit, and knows no interval and no plan.

A unit is (transfer that brought it into the books, its place in it). A fund is the list of units that ever came in, and
the set of places that are still there. It shares nothing with links, provenance, whereabouts or the planner.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from funding.ledger.models import Account, Transfer

Unit = tuple[str, int, int]
"""("of", transfer, place), or ("nobody", transfer, place) for what came back after its sponsor was paid back."""


class Replay:
    def __init__(self) -> None:
        self.done = 0
        self.line: dict[int, list[Unit]] = defaultdict(list)
        self.there: dict[int, list[int]] = defaultdict(list)
        self.moved: dict[int, list[Unit]] = {}
        self.settled: dict[int, int] = defaultdict(int)
        self.spent: dict[int, Counter[tuple[str, int]]] = {}
        self.carried: set[Unit] = set()

    def catch_up(self) -> None:
        rows = Transfer.objects.filter(pk__gt=self.done).select_related("debit_account", "credit_account").order_by("pk")
        for row in rows:
            self._replay(row)
            self.done = row.pk

    def unspent(self) -> dict[int, dict[int, tuple[int, int]]]:
        """Transfer → its unit's place → (fund, place on the fund's line), for every unit that has a name."""
        found: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
        for fund, places in self.there.items():
            for place in places:
                kind, transfer, number = self.line[fund][place]
                if kind == "of":
                    found[transfer][number] = (fund, place)
        return found

    def _replay(self, row: Transfer) -> None:
        comes_back = False
        if row.debit_account.klass == Account.Klass.FUND:
            units = self._leave(row)
            self.spent[row.pk] = Counter((kind, transfer) for kind, transfer, _ in units)
        elif row.settles_id is not None:
            start = self.settled[row.settles_id]
            self.settled[row.settles_id] += row.amount
            units, comes_back = self.moved[row.settles_id][start : start + row.amount], True
        elif row.source_transfer_id is not None:
            start = row.source_position or 0
            units, comes_back = self.moved[row.source_transfer_id][start : start + row.amount], True
        else:
            units = [("of", row.pk, number) for number in range(row.amount)]
        assert len(units) == row.amount
        self.moved[row.pk] = units
        if row.credit_account.klass == Account.Klass.FUND:
            for number, unit in enumerate(units):
                nameless = comes_back and unit in self.carried
                self.there[row.credit_account_id].append(len(self.line[row.credit_account_id]))
                self.line[row.credit_account_id].append(("nobody", row.pk, number) if nameless else unit)

    def _leave(self, row: Transfer) -> list[Unit]:
        fund = row.debit_account_id
        there = self.there[fund]
        if row.pinned:
            places = list(range(row.spend_from or 0, row.spend_to or 0))
            assert set(places) <= set(there), f"transfer {row.pk} gives back what is not there"
        else:
            places = there[: row.amount]
        gone = set(places)
        self.there[fund] = [place for place in there if place not in gone]
        return [self.line[fund][place] for place in places]
