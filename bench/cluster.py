"""A PostgreSQL of the bench's own, with durable settings, and one database for each ledger that is measured.

It is the embedded one that bin/demo starts, with its data in a directory that goes when the bench ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from funding.runtime import embedded
from funding.runtime.log import Log
from funding.runtime.supervisor import Supervisor

ROOT = Path(__file__).resolve().parent.parent
SHOWN = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "wal_sync_method")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where it listens, who tells about progress, and the environment in which the site finds it."""

    sockets: Path
    environment: dict[str, str]
    say: Callable[[str], None]

    def connect(self, database: str = embedded.DATABASE, role: str = embedded.SUPERUSER) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.sockets), dbname=database, user=role, autocommit=True)

    def settings(self) -> dict[str, str]:
        with self.connect() as connection:
            return {name: str(connection.execute(f"SHOW {name}").fetchone()[0]) for name in SHOWN}  # type: ignore[index]

    def pgbench(self, database: str, *words: str, role: str = embedded.SUPERUSER) -> str:
        command = [str(embedded.postgres_programs() / "pgbench"), "-h", str(self.sockets), "-U", role, *words, database]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip()[-2000:])
        return done.stdout

    def python(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """A Python of its own that answers on its standard output; see workers.py."""
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env={**self.environment, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


@contextmanager
def started(*, say: Callable[[str], None], references: bool = True) -> Iterator[Cluster]:
    """The cluster, with the site's schema as `migrate` makes it, every trigger and CHECK on; and with what it is compared to."""
    state = Path(tempfile.mkdtemp(prefix="daybook-bench-", dir="/var/tmp" if os.access("/var/tmp", os.W_OK) else None))
    try:
        with Supervisor(Log(sys.stderr)) as supervisor:
            say("Starting PostgreSQL …")
            servers = embedded.start(supervisor, state=state, copy=embedded.copy_place(state))
            site = {
                "SECRET_KEY": "bench", "BASE_URL": "http://127.0.0.1:8000", "EMAIL_URL": "consolemail://",
                "DJANGO_SETTINGS_MODULE": "funding.settings",
            }  # fmt: skip
            cluster = Cluster(servers.sockets, {**os.environ, **site, **servers.environment()}, say)
            say("Making the schema …")
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--database", "owner", "-v0"], cwd=ROOT, env=cluster.environment, check=True
            )
            if references:
                with cluster.connect() as connection:
                    for name in ("tpcb", "hordak"):
                        connection.execute(f"CREATE DATABASE {name}")
                cluster.pgbench("tpcb", "-q", "-i", "-s", "10")
            yield cluster
    finally:
        shutil.rmtree(state, ignore_errors=True)
