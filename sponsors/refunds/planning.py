"""Which money goes back, line by line, for a sum that a sponsor gets or a bank takes. Pure: plain numbers in, a plan out.

What is unspent of the sponsor's own money is given back from exactly where it lies now (pinned). What was spent is carried:
by the fund that it had fed, then the host's reserve, then the shortfall. A fund whose money is reserved for agreed work is
covered by the reserve, then the shortfall, so that no reservation ever shrinks. It reads no row and posts nothing.

Sums are minor units of one currency. Accounts and inflows are ids. Source of the rules: docs/refunds.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from funding.money import Money

GIVEN_BACK, COVER, CARRIED, LOST = "given_back", "cover", "carried", "lost_fee"
"""Kinds of lines: the sponsor's own unspent money; what makes room for it in a reserved fund; what others bear of the
spent part; what the processor keeps (the card fee of a refund), which the host bears."""

Span = tuple[int, int]
"""Units [from, to)."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Unspent money of an inflow: [start, end) on the credit line of the fund `account`. `position` counts its first unit in the inflow."""

    account: int
    start: int
    end: int
    position: int

    @property
    def amount(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Part:
    """`amount` of the sum that belongs to one inflow, or to none (`inflow` None: a lost fee, which nobody's money was).

    `home` is the fund that the inflow had fed. `spent` are the units of the inflow that were spent and that nobody carries yet.
    `to` is the account that gets it where that is not the one which holds the sum: a dispute's fee goes to the processor.
    `items`: the money never reached a fund and is owed (a surplus); (item, left) of what is open of it.
    """

    home: int
    amount: int
    inflow: int | None = None
    unspent: tuple[Stretch, ...] = ()
    spent: tuple[Span, ...] = ()
    to: int | None = None
    items: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One line to post, in its order. `credit` None is the account that holds the sum until it is paid or given back."""

    debit: int
    credit: int | None
    amount: int
    kind: str
    inflow: int | None = None
    pin: Span | None = None
    settles: int | None = None


@dataclass(frozen=True, slots=True)
class Carry:
    """Units [start, end) of an inflow that were spent and are given back with somebody else's money."""

    inflow: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Plan:
    steps: tuple[Step, ...]
    carried: tuple[Carry, ...]
    host: int
    reserve: int
    shortfall: int
    """The ids of the three accounts."""

    def total(self, *kinds: str, debit: int | None = None) -> int:
        """The sum of the lines of these kinds, of one debited account if told."""
        return sum(step.amount for step in self.steps if step.kind in kinds and debit in (None, step.debit))

    @property
    def from_reserve(self) -> int:
        """What the reserve covers and carries."""
        return self.total(COVER, CARRIED, LOST, debit=self.reserve)

    @property
    def from_shortfall(self) -> int:
        """What no fund can bear. A voluntary refund is refused when it is above zero: this much is missing."""
        return self.total(COVER, CARRIED, LOST, debit=self.shortfall)

    @property
    def from_others(self) -> int:
        """What money bears that is neither the sponsor's own nor the host's general fund: a second person has to agree to it.

        The host's general fund bears the lost fee and what it has spent of its own share: that is its own business.
        """
        return self.total(COVER, CARRIED, LOST) - self.total(CARRIED, LOST, debit=self.host)

    @property
    def held(self) -> int:
        """What the plan gathers: the sum that was asked for."""
        return sum(step.amount for step in self.steps if step.credit is None)


def divide(amount: int, left: Sequence[int]) -> list[int]:
    """A sum over what is left of each part, by largest remainder, so that the parts of all refunds add up exactly.

    Weights are what earlier refunds left, not the first shares: no part is ever asked for more than it has, and the last
    refund takes the rest to the cent. Raises ValueError for more than is left.
    """
    if not 0 <= amount <= sum(left):
        raise ValueError(f"{amount} cannot be divided over {sum(left)}")
    return [part.amount for part in Money(amount, "USD").split(left)] if amount else [0] * len(left)


def plan(parts: Iterable[Part], *, available: Mapping[int, int], host: int, reserve: int, shortfall: int) -> Plan:
    """The lines for the parts, in an order of which no prefix overdraws anything. `available` is by fund account.

    Every pin comes before any line that spends from the same fund in order, because that line could consume the very
    slice that is to be pinned; the reserve's own slices come first of all, because the reserve covers the others.
    """
    parts = list(parts)
    left = defaultdict(int, available)
    pins: dict[int, list[Step]] = defaultdict(list)
    carried: list[Carry] = []
    rests: list[tuple[Part, int]] = []
    steps: list[Step] = []
    for part in parts:
        if part.items:
            steps += _items(part)
            continue
        chosen, rest = _pins(part)
        for step in chosen:
            pins[step.debit].append(step)
        if rest and part.inflow is not None:
            carried += _carries(part, rest)
        rests.append((part, rest))
    for account in sorted(pins, key=lambda account: (account != reserve, account)):
        needed = sum(step.amount for step in pins[account])
        bearers = (shortfall,) if account == reserve else (reserve, shortfall)
        short = max(0, needed - left[account])
        steps += [Step(bearer, account, amount, COVER) for bearer, amount in _bear(short, bearers, left, shortfall)]
        steps += pins[account]
        left[account] += short - needed
    for part, rest in rests:
        kind = LOST if part.inflow is None else CARRIED
        steps += [
            Step(bearer, part.to, amount, kind, inflow=part.inflow)
            for bearer, amount in _bear(rest, (part.home, reserve, shortfall), left, shortfall)
        ]
    return Plan(tuple(steps), tuple(carried), host, reserve, shortfall)


def _pins(part: Part) -> tuple[list[Step], int]:
    """The unspent slices to give back, the latest units first, and what they lack."""
    rest, chosen = part.amount, []
    for stretch in sorted(part.unspent, key=lambda stretch: -stretch.position):
        amount = min(rest, stretch.amount)
        if amount:
            pin = (stretch.end - amount, stretch.end)
            chosen.append(Step(stretch.account, None, amount, GIVEN_BACK, inflow=part.inflow, pin=pin))
            rest -= amount
    return chosen, rest


def _items(part: Part) -> list[Step]:
    """Pay off what is owed of it, the oldest item first."""
    rest, found = part.amount, []
    for item, left in part.items:
        if amount := min(rest, left):
            found.append(Step(part.home, None, amount, GIVEN_BACK, inflow=part.inflow, settles=item))
            rest -= amount
    if rest:
        raise ValueError(f"{rest} more of {part.inflow} is to go back than is owed")
    return found


def _carries(part: Part, rest: int) -> list[Carry]:
    """The latest spent units that nobody carries yet."""
    found: list[Carry] = []
    for start, end in sorted(part.spent, reverse=True):
        amount = min(rest, end - start)
        if amount and part.inflow is not None:
            found.append(Carry(part.inflow, end - amount, end))
            rest -= amount
    if rest:
        raise ValueError(f"inflow {part.inflow} has {rest} less spent than is to be carried")
    return found


def _bear(amount: int, bearers: Sequence[int], left: dict[int, int], shortfall: int) -> list[Span]:
    """(account, amount) for each bearer in turn; what a fund bears is no longer available, the shortfall bears the rest."""
    found = []
    for bearer in bearers:
        part = amount if bearer == shortfall else min(amount, left[bearer])
        if part > 0:
            left[bearer] -= part
            found.append((bearer, part))
            amount -= part
    return found
