"""Who acts on news from the processor: one function per kind, registered by the app that put the kind into the metadata.

    handlers.register("invoice", services.on_news)

The function gets the reference from the metadata, the id of the object that the news is about, and the event's type. It is
called at least once, in any order, late: it reads the object again through the gateway and does nothing where nothing is new.

News without our metadata goes by the type of its object: a dispute that a bank opened, a refund that somebody made in the
processor's own dashboard, an account.

    handlers.register_object("dispute", services.on_dispute)
"""

from __future__ import annotations

from collections.abc import Callable

Handler = Callable[[str, str, str], None]
ObjectHandler = Callable[[str, str], None]

OF_CONNECTED = "account.updated"
"""The one that comes from connected accounts, whose endpoint is another; the rest comes from the platform's own."""
EVENTS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "setup_intent.setup_failed",
    "charge.updated",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "transfer.reversed",
    OF_CONNECTED,
    "topup.succeeded",
    "topup.failed",
    "topup.reversed",
)
"""The types of events that tell us something new: what the endpoints at the processor are to have as `enabled_events`.

The rest (a customer was created, a charge of which the intent tells too) says what the answer to our own call said already.
Whatever is sent besides is stored, acknowledged and routed all the same.
"""

_handlers: dict[str, Handler] = {}
_objects: dict[str, list[ObjectHandler]] = {}


def register(kind: str, function: Handler) -> None:
    """Route news of this kind. Raises ValueError when another function has the kind already."""
    if _handlers.setdefault(kind, function) is not function:
        raise ValueError(f"news of kind “{kind}” already has a handler")


def find(kind: str) -> Handler | None:
    return _handlers.get(kind)


def register_object(object_type: str, function: ObjectHandler) -> None:
    """Route news of this type of object (`dispute`, `refund`, `account`, `transfer`) that no kind's function takes.

    The function gets the object's id and the event's type. Several apps may register for one type: each is called, in the
    order of registration, and all again when one of them fails. An object may be nobody's: then there is nothing to do.
    """
    waiting = _objects.setdefault(object_type, [])
    if function not in waiting:
        waiting.append(function)


def find_object(object_type: str) -> list[ObjectHandler]:
    return list(_objects.get(object_type, ()))
