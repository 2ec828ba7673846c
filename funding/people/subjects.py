"""The things over which a role can be held. Apps above register theirs, so that this floor need not know them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils.translation import gettext as _

from funding.people.models import HOST

Choice = tuple[str, str]

_sources: list[Callable[[], Iterable[Choice]]] = []


def register(source: Callable[[], Iterable[Choice]]) -> None:
    """`source()` yields (subject, label) pairs, such as ("project:quillon", "Project Quillon")."""
    if source not in _sources:
        _sources.append(source)


def choices() -> list[Choice]:
    return [(HOST, _("The host")), *(choice for source in _sources for choice in source())]


def label(subject: str) -> str:
    return dict(choices()).get(subject, subject)
