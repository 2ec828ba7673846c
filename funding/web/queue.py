"""Hand a job to Celery by name, and let the sweeper find it when the broker cannot be reached.

Services name their own tasks here instead of importing them, because a task imports its service.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from celery import current_app, current_task
from django.db import connection, transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

R = TypeVar("R")
LOCKS = 0x73776570
"""The class of the database's advisory locks that sweepers take."""
_left_to_sweepers = ContextVar("left_to_sweepers", default=False)


@contextmanager
def left_to_sweepers() -> Iterator[None]:
    """No worker is asked for anything meanwhile: whoever opens this runs the sweepers, which find the same rows."""
    token = _left_to_sweepers.set(True)
    try:
        yield
    finally:
        _left_to_sweepers.reset(token)


def enqueue(task: str, *args: int | str) -> None:
    """Ask for `task(*args)` soon. Never raises: the row that made the job is the job, this only shortens the wait."""
    if _left_to_sweepers.get():
        return
    try:
        current_app.send_task(task, args=args, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("%s%r waits for its sweeper: %s", task, args, error)


def enqueue_on_commit(task: str, *args: int | str) -> None:
    """`enqueue` once the transaction is committed."""
    transaction.on_commit(lambda: enqueue(task, *args))


def one_at_a_time(sweep: Callable[[], R]) -> Callable[[], R | None]:
    """A sweeper that a worker leaves to the run that is still going; it then returns None. Put it under `@shared_task`.

    Whoever calls it in their own process (the demo's calendar) waits for that run and does their own. The lock goes with
    the connection, so that a killed worker leaves none.
    """

    @functools.wraps(sweep)
    def run() -> R | None:
        key: tuple[int, str] = (LOCKS, f"{sweep.__module__}.{sweep.__name__}")
        by_worker = bool(current_task) and not current_task.request.called_directly
        with connection.cursor() as cursor:
            if by_worker:
                cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", key)
                if cursor.fetchone() == (False,):
                    return None
            else:
                cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", key)
        try:
            return sweep()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", key)

    return run
