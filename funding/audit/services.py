"""One decorator puts a verb into the audit log: its success inside the transaction, its refusal after the rollback.

A refused act has changed nothing, yet the attempt is a fact that an auditor wants; so it is written once the
transaction that it was refused in is gone.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

from funding import clock
from funding.audit.models import Record
from funding.errors import Refused
from funding.web import reading, submissions

P = ParamSpec("P")
R = TypeVar("R")

LOST_AGAINST_OTHERS = {"40001", "40P01"}
"""serialization_failure and deadlock_detected: nothing was written, and the same statements may succeed now."""
TRIES = 3
SYSTEM = "Daybook"
"""Who acts when the schedule does."""
VISITOR = "A visitor"
"""Who acts without an account: on a page for everybody, or by a link from a mail."""


def record(*, actor: object, act: str, subject: object, outcome: str = Record.DONE, rule: str = "", reason: str = "") -> Record:
    """Write one row. `actor` is a User, or None for the schedule; `subject` is anything with a short `ref`, or text."""
    return Record.objects.create(
        at=clock.now(),
        actor_id=getattr(actor, "pk", None),
        actor_label=_label(actor)[:200],
        act=act,
        subject=str(getattr(subject, "ref", subject))[:120],
        outcome=outcome,
        rule=rule,
        reason=reason,
    )


def _label(actor: object) -> str:
    if actor is None:
        return SYSTEM
    return str(actor) if getattr(actor, "is_authenticated", True) else VISITOR


def audited(act: str, *, subject: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Wrap a keyword-only service that takes `actor`. `subject` names the argument that the act is about.

    The service runs in one transaction, which is begun anew when the database chose it to end a deadlock: it calls nobody
    else and reads its rows itself. `Refused` is written after the rollback and raised again; every other error leaves no
    row, because nobody was forbidden anything.
    """

    def decorate(service: Callable[P, R]) -> Callable[P, R]:
        parameters = inspect.signature(service).parameters
        if "actor" not in parameters or subject not in parameters:
            raise TypeError(f"{service.__qualname__} needs the arguments actor and {subject} to be audited")

        @functools.wraps(service)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            actor, about = kwargs.get("actor"), kwargs.get(subject)
            reason = str(kwargs.get("reason") or "")

            def once() -> R:
                with transaction.atomic():
                    result = service(*args, **kwargs)
                    record(actor=actor, act=act, subject=about, reason=reason)
                    submissions.note_act()
                    return result

            try:
                with reading.afresh():
                    return _until_it_stands(once)
            except Refused as refusal:
                record(actor=actor, act=act, subject=about, outcome=Record.REFUSED, rule=refusal.rule, reason=refusal.message)
                raise

        return run

    return decorate


def _until_it_stands(once: Callable[[], R]) -> R:
    """Run a whole transaction, and again if it lost against others and left nothing behind. Inside another one, only that one can."""
    for _ in range(TRIES - 1):
        try:
            return once()
        except OperationalError as error:
            if connection.in_atomic_block or getattr(error.__cause__, "sqlstate", None) not in LOST_AGAINST_OTHERS:
                raise
    return once()
