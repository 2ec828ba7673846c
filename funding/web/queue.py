"""Hand a job to Celery by name, and let the sweeper find it when the broker cannot be reached.

Services name their own tasks here instead of importing them, because a task imports its service.
"""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def enqueue(task: str, *args: int | str) -> None:
    """Ask for `task(*args)` soon. Never raises: the row that made the job is the job, this only shortens the wait."""
    try:
        current_app.send_task(task, args=args, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("%s%r waits for its sweeper: %s", task, args, error)


def enqueue_on_commit(task: str, *args: int | str) -> None:
    """`enqueue` once the transaction is committed."""
    transaction.on_commit(lambda: enqueue(task, *args))
