"""Who knows which entry a movement belongs to: a registry that the apps above fill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from funding.payments.models import ProcessorLine


@dataclass(frozen=True, slots=True)
class Claim:
    """`net` minor units of a movement were booked by the entry of this number; `made_by` are the ids of the users who decided it."""

    entry_id: int
    net: int
    made_by: frozenset[int] = frozenset()


Claims = Callable[[Sequence[ProcessorLine]], Mapping[str, "Claim | Sequence[Claim]"]]
Namer = Callable[[int], None]
Makers = Callable[[Sequence[int]], Mapping[int, frozenset[int]]]


@dataclass(frozen=True, slots=True)
class Claimer:
    name: str
    claims: Claims
    makers: Makers | None
    namer: Namer | None


_claimers: dict[str, Claimer] = {}


def register(name: str, claims: Claims, makers: Makers | None = None, namer: Namer | None = None) -> None:
    """Take part. `claims` and `makers` are called with hundreds of rows at once and read in batch. The same name again replaces it.

    `namer` is called before, outside a transaction and with a limit: it asks the processor for the movements of what was booked
    without them, such as before movements were read. It may raise gateway.Unavailable, and then nothing is compared.
    """
    _claimers[name] = Claimer(name, claims, makers, namer)


def name_movements(limit: int) -> None:
    """Let every app find the movements that its own rows lack, at most `limit` each."""
    for claimer in _claimers.values():
        if claimer.namer:
            claimer.namer(limit)


def ask(lines: Sequence[ProcessorLine]) -> list[tuple[ProcessorLine, str, Claim]]:
    """Every claim to these movements, with the name of who makes it. Raises ValueError when two apps claim one movement."""
    known = {line.txn_id: line for line in lines}
    taken: dict[str, str] = {}
    found: list[tuple[ProcessorLine, str, Claim]] = []
    for claimer in _claimers.values():
        for txn_id, made in claimer.claims(lines).items():
            if txn_id not in known:
                continue
            if taken.setdefault(txn_id, claimer.name) != claimer.name:
                raise ValueError(f"{txn_id} is claimed by {taken[txn_id]} and by {claimer.name}")
            found += [(known[txn_id], claimer.name, claim) for claim in ([made] if isinstance(made, Claim) else made)]
    return found


def makers(entries: Sequence[int]) -> set[int]:
    """The ids of everybody who decided one of these entries, as far as any app knows."""
    found: set[int] = set()
    for claimer in _claimers.values():
        if claimer.makers:
            found.update(*claimer.makers(entries).values())
    return found
