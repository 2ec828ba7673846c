"""The registry of what must always be true, recomputed from the rows by `manage.py verify_books`.

The ledger registers I1 to I7; apps above it register theirs with `register("I9", function)`. A check reads, never writes,
and must be able to fail: its test plants the corruption that it is there to find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction

from funding.money import Money


@dataclass(slots=True)
class Tally:
    """What a check looked at: counts, and sums in minor units per currency. It is printed beside the result."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sums: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] += number

    def add(self, what: str, currency: str, amount: int) -> None:
        self.sums[what, currency] += amount

    def describe(self) -> str:
        """`entries: 12, transfers: 40, cash: $1,200.00`. The number comes last, so that one of them reads right too."""
        parts = [f"{what}: {number:,}" for what, number in self.counts.items()]
        parts += [f"{what}: {Money(int(amount), currency)}" for (what, currency), amount in sorted(self.sums.items())]
        return ", ".join(parts) or "nothing to look at"


Check = Callable[[Tally], Iterator[str]]
"""Counts what it looks at and yields one sentence for each problem. The first line of its docstring is the invariant."""


@dataclass(frozen=True, slots=True)
class Result:
    code: str
    title: str
    tally: Tally
    problems: list[str]

    @property
    def holds(self) -> bool:
        return not self.problems


_checks: dict[str, list[Check]] = {}


def register(code: str, function: Check) -> None:
    """Add a check under an invariant's code. Several may share a code; adding one twice changes nothing."""
    registered = _checks.setdefault(code, [])
    if function not in registered:
        registered.append(function)


def codes() -> list[str]:
    """The invariants that have a check, in the order of their numbers."""
    return sorted(_checks, key=lambda code: (len(code), code))


def run(*chosen: str) -> list[Result]:
    """Run the named invariants, or all, in one read-only snapshot of the books."""
    with snapshot():
        return [_run_one(code) for code in chosen or codes()]


def _run_one(code: str) -> Result:
    tally, problems, titles = Tally(), [], []
    for check in _checks[code]:
        problems += list(check(tally))
        titles.append((check.__doc__ or check.__name__).strip().splitlines()[0])
    return Result(code, " ".join(titles), tally, problems)


@contextmanager
def snapshot() -> Iterator[None]:
    """One REPEATABLE READ, READ ONLY transaction; inside a transaction that has begun already, that one."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
