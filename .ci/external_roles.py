"""Makes the roles and the database of an installation on the PostgreSQL at 127.0.0.1:5432, as docs/reference/running.md describes."""

import sys
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from funding.runtime.embedded import OWNER_ROLE, ensure_database, ensure_roles

ADMIN = "postgres://postgres@127.0.0.1:5432/postgres"

with psycopg.connect(ADMIN, autocommit=True) as server:
    ensure_roles(server)
    ensure_database(server, "daybook_ci", OWNER_ROLE)
    print("PostgreSQL", server.info.server_version // 10_000, "at 127.0.0.1:5432 has the roles and a database.")
