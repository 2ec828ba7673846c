"""The test database, made as production makes its own: the owner role migrates, the app role runs the tests.

Rows of the books cannot be deleted or truncated, so after a test with real commits the owner lifts the guards,
empties the tables and puts the guards back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import TransactionTestCase
from psycopg import sql

pytest_plugins = ["tests.funding.payments.standin"]

settings.CACHES["default"]["KEY_PREFIX"] = f"tests-{os.getpid()}"
"""The cache's counts by address are not those of another run, or of a run an hour ago."""

KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def _server(autocommit: bool = True, **override: Any) -> psycopg.Connection[Any]:
    """A connection as the owner role, outside Django."""
    params = {**connections["owner"].get_connection_params(), **override}
    for name in ("context", "cursor_factory", "prepare_threshold"):
        params.pop(name, None)
    return psycopg.connect(**params, autocommit=autocommit)


def end_sessions(database: str) -> None:
    """End what the app role left open there (threads of a live server): the owner may not end another role's sessions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND usename = current_user AND pid <> pg_backend_pid()",
            [database],
        )


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    name = "_".join(filter(None, ["test_daybook", os.environ.get("DAYBOOK_TEST_PREFIX"), os.environ.get("PYTEST_XDIST_WORKER")]))
    with django_db_blocker.unblock():
        with _server(dbname="postgres") as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        for alias in ("default", "owner"):
            connections[alias].close()
            settings.DATABASES[alias]["NAME"] = connections[alias].settings_dict["NAME"] = name
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        connections["owner"].close()
    yield
    with django_db_blocker.unblock():
        end_sessions(name)
        connections.close_all()
        with _server(dbname="postgres") as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def empty_tables() -> None:
    """Delete every row that a test committed, as the owner."""
    with _server(dbname=connection.settings_dict["NAME"]) as owner, owner.transaction():
        tables = [row[0] for row in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") if row[0] not in KEPT]
        guarded = [row[0] for row in owner.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")]
        for table in guarded:
            owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        owner.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
        for table in guarded:
            owner.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))


TransactionTestCase._fixture_teardown = lambda self: empty_tables()  # type: ignore[method-assign]


@pytest.fixture
def owner_connection(db: None) -> Iterator[psycopg.Connection[Any]]:
    """The owner role on the test database, for tests that plant what no app role could. Outside the test's transaction."""
    with _server(dbname=connection.settings_dict["NAME"]) as owner:
        yield owner


@pytest.fixture(autouse=True)
def _plain_static(settings: Any) -> None:
    settings.STATIC_ROOT = None  # tests collect no files, and WhiteNoise warns about a folder that is not there
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
