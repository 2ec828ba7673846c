"""What a transfer was for, told by the app that knows. Apps above register; pages below and beside ask in batches.

A reference is (kind, id), as a transfer stores it in `about_kind` and `about_id`. Privacy is decided inside
`describe`: what the viewer may not know is not in the label.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from funding.people.roles import Viewer
from funding.web import ahead, reading
from funding.web.ahead import Question

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
Asks = Callable[[Iterable[int], Viewer], list[Question]]

_registry: dict[str, Describe] = {}
_asks: dict[str, Asks] = {}


def register(kind: str, describe: Describe, asks: Asks) -> None:
    """`describe(ids, viewer)` answers a Label for each id of that kind, in a constant number of queries.

    `asks(ids, viewer)` are the questions that it begins with, so that a page asks those of all kinds at once.
    """
    _registry[kind], _asks[kind] = describe, asks


def questions(refs: Iterable[Ref], viewer: Viewer) -> list[Question]:
    """What `describe` asks first about these, for a page that looks ahead."""
    return [question for kind, ids in _by_kind(refs).items() if kind in _asks for question in _asks[kind](ids, viewer)]


def _by_kind(refs: Iterable[Ref]) -> dict[str, list[int]]:
    by_kind: dict[str, set[int]] = defaultdict(set)
    for kind, pk in refs:
        by_kind[kind].add(pk)
    return {kind: sorted(ids) for kind, ids in by_kind.items()}


def describe(refs: Iterable[Ref], viewer: Viewer) -> dict[Ref, Label]:
    """Labels for references of any kinds; one call to each app that is concerned, and the first questions of all in one."""
    by_kind = _by_kind(refs)
    if reading.on():  # what to ask hangs on the viewer's roles, which nobody remembers elsewhere
        ahead.look(*questions(((kind, pk) for kind, ids in by_kind.items() for pk in ids), viewer))
    labels: dict[Ref, Label] = {}
    for kind, ids in by_kind.items():
        found = _registry[kind](ids, viewer) if kind in _registry else {}
        for pk in ids:
            labels[kind, pk] = found.get(pk) or Label(f"{kind} {pk}", private=True)
    return labels
