"""A second opinion on the books: it writes down at spend time which money paid for what, and never computes it again.

It shares nothing with the ledger: no offsets, no head, no intervals on a line. A fund is a queue of pieces of inflows; an
outflow takes pieces from the front, or named ones, and the pieces that it took are its links for ever.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass, field

Key = tuple[int, int]
"""Entry and line, both counted by the test."""
Piece = tuple[Key, int, int]
"""Units [from, to) of a transfer, counted from its first."""


class Refused(Exception):
    def __init__(self, rule: str, missing: int = 0) -> None:
        super().__init__(rule)
        self.rule = rule
        self.missing = missing


@dataclass(frozen=True)
class Move:
    """One line, with accounts by name (`fund:a`, `owed`, `cash`, `clearing`, `shortfall`) and rows by key."""

    debit: str
    credit: str
    amount: int
    draw: int | None = None
    settles: Key | None = None
    source: Key | None = None
    position: int = 0
    pin: Piece | None = None


@dataclass
class Oracle:
    queues: dict[str, list[Piece]] = field(default_factory=lambda: defaultdict(list))
    spent: dict[Key, list[Piece]] = field(default_factory=dict)
    into: dict[Key, str] = field(default_factory=dict)
    amounts: dict[Key, int] = field(default_factory=dict)
    items: dict[Key, list[Piece]] = field(default_factory=dict)
    carried: dict[Key, list[Piece]] = field(default_factory=dict)
    came_back: dict[Key, Piece] = field(default_factory=dict)
    returned: dict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    holds: dict[int, tuple[str, int]] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    entries: dict[int, list[Move]] = field(default_factory=dict)
    reversed: set[int] = field(default_factory=set)

    def held(self, fund: str) -> int:
        return sum(amount for of, amount in self.holds.values() if of == fund)

    def available(self, fund: str) -> int:
        return sum(end - start for _, start, end in self.queues[fund]) - self.held(fund)

    def item_left(self, item: Key) -> int:
        return sum(end - start for _, start, end in self.items[item])

    def unspent(self, inflow: Key) -> list[tuple[int, int]]:
        return [(start, end) for key, start, end in self.queues[self.into[inflow]] if key == inflow]

    def after(self, number: int, moves: list[Move]) -> Oracle:
        """The books after an entry, or Refused; this object stays as it is."""
        later = copy.deepcopy(self)
        later.entries[number] = moves
        cleared = 0
        for line, move in enumerate(moves, start=1):
            later._take((number, line), move)
            later._give((number, line), move)
            cleared += (move.debit == "clearing") * move.amount - (move.credit == "clearing") * move.amount
        if cleared:
            raise Refused("unbalanced")
        return later

    def _take(self, key: Key, move: Move) -> None:
        self.amounts[key] = move.amount
        self.totals[move.debit] += move.amount
        taken: list[Piece] = []
        if move.debit.startswith("fund:"):
            taken = self._spend(key, move)
        elif move.debit == "owed":
            taken = self._settle(move)
        if move.source is not None:
            back = self._return(move)
            if not move.debit.startswith("fund:"):
                taken = back
                self.came_back[key] = (move.source, move.position, move.position + move.amount)
        self.carried[key] = taken

    def _spend(self, key: Key, move: Move) -> list[Piece]:
        if move.draw is not None:
            fund, held = self.holds[move.draw]
            if held < move.amount:
                raise Refused("not_reserved", move.amount - held)
            self.holds[move.draw] = (fund, held - move.amount)
        if self.available(move.debit) < move.amount:
            raise Refused("overdrawn", move.amount - self.available(move.debit))
        queue = self.queues[move.debit]
        self.spent[key] = _remove(queue, move.pin) if move.pin else _from_front(queue, move.amount)
        return [(key, 0, move.amount)]

    def _settle(self, move: Move) -> list[Piece]:
        assert move.settles is not None
        left = self.item_left(move.settles)
        if left < move.amount:
            raise Refused("item_exceeded", move.amount - left)
        return _from_front(self.items[move.settles], move.amount)

    def _return(self, move: Move) -> list[Piece]:
        assert move.source is not None
        units = set(range(move.position, move.position + move.amount))
        if max(units) >= self.amounts[move.source] or units & self.returned[move.source]:
            raise Refused("item_exceeded")
        self.returned[move.source] |= units
        whole = list(self.carried[move.source])
        _from_front(whole, move.position)
        return _from_front(whole, move.amount) if whole else []

    def _give(self, key: Key, move: Move) -> None:
        self.totals[move.credit] -= move.amount
        if move.credit.startswith("fund:"):
            self.queues[move.credit].append((key, 0, move.amount))
            self.into[key] = move.credit
        elif move.credit == "owed":
            self.items[key] = self.carried[key] or [(key, 0, move.amount)]
        elif move.credit == "shortfall" and self.totals["shortfall"] < 0:
            raise Refused("overdrawn", -self.totals["shortfall"])

    def mirror(self, number: int) -> list[Move]:
        """The lines that undo an entry, last first."""
        moves = []
        for line, move in reversed(list(enumerate(self.entries[number], start=1))):
            key = (number, line)
            settles = key if move.credit == "owed" else None
            source = key if settles is None and (move.debit.startswith("fund:") or move.debit == "owed") else None
            pin = (key, 0, move.amount) if move.credit.startswith("fund:") else None
            moves.append(Move(move.credit, move.debit, move.amount, settles=settles, source=source, pin=pin))
        return moves


def _from_front(queue: list[Piece], amount: int) -> list[Piece]:
    """Take `amount` units off the front."""
    taken: list[Piece] = []
    while amount and queue:
        key, start, end = queue.pop(0)
        part = min(end - start, amount)
        taken.append((key, start, start + part))
        amount -= part
        if start + part < end:
            queue.insert(0, (key, start + part, end))
    return taken


def _remove(queue: list[Piece], pin: Piece) -> list[Piece]:
    """Take exactly these units of one inflow out of the middle."""
    key, start, end = pin
    for place, (other, low, high) in enumerate(queue):
        if other == key and low <= start and end <= high:
            queue[place : place + 1] = [(key, a, b) for a, b in ((low, start), (end, high)) if a < b]
            return [pin]
    raise Refused("pin_refused")
