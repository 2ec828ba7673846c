"""What is measured of the books, and against what. The names G1 to G11 are those of docs/bench.md.

Everything that is compared runs in the same round, one after the other, because the machine of the next minute is another one. A
ratio is of two figures of one round; what is reported is the median of the rounds.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import django

from bench import books
from bench.cluster import Cluster

CLIENTS = (1, 4, 16)
POST = "SELECT number FROM ledger_post('bench', 'bench', {key}, 1, NULL, '2026-01-02T00:00:00Z', '2026-01-02', ARRAY[{lines}]);"
LINE = "ROW({debit}, {credit}, {amount}, '{kind}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::ledger_line"
KEY = "gen_random_uuid()::text"


def measure(cluster: Cluster, options: argparse.Namespace) -> dict[str, Any]:
    """All measurements: name → median, per goal its ratio, and what the machine was. Seconds and rates are of this machine."""
    # Some statements that are measured are the product's own, and their modules need the settings.
    os.environ.update(cluster.environment)
    django.setup()
    connection = cluster.connect()
    cluster.say("Making the books …")
    marks = books.make(connection, legs=options.legs, inflows=options.inflows)
    rounds: list[dict[str, float]] = []
    with Scripts(marks) as scripts, Worker(cluster, "ours") as ours, Worker(cluster, "hordak") as hordak:
        for number in range(options.rounds):
            cluster.say(f"Round {number + 1} of {options.rounds} …")
            rounds.append(_round(cluster, connection, scripts, ours, hordak, marks, options.seconds))
    cluster.say("Verifying …")
    found = {"G9": books.verification(cluster, connection), "G11": books.mistakes(cluster, connection)}
    names = {name for row in rounds for name in row}
    return {
        "settings": cluster.settings(),
        "cores": os.cpu_count(),
        "measured": {name: median(row[name] for row in rounds if name in row) for name in sorted(names)},
        "goals": {name: _ratio(rounds, over, under) for name, (over, under) in RATIOS.items()} | found["G9"] | found["G11"],
        "hordak": hordak.missing or "measured",
    }


RATIOS: dict[str, tuple[str, str]] = {
    **{f"G1 spread / TPC-B, {clients}": (f"spread {clients}", f"tpcb {clients}") for clients in CLIENTS},
    **{f"G2 hot / TPC-B, {clients}": (f"hot {clients}", f"tpcb {clients}") for clients in CLIENTS},
    **{f"G1 contribution of four / TPC-B, {clients}": (f"contribution {clients}", f"tpcb {clients}") for clients in CLIENTS},
    "G3 service / hordak": ("python one", "hordak one"),
    "G5 batch of 10,000 / single": ("batch 10000", "single"),
    "G5 batch of 10,000 / bare INSERT": ("batch 10000", "bare 10000"),
    "G6 batch of 1,000 / hordak bulk_create": ("python batch", "hordak batch"),
    "G7 balance of the long / short account": ("balance short", "balance long"),
    "G8 one outflow / all": ("outflow seconds", "recompute seconds"),
    "G8 one sponsor / all": ("sponsor seconds", "recompute seconds"),
}


def _ratio(rounds: list[dict[str, float]], over: str, under: str) -> float | None:
    found = [row[over] / row[under] for row in rounds if over in row and under in row]
    return round(median(found), 4) if found else None


def _round(
    cluster: Cluster, connection: Any, scripts: Scripts, ours: Worker, hordak: Worker, marks: books.Marks, seconds: float
) -> dict[str, float]:
    row = {"fdatasync": fdatasync_rate()}
    for clients in CLIENTS:
        row[f"tpcb {clients}"] = _tps(cluster, "tpcb", clients, seconds)
        for name in ("spread", "hot", "contribution"):
            row[f"{name} {clients}"] = _tps(cluster, "daybook", clients, seconds, scripts.path(name))
    row["single"] = _single(connection, marks, seconds)
    row["batch 10000"], row["bare 10000"], row["copy 10000"] = _batches(connection, marks)
    for worker, what in ((ours, "one"), (hordak, "one"), (ours, "contribution"), (ours, "batch"), (hordak, "batch"),
                         (ours, "balance_short"), (ours, "balance_long")):  # fmt: skip
        if not worker.missing:
            row[f"{worker.label} {what}".replace("python balance_", "balance ")] = worker.ask(what, seconds)
    row |= books.provenance(connection, marks)
    return row


def fdatasync_rate(seconds: float = 0.3) -> float:
    """How many small durable writes a second the disk takes now: what makes one round's rates unlike another's."""
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        count, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            os.write(file.fileno(), b"x" * 64)
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.perf_counter() - begun)


def _tps(cluster: Cluster, database: str, clients: int, seconds: float, script: Path | None = None) -> float:
    words = ["-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)), "-T", str(max(1, round(seconds)))]
    printed = cluster.pgbench(database, *words, *(["-f", str(script)] if script else []))
    found = re.search(r"tps = ([0-9.]+)", printed)
    if found is None:
        raise RuntimeError(f"pgbench printed no rate:\n{printed}")
    return float(found[1])


def _single(connection: Any, marks: books.Marks, seconds: float) -> float:
    statement = POST.format(key="%s", lines=LINE.format(debit="%s", credit="%s", amount=5, kind="move"))
    count, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds:
        connection.execute(statement, (uuid.uuid4().hex, *marks.pair()), prepare=True)
        count += 1
    return count / passed


def _batches(connection: Any, marks: books.Marks, size: int = 10_000) -> tuple[float, float, float]:
    """Rows a second: our batch, a bare INSERT of the same rows into a plain table, and COPY into that table."""
    pairs = [marks.pair() for _ in range(size)]
    lines = "{" + ",".join(f'"({debit},{credit},5,move,,,,,,,,,)"' for debit, credit in pairs) + "}"
    debits, credits = zip(*pairs, strict=True)

    def post() -> None:
        connection.execute(
            "SELECT number FROM ledger_post('bench', 'bench', %s, 1, NULL, '2026-01-02T00:00:00Z', '2026-01-02', %s::ledger_line[])",
            (uuid.uuid4().hex, lines),
        )

    def bare() -> None:
        connection.execute(
            "INSERT INTO bench_bare (debit_account_id, credit_account_id, amount, kind, currency)"
            " SELECT debit, credit, 5, 'move', 'USD' FROM unnest(%s::bigint[], %s::bigint[]) AS x(debit, credit)",
            (list(debits), list(credits)),
        )

    def copy() -> None:
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY bench_bare (debit_account_id, credit_account_id, amount, kind, currency) FROM STDIN") as copying,
        ):
            for debit, credit in pairs:
                copying.write_row((debit, credit, 5, "move", "USD"))

    return (size / seconds_of(post), size / seconds_of(bare), size / seconds_of(copy))


def seconds_of(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


class Scripts:
    """The pgbench scripts, as files for as long as they are needed."""

    def __init__(self, marks: books.Marks) -> None:
        first, funds = marks.first, marks.funds
        spread = f"\\set d random({first}, {marks.last})\n\\set c {first} + (:d - {first} + random(1, {funds - 1})) % {funds}\n"
        one = LINE.format(debit=":d", credit=":c", amount=5, kind="move")
        gift = ", ".join(
            LINE.format(debit=debit, credit=credit, amount=amount, kind=kind)
            for debit, credit, amount, kind in (
                (marks.cash, marks.clearing, 10_000, "contribution"),
                (marks.clearing, marks.cash, 320, "processor_fee"),
                (marks.clearing, marks.first, 500, "host_fee"),
                (marks.clearing, ":c", 9_180, "allocation"),
            )
        )
        self.texts = {
            "spread": spread + POST.format(key=KEY, lines=one),
            "hot": spread.replace(f"random({marks.first}, {marks.last})", str(marks.first)) + POST.format(key=KEY, lines=one),
            "contribution": spread + POST.format(key=KEY, lines=gift),
        }

    def __enter__(self) -> Scripts:
        self.place = tempfile.TemporaryDirectory()
        for name, text in self.texts.items():
            self.path(name).write_text(text)
        return self

    def __exit__(self, *_: object) -> None:
        self.place.cleanup()

    def path(self, name: str) -> Path:
        return Path(self.place.name) / f"{name}.sql"


class Worker:
    """One Python process that measures when it is asked; `missing` says why it cannot."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.label = "python" if name == "ours" else name
        self.process = cluster.python("-m", "bench.workers", name, BENCH_HOST=str(cluster.sockets))
        answer = self._read()
        self.missing = "" if answer == "ready" else answer

    def ask(self, what: str, seconds: float) -> float:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what} {seconds}\n")
        self.process.stdin.flush()
        return float(self._read())

    def _read(self) -> str:
        assert self.process.stdout is not None
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"The worker {self.label} ended.")
        return answer

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
