"""Who acts on news from the processor: one function per kind, registered by the app that put the kind into the metadata.

    handlers.register("invoice", services.on_news)

The function gets the reference from the metadata, the id of the object that the news is about, and the event's type. It is
called at least once, in any order, late: it reads the object again through the gateway and does nothing where nothing is new.
"""

from __future__ import annotations

from collections.abc import Callable

Handler = Callable[[str, str, str], None]

_handlers: dict[str, Handler] = {}


def register(kind: str, function: Handler) -> None:
    """Route news of this kind. Raises ValueError when another function has the kind already."""
    if _handlers.setdefault(kind, function) is not function:
        raise ValueError(f"news of kind “{kind}” already has a handler")


def find(kind: str) -> Handler | None:
    return _handlers.get(kind)
