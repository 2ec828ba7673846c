"""Is each part that the site needs there? Asked by the supervisor and by whoever runs it."""

from __future__ import annotations

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"down: {type(error).__name__}"
    return "up"


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"unknown: {type(error).__name__}"
    return f"{len(waiting)} waiting" if waiting else "up"


def _broker() -> str:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
    except redis.RedisError as error:
        return f"down: {type(error).__name__}"
    return "up"


PARTS: dict[str, Callable[[], str]] = {"database": _database, "migrations": _migrations, "redis": _broker}


def parts() -> dict[str, str]:
    """Each part with “up”, or what is wrong with it."""
    return {name: look() for name, look in PARTS.items()}
