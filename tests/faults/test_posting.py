"""Sixteen clients post; some are killed, then PostgreSQL: what was acknowledged is there, and the books hold."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from bench import cluster

HERE = Path(__file__).resolve().parent
CLIENTS = 16


@pytest.mark.slow
def test_every_acknowledged_post_survives_the_kill_of_clients_and_of_the_server(tmp_path: Path) -> None:
    with cluster.started(say=print, references=False) as servers:
        funds = opened(servers)
        address = f"host={servers.sockets} dbname=daybook user=postgres"
        outputs = [tmp_path / f"client{number}" for number in range(CLIENTS)]
        clients = [posting(address, output, random.sample(funds, len(funds))) for output in outputs]
        wait_for(lambda: all(output.stat().st_size > 200 for output in outputs), "every client to post")
        for client in clients[:5]:
            client.send_signal(signal.SIGKILL)
        time.sleep(1)
        with servers.connect() as connection:
            victim = connection.execute("SELECT pid FROM pg_stat_activity WHERE query LIKE '%ledger_post%' AND pid <> pg_backend_pid()")
            found = victim.fetchone()
            assert found is not None, "no client was posting"
            pid = int(str(found[0]))
        # A killed backend makes PostgreSQL end all others at once and recover from its log, as after a crash.
        os.kill(pid, signal.SIGKILL)
        codes = [client.wait(60) for client in clients]
        assert codes == [-signal.SIGKILL] * 5 + [3] * (CLIENTS - 5)
        wait_for(lambda: is_up(servers), "PostgreSQL to recover")
        acknowledged = {line for output in outputs for line in output.read_text().splitlines() if line}
        with servers.connect() as connection:
            kept = {row[0] for row in connection.execute("SELECT reference FROM ledger_entry WHERE source = 'kill'")}
        assert len(acknowledged) > 200
        assert acknowledged - kept == set()
        # Of each client at most the one post that nobody told it of.
        assert len(kept - acknowledged) <= CLIENTS
        verified = subprocess.run(
            [sys.executable, "manage.py", "verify_books"], cwd=cluster.ROOT, env=servers.environment, capture_output=True, text=True
        )
        assert verified.returncode == 0, verified.stdout + verified.stderr


def posting(address: str, output: Path, funds: list[int]) -> subprocess.Popen[bytes]:
    with output.open("wb") as written:
        return subprocess.Popen([sys.executable, str(HERE / "poster.py"), address, output.name, *map(str, funds)], stdout=written)


def opened(servers: cluster.Cluster) -> list[int]:
    with servers.connect() as connection:
        connection.execute("SELECT ledger_open_account('cash:test:USD', 'cash', 'USD', now())")
        connection.execute("SELECT ledger_open_account('fund:' || n, 'fund', 'USD', now()) FROM generate_series(1, 6) n")
        connection.execute(
            "SELECT number FROM ledger_post('test', 'kill', 'opening', 1, NULL, now(), '2026-03-02', (SELECT array_agg(ROW(cash.id,"
            " fund.id, 1000000, 'gift', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::ledger_line) FROM ledger_account cash,"
            " ledger_account fund WHERE cash.klass = 'cash' AND fund.klass = 'fund'))"
        )
        # So that recovery replays what the clients wrote and not the making of the schema.
        connection.execute("CHECKPOINT")
        return [int(str(row[0])) for row in connection.execute("SELECT id FROM ledger_account WHERE klass = 'fund'")]


def is_up(servers: cluster.Cluster) -> bool:
    try:
        servers.connect().close()
    except psycopg.OperationalError:
        return False
    return True


def wait_for(condition, what: str) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, f"Waited two minutes for {what}"
        time.sleep(0.1)
