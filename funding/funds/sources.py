"""What a transfer was for, told by the app that knows. Apps above register; pages below and beside ask in batches.

A reference is (kind, id), as a transfer stores it in `about_kind` and `about_id`. Privacy is decided inside
`describe`: what the viewer may not know is not in the label.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from funding.people.roles import Viewer

Ref = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Label:
    """One line about a reference: `text` for the viewer, `url` ("" when there is no page for them).

    `half_days` if it is work, with the name of its `project`.
    """

    text: str
    url: str = ""
    half_days: int | None = None
    private: bool = False
    project: str = ""


Describe = Callable[[Iterable[int], Viewer], Mapping[int, Label]]

_registry: dict[str, Describe] = {}


def register(kind: str, describe: Describe) -> None:
    """`describe(ids, viewer)` answers a Label for each id of that kind, in a constant number of queries."""
    _registry[kind] = describe


def describe(refs: Iterable[Ref], viewer: Viewer) -> dict[Ref, Label]:
    """Labels for references of any kinds; one call to each app that is concerned."""
    by_kind: dict[str, set[int]] = defaultdict(set)
    for kind, pk in refs:
        by_kind[kind].add(pk)
    labels: dict[Ref, Label] = {}
    for kind, ids in by_kind.items():
        found = _registry[kind](ids, viewer) if kind in _registry else {}
        for pk in ids:
            labels[kind, pk] = found.get(pk) or Label(f"{kind} {pk}", private=True)
    return labels
