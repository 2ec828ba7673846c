"""The webhook inbox: store once, answer at once, act later; what fails is tried again and then parked where a person sees it.

The event's id is unique, so a repeat is found and changes nothing. Handlers read the object again, so a late or
misordered event tells them nothing wrong.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Invalid
from funding.payments import gateway, handlers, policies
from funding.payments.models import InboxEvent
from funding.people.models import User
from funding.web.queue import enqueue_on_commit

log = logging.getLogger(__name__)

STATE = InboxEvent.State
WAITS = [dt.timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3_600, 10_800, 21_600)]
"""Between attempts; one more failure parks the event. About nine hours in all, so that an outage of ours or theirs passes."""
LEASE = dt.timedelta(minutes=4)
"""How long one attempt may take before another worker may begin it again."""
LONGEST_ERROR = 2_000
TASK = "funding.payments.tasks.handle_event"


def receive(*, payload: bytes, signature: str) -> InboxEvent:
    """Check the signature and store the event if it is new. Raises gateway.BadSignature, and stores nothing then.

    A repeat returns the stored row untouched. Fast by design: one insert, and a job once it is committed.
    """
    event = gateway.read_event(payload=payload, signature=signature)
    stored = InboxEvent.objects.filter(event_id=event.id).first()
    if stored is not None:
        return stored
    try:
        with transaction.atomic():
            row = InboxEvent.objects.create(
                event_id=event.id,
                type=event.type[:100],
                object_id=event.object_id,
                object_type=event.object_type[:60],
                kind=event.metadata.get("kind", "")[:60],
                reference=event.metadata.get("reference", "")[:200],
                payload=payload,
                received_at=clock.now(),
                next_try_at=timezone.now(),
            )
            enqueue_on_commit(TASK, row.pk)
            return row
    except IntegrityError:
        return InboxEvent.objects.get(event_id=event.id)


def handle(*, event_pk: int) -> str:
    """Act on one stored event if it is due and nobody else is at it. Returns its state afterwards.

    The attempt is claimed by moving the next one into the future, so no transaction stays open over the network and a
    killed worker's event comes back by itself.
    """
    now = timezone.now()
    due = InboxEvent.objects.filter(pk=event_pk, state=STATE.RECEIVED, next_try_at__lte=now)
    claimed = due.update(attempts=F("attempts") + 1, next_try_at=now + LEASE)
    event = InboxEvent.objects.get(pk=event_pk)
    if not claimed:
        return event.state
    try:
        acted = _route(event)
    except Exception as error:  # whatever a handler raises is kept on the event and shown to staff
        log.exception("%s failed on attempt %s", event, event.attempts)
        return _failed(event, error)
    return _moved(event, STATE.DONE if acted else STATE.IGNORED, error="", handled_at=clock.now())


def due(*, limit: int = 200) -> list[int]:
    """Events that wait and whose time has come, oldest first."""
    found = InboxEvent.objects.filter(state=STATE.RECEIVED, next_try_at__lte=timezone.now())
    return list(found.order_by("id").values_list("pk", flat=True)[:limit])


@audited("payments.replay_event", subject="event")
def replay(*, actor: User, event: InboxEvent) -> InboxEvent:
    """Try an event again from the beginning. Safe for one that was done: handlers find nothing new. Raises Refused, Conflict."""
    policies.require_keeper(actor)
    locked = InboxEvent.objects.select_for_update().get(pk=event.pk)
    InboxEvent.LIFECYCLE.check(locked.state, STATE.RECEIVED)
    locked.state, locked.attempts, locked.next_try_at, locked.handled_at = STATE.RECEIVED, 0, timezone.now(), None
    locked.save(update_fields=["state", "attempts", "next_try_at", "handled_at"])
    enqueue_on_commit(TASK, locked.pk)
    return locked


@audited("payments.close_event", subject="event")
def close(*, actor: User, event: InboxEvent, reason: str) -> InboxEvent:
    """Put a parked event aside for good, with a reason for the audit log. Raises Refused, Conflict, Invalid."""
    policies.require_keeper(actor)
    if not reason.strip():
        raise Invalid(_("Say why nothing is to be done about this event."), field="reason")
    locked = InboxEvent.objects.select_for_update().get(pk=event.pk)
    InboxEvent.LIFECYCLE.check(locked.state, STATE.IGNORED)
    locked.state, locked.handled_at = STATE.IGNORED, clock.now()
    locked.save(update_fields=["state", "handled_at"])
    return locked


def _route(event: InboxEvent) -> bool:
    """Call whoever the event is for. False when nobody is."""
    handler = handlers.find(event.kind) if event.reference else None
    if handler is not None:
        handler(event.reference, event.object_id, event.type)
        return True
    waiting = handlers.find_object(event.object_type)
    for function in waiting:
        function(event.object_id, event.type)
    return bool(waiting)


def _failed(event: InboxEvent, error: Exception) -> str:
    said = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
    if event.attempts > len(WAITS):
        return _moved(event, STATE.PARKED, error=said)
    InboxEvent.objects.filter(pk=event.pk).update(error=said, next_try_at=timezone.now() + WAITS[event.attempts - 1])
    return STATE.RECEIVED


def _moved(event: InboxEvent, state: str, **fields: object) -> str:
    """Move on unless a person did something about the event meanwhile."""
    InboxEvent.LIFECYCLE.check(STATE.RECEIVED, state)
    if not InboxEvent.objects.filter(pk=event.pk, state=STATE.RECEIVED).update(state=state, **fields):
        log.warning("%s was moved by somebody else while it was handled", event)
    return state
