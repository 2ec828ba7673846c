"""One whole installation in private processes, in which a case can be begun, disturbed at a point, brought back and looked at.

Web, worker and hand (`process.py`), two PostgreSQL servers and a Redis (`servers.py`), the stand-in, and a mailbox. The
world is copied from a template for each case; only what a case killed is started again for the next.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg import sql
from psycopg.conninfo import make_conninfo

from funding.runtime import embedded, outside
from tests.faults import timing
from tests.faults.hand import SOCKET
from tests.faults.mailbox import Mailbox
from tests.faults.process import LOG
from tests.funding.payments.standin import SECRET, StandIn

DATABASE, TEMPLATE = embedded.DATABASE, "world"
DOWN = 0.25
"""Seconds for which a killed server stays away, so that whoever needs it meets its absence."""
HUNG = 40
QUEUES = ("money", "mail", "slow")
MEMORY = Path("/dev/shm")
CHARGES = """SELECT count(*), coalesce(sum((data->>'amount')::bigint), 0)::bigint FROM object
 WHERE kind = 'charge' AND data->>'paid' = 'true'"""
TRANSFERS = """SELECT count(*), coalesce(sum((data->>'amount')::bigint), 0)::bigint FROM object
 WHERE kind = 'transfer' AND data->>'reversed' = 'false'"""
TABLES = ("object", "answer", "delivery", "balance", "setting", "refusal")


class Rig:
    def __init__(self) -> None:
        base = MEMORY if os.access(MEMORY, os.W_OK) else None
        self.place = Path(tempfile.mkdtemp(prefix="daybook-faults-", dir=base))
        self.stack = contextlib.ExitStack()
        self.stack.callback(shutil.rmtree, self.place, ignore_errors=True)
        self.pids: dict[str, int] = {}
        self.facts: dict[str, Any] = {}
        self.hand_lines: Any = None
        self.held: set[bytes] = set()
        self.away = threading.Lock()
        self.acted = threading.Event()
        self.env = {**os.environ}
        self.baselines: dict[str, Any] = {}

    # Starting and ending

    def start(self) -> None:
        timing.write(self.place, 0, 0)
        self.servers = self._child("servers", str(self.place))
        self.database, redis_url, self.bank = self._say(self.servers).split("\t")
        self.redis = redis.Redis.from_url(redis_url)
        self.port = outside.free_port(21_000 + os.getpid() % 4_000)
        self.mailbox = self.stack.enter_context(Mailbox())
        self.stand_in = StandIn(self.stack.enter_context(self._stand_in()))
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "funding.settings",
            "DEMO": "1",
            "SECRET_KEY": "faults",
            "BASE_URL": f"http://{outside.HOST}:{self.port}",
            "ALLOWED_HOSTS": outside.HOST,
            "DATABASE_URL": self._as(embedded.APP_ROLE),
            "DATABASE_OWNER_URL": self._as(embedded.OWNER_ROLE),
            "REDIS_URL": redis_url,
            "EMAIL_URL": f"smtp://{outside.HOST}:{self.mailbox.port}",
            "STRIPE_SECRET_KEY": "sk_test_faults",
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_API_BASE": self.stand_in.base,
            "PYTHONUNBUFFERED": "1",
        }
        self.zygote = self._child("process", str(self.place), str(self.port))
        assert self._say(self.zygote) == "ready", self.log()
        self._build()

    def stop(self) -> None:
        self.stack.close()

    def _child(self, module: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", f"tests.faults.{module}", *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with open(self.place / f"{module}.log", "w") as log:
            process = subprocess.Popen(command, cwd=outside.ROOT, env=self.env, stderr=log, text=True, **pipes)

        def end() -> None:
            with contextlib.suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]
            process.wait(timeout=HUNG)
            process.stdout.close()  # type: ignore[union-attr]

        self.stack.callback(end)
        return process

    def _say(self, process: subprocess.Popen[str], word: str = "") -> str:
        if word:
            process.stdin.write(f"{word}\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
        return process.stdout.readline().strip()  # type: ignore[union-attr]

    def _as(self, role: str) -> str:
        return self.database.replace(f"{embedded.SUPERUSER}@", f"{role}@")

    @contextlib.contextmanager
    def _stand_in(self) -> Iterator[str]:
        from tests.funding.payments import standin

        with standin.running(self.bank.replace(f"{embedded.SUPERUSER}@", f"{embedded.STAND_IN_ROLE}@")) as base:
            yield base

    def _build(self) -> None:
        self.facts = self.ask("build", stand_in=self.stand_in.base, place=str(self.place))
        self.business = timing.read(self.place)[0]
        self.stand_in.send_events_to(f"{self.env['BASE_URL']}/webhooks/stripe/")
        with self._server() as server:
            server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(DATABASE), sql.Identifier(TEMPLATE)))
        with self._bank() as bank:
            bank.execute("CREATE SCHEMA kept")
            for table in TABLES:
                bank.execute(sql.SQL("CREATE TABLE kept.{0} AS TABLE public.{0}").format(sql.Identifier(table)))

    # A case

    def begin(self) -> None:
        """The world as it was built, and everything running."""
        for name in ("armed", "fired", "asked", "answered", "trace", "within"):
            (self.place / name).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.truncate(self.place / LOG, 0)
        # What the last case still asked for, alarms that nothing ran for hours, is not done in this one.
        self.redis.delete(*QUEUES)
        wait_until(lambda: self.idle() or not self.alive("worker"), "the worker to let go")
        with self._server() as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
            command = "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY wal_log"
            server.execute(sql.SQL(command).format(*map(sql.Identifier, (DATABASE, TEMPLATE, embedded.OWNER_ROLE))))
            # A copied sequence has numbers in hand that the log does not know: until the next checkpoint a crash would
            # give them out twice. Nothing of ours copies databases but this.
            server.execute("CHECKPOINT")
        self._restore_bank()
        self.redis.flushall()
        self.held.clear()
        self.acted.set()
        self.mailbox.empty()
        timing.reset(self.place, self.business)
        self.revive()

    def _restore_bank(self) -> None:
        everything = sql.SQL(", ").join(sql.Identifier("public", table) for table in TABLES)
        with self._bank() as bank:
            while True:
                try:
                    with bank.transaction():
                        bank.execute(sql.SQL("LOCK TABLE {} NOWAIT").format(everything))
                        bank.execute(sql.SQL("TRUNCATE {}").format(everything))
                        for table in TABLES:
                            bank.execute(sql.SQL("INSERT INTO public.{0} SELECT * FROM kept.{0}").format(sql.Identifier(table)))
                    return
                except psycopg.errors.LockNotAvailable:
                    time.sleep(0.01)

    def set_time(self, to: Any) -> None:
        timing.set_clock(self.place, to)

    def arm(self, point: str, *, action: str, occurrence: int = 1) -> None:
        half = self.place / "armed.new"
        half.write_text(json.dumps({"point": point, "action": action, "occurrence": occurrence}))
        half.rename(self.place / "armed")

    @property
    def fired(self) -> bool:
        return (self.place / "fired").exists()

    def trace(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return (self.place / "trace").read_text().splitlines()
        return []

    def within(self) -> set[str]:
        """Functions that wrote inside a transaction, their own or their caller's."""
        with contextlib.suppress(FileNotFoundError):
            return set((self.place / "within").read_text().splitlines())
        return set()

    @contextlib.contextmanager
    def watching(self, act: Callable[[], None]) -> Iterator[None]:
        """While the block runs, do `act` when a process stands at the armed point, and let that process go on."""
        ended = threading.Event()
        self.acted.clear()

        def watch() -> None:
            while not ended.wait(0.002):
                if (self.place / "asked").exists():
                    act()
                    break
            self.acted.set()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def let_go(self) -> None:
        (self.place / "answered").touch()

    # Killing and bringing back

    def outage(self, server: str) -> None:
        """Kill `postgres` or `redis` under whoever stands at the point, let them meet its absence, and bring it back."""
        with self.away:
            assert self._say(self.servers, f"kill {server}") == "done"
            self.let_go()
            time.sleep(DOWN)
            assert self._say(self.servers, f"start {server}") == "done"
            wait_until(self._postgres_answers if server == "postgres" else self._redis_answers, server)

    def flush(self) -> None:
        self.redis.flushall()
        self.let_go()

    def revive(self) -> None:
        """Start what is dead and wait until it works."""
        if not self.alive("web"):
            self._fork("web")
            wait_until(lambda: outside.answers(self.port, "/livez"), "the web process")
        if not self.alive("worker"):
            for old in self.place.glob("ready-*"):
                old.unlink()
            wait_until(self._redis_answers, "redis")
            self.held.update(self.redis.hkeys("unacked"))
            self._fork("worker")
            wait_until(lambda: list(self.place.glob("ready-*")), "the worker")

    def works(self) -> bool:
        """Whether everything is there. What had told that it would die may be dying only now: it is waited for, and started again."""
        if self.fired:
            self.acted.wait(HUNG)
        self.revive()
        return True

    def alive(self, role: str) -> bool:
        pid = self.pids.get(role)
        try:
            return bool(pid) and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False

    def kill(self, role: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pids[role], signal.SIGKILL)
        wait_until(lambda: not self.alive(role), f"the end of {role}")

    def _fork(self, role: str) -> None:
        self.pids[role] = int(self._say(self.zygote, role))

    # What can be asked

    def ask(self, verb: str, **values: Any) -> Any:
        """A question to the hand. Fails with its traceback."""
        if self.hand_lines is None:
            self._fork("hand")
            wait_until((self.place / SOCKET).exists, "the hand")
            connection = socket.socket(socket.AF_UNIX)
            self.stack.callback(connection.close)
            connection.connect(str(self.place / SOCKET))
            self.hand_lines = self.stack.enter_context(connection.makefile("rw"))
        print(json.dumps({"do": verb, **values}), file=self.hand_lines, flush=True)
        answer = json.loads(self.hand_lines.readline() or '{"error": "the hand is gone"}')
        if "error" in answer:
            raise AssertionError(f"{verb}: {answer['error']}\n{self.log()}")
        return answer["answer"]

    def open_work(self, goal: str) -> list[str]:
        """What is still open here, the flow's own goal included, and news that the processor has not got rid of."""
        waiting = [f"news {row['event']} {row['last']}" for row in self.stand_in.deliveries() if row["state"] != "delivered"]
        return waiting + self.ask("open_work", goal=goal)

    def at_the_processor(self) -> dict[str, Any]:
        """Charges that took money, transfers that stand, and the balance; in the form of `reading.processor`."""
        with self._bank() as bank:
            charges = bank.execute(CHARGES).fetchone()
            transfers = bank.execute(TRANSFERS).fetchone()
            balance = bank.execute("SELECT coalesce(sum(available), 0)::bigint FROM balance").fetchone()
        return {"taken": list(charges or ()), "paid": list(transfers or ()), "cash": (balance or [None])[0]}

    def idle(self) -> bool:
        """Whether the workers have nothing to do until time passes or somebody asks. The broker holds what a dead one had taken."""
        try:
            return not any(self.redis.llen(queue) for queue in QUEUES) and self.held.issuperset(self.redis.hkeys("unacked"))
        except redis.RedisError:
            return False

    def at_work(self) -> str:
        """What the workers still have, and where each of their processes stands."""
        taken = {tag: json.loads(task)[0]["headers"]["task"] for tag, task in self.redis.hgetall("unacked").items()}
        os.killpg(self.pids["worker"], signal.SIGUSR2)
        time.sleep(0.5)
        queues = {queue: self.redis.llen(queue) for queue in QUEUES}
        return f"queues {queues}, taken {taken}, held {self.held}, keys {self.redis.keys()}\n{self.log()}"

    def pass_by(self, seconds: float) -> None:
        """Let time pass: for leases, for what Redis forgets, and for its list of unconfirmed tasks, which it now gives back."""
        timing.pass_by(self.place, seconds)
        self.stand_in.set_clock(int(timing.read(self.place)[1]))
        with self.away:
            for task, _ in self.redis.zscan_iter("unacked_index"):
                self.redis.zincrby("unacked_index", -seconds, task)
            for key in self.redis.scan_iter():
                if (left := self.redis.pttl(key)) > 0:
                    self.redis.pexpire(key, max(left - int(seconds * 1_000), 1))
        self.held.clear()

    def failed_requests(self) -> list[str]:
        """What the web process answered with 500: never, whatever dies under it."""
        return [line for line in (self.place / LOG).read_text(errors="replace").splitlines() if re.match(r"50[0124] [A-Z]+ /", line)]

    def log(self) -> str:
        found = [path.read_text(errors="replace")[-6_000:] for path in sorted(self.place.glob("*log"))]
        return "\n".join(found)

    # Inside

    @contextlib.contextmanager
    def _server(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(make_conninfo(self.database, dbname="postgres"), autocommit=True) as server:
            yield server

    @contextlib.contextmanager
    def _bank(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.bank, autocommit=True) as bank:
            yield bank

    def _postgres_answers(self) -> bool:
        try:
            with self._server():
                return True
        except psycopg.OperationalError:
            return False

    def _redis_answers(self) -> bool:
        try:
            return bool(self.redis.ping())
        except redis.RedisError:
            return False


def wait_until(there: Callable[[], Any], what: str, seconds: float = HUNG) -> None:
    """The limit is for a hung machine, not a slow one."""
    end = time.monotonic() + seconds
    while not there():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.01)
