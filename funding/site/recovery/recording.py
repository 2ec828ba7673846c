"""What Celery says of each task, kept: the pulse of scheduled ones, the failures of all.

A failure to write it down must not fail the task, and a task that is tried again by its own row (a processor that
cannot be reached, another worker that holds it) is no trouble.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery.signals import task_failure, task_prerun, task_success
from django.db import DatabaseError

from funding.errors import Unavailable
from funding.site.recovery import pulse
from funding.web import trouble

log = logging.getLogger(__name__)


def connect() -> None:
    task_prerun.connect(_began, dispatch_uid="recovery.began")
    task_success.connect(_finished, dispatch_uid="recovery.finished")
    task_failure.connect(_failed, dispatch_uid="recovery.failed")


def _began(sender: Any = None, **kwargs: Any) -> None:
    _kept(lambda: pulse.began(sender.name))


def _finished(sender: Any = None, **kwargs: Any) -> None:
    def keep() -> None:
        pulse.finished(sender.name)
        trouble.over(sender.name, about(sender.request.args))

    _kept(keep)


def _failed(sender: Any = None, exception: BaseException | None = None, args: Any = (), **kwargs: Any) -> None:
    def keep() -> None:
        if exception is None:
            return
        pulse.failed(sender.name, exception)
        if not isinstance(exception, Unavailable):
            trouble.note(sender.name, about(args), exception, args=tuple(args or ()))

    _kept(keep)


def about(args: Any) -> str:
    """What a task's arguments are called: ids, as text."""
    return ", ".join(str(arg) for arg in args or ())[:200]


def _kept(keep: Callable[[], None]) -> None:
    try:
        keep()
    except DatabaseError:
        log.exception("the pulse of a task could not be kept")
