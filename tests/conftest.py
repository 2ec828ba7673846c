"""The test database, made as production makes its own: the owner role migrates, the app role runs the tests.

Rows of the books cannot be deleted or truncated, so after a test with real commits the owner lifts the guards,
empties the tables and puts the guards back.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from django.test import TransactionTestCase
from psycopg import sql
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["tests.funding.payments.standin"]

ROOT = Path(__file__).resolve().parent.parent
INSTALLERS = {"models.py", "apps.py", "grants.py", "appendonly.py", "guards.py", "fixed.py"}
TOGETHER = (
    "tests/browser/",
    "tests/faults/test_flushed",
    "tests/faults/test_kills",
    "tests/faults/test_points",
    "tests/site/test_canaries",
)
"""What stands on one dear fixture of its folder or module."""
MOMENTS = 60
"""Seconds that a database may stay in use before it is dropped."""
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


class Together(LoadScopeScheduling):
    """One process of a parallel run makes such a fixture, and begins with it; each other test goes to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return next((start.rpartition("/")[0] for start in TOGETHER if nodeid.startswith(start)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    return Together(config, log)


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


def _drop(name: str) -> None:
    """Drop it whoever is connected. A vacuum of the server's own, which the owner may not end, is waited for."""
    with _server(dbname="postgres") as server:
        for _ in range(MOMENTS):
            try:
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
                return
            except psycopg.errors.InsufficientPrivilege:
                time.sleep(1)
    raise RuntimeError(f"the database {name} stayed in use")


def use(name: str) -> None:
    """Both connections go to that database from now on."""
    for alias in ("default", "owner"):
        connections[alias].close()
        settings.DATABASES[alias]["NAME"] = connections[alias].settings_dict["NAME"] = name


def _shapes(path: Path) -> bool:
    """Whether the file has a say in what a migrated database holds: its tables, its functions, its grants and guards."""
    return path.suffix == ".sql" or (path.suffix == ".py" and ("migrations" in path.parts or path.name in INSTALLERS))


def _template() -> str:
    """A migrated database to copy from, named after what its migrations say. The first process that needs it makes it."""
    files = sorted(path for folder in ("funding", "sponsors", "grants") for path in (ROOT / folder).rglob("*.*") if _shapes(path))
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in files))
    name = f"test_daybook_made_{digest.hexdigest()[:16]}"
    with _server(dbname="postgres") as server:
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])  # until this connection is closed
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        half_made = f"{name}_half"
        _drop(half_made)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(half_made)))
        use(half_made)
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        connections.close_all()
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(half_made), sql.Identifier(name)))
    return name


def own_name(kind: str = "") -> str:
    """The name of a database of this process's own. A developer who names their own keeps the template for the next run."""
    return "_".join(filter(None, ["test_daybook", kind, os.environ.get("DAYBOOK_TEST_PREFIX"), os.environ.get("PYTEST_XDIST_WORKER")]))


def make_database(name: str) -> None:
    """A migrated database of that name, to which both connections go from now on."""
    template = _template()  # which another process may have dropped that ended before this one
    _drop(name)
    with _server(dbname="postgres") as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    use(name)


def remove_database(name: str) -> None:
    end_sessions(name)
    connections.close_all()
    _drop(name)


@pytest.fixture(scope="session")
def migrated(django_db_blocker: Any) -> Iterator[str]:
    """The name of the migrated database that all others are copies of."""
    with django_db_blocker.unblock():
        name = _template()
    yield name
    if not os.environ.get("DAYBOOK_TEST_PREFIX"):
        _drop(name)


@pytest.fixture(scope="session")
def django_db_setup(migrated: str, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        make_database(own_name())
    yield
    with django_db_blocker.unblock():
        remove_database(own_name())


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


@pytest.fixture(scope="session", autouse=True)
def _addresses() -> None:
    """Read before the first test: which addresses there are depends on settings that a test may change for itself."""
    import_module(settings.ROOT_URLCONF)


@pytest.fixture(autouse=True)
def _counts_of_its_own() -> None:
    """What one test tried is not counted against the next, nor against another run: each has keys of its own in Redis."""
    settings.CACHES["default"]["KEY_PREFIX"] = cache.key_prefix = f"tests-{uuid.uuid4()}"


@pytest.fixture(autouse=True)
def _plain_static(settings: Any) -> None:
    settings.STATIC_ROOT = None  # tests collect no files, and WhiteNoise warns about a folder that is not there
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
