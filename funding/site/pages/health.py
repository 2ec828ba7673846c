"""Is each part that the site needs there? Asked by the supervisor, by a balancer, and by whoever runs it.

Without the first three no page can be served. The others make the site late and not wrong: pages are served, and jobs wait.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import override

from funding.mail.models import Message
from funding.payments.models import InboxEvent
from funding.site.recovery import pulse

LATE = dt.timedelta(minutes=15)
"""A mail or an event whose time came longer ago than this waits for something that does not work."""


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"down: {type(error).__name__}"
    return "up"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} waiting" if waiting else "up"


def _broker() -> str:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
    except redis.RedisError as error:
        return f"down: {type(error).__name__}"
    return "up"


def _jobs() -> str:
    silence = pulse.silence()
    return f"down: {silence}" if silence else "up"


def _schedule() -> str:
    silent = [beat.short for beat in pulse.overdue()]
    return f"silent: {', '.join(silent)}" if silent else "up"


def _mail() -> str:
    late = Message.objects.filter(state=Message.State.QUEUED, next_try_at__lt=timezone.now() - LATE).count()
    return f"{late} waiting for longer than {pulse.words(LATE)}" if late else "up"


def _webhooks() -> str:
    late = InboxEvent.objects.filter(state=InboxEvent.State.RECEIVED, next_try_at__lt=timezone.now() - LATE).count()
    return f"{late} waiting for longer than {pulse.words(LATE)}" if late else "up"


SERVING: dict[str, Callable[[], str]] = {"database": _database, "migrations": _migrations, "redis": _broker}
WORKING: dict[str, Callable[[], str]] = {"jobs": _jobs, "schedule": _schedule, "mail": _mail, "webhooks": _webhooks}


@override(None)
def parts() -> tuple[dict[str, str], dict[str, str]]:
    """What serving a page needs, and what works behind the pages: each part with “up”, or what is wrong with it. Never translated."""
    return {name: _asked(look) for name, look in SERVING.items()}, {name: _asked(look) for name, look in WORKING.items()}


def _asked(look: Callable[[], str]) -> str:
    try:
        return look()
    except DatabaseError as error:
        return f"unknown: {type(error).__name__}"
