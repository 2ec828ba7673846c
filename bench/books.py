"""The books that are measured: ten thousand funds, one with a long history, one with many sponsors; and what is read of them."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from bench.cluster import ROOT, Cluster

FUNDS = 10_000
RICH = 10**12
BATCH = 10_000
ONE_IN = 100  # of the inflows is given back in part


@dataclass(frozen=True, slots=True)
class Marks:
    """Account ids: the funds are `first` to `last` without a gap."""

    first: int
    last: int
    cash: int
    clearing: int
    short: int
    long: int
    line: int

    @property
    def funds(self) -> int:
        return self.last - self.first + 1

    def pair(self) -> tuple[int, int]:
        debit = random.randint(self.first, self.last)
        return debit, self.first + (debit - self.first + random.randint(1, self.funds - 1)) % self.funds


def make(connection: Any, *, legs: int, inflows: int) -> Marks:
    def opened(code: str, klass: str) -> int:
        return int(connection.execute("SELECT (ledger_open_account(%s, %s, 'USD', now())).id", (code, klass)).fetchone()[0])

    cash, clearing = opened("cash:bench:USD", "cash"), opened("clearing:bench:USD", "clearing")
    short, long, line = (opened(f"fund:{name}:USD", "fund") for name in ("short", "long", "line"))
    owed = opened("owed:bench:USD", "owed")
    connection.execute(f"SELECT ledger_open_account('fund:bench' || n || ':USD', 'fund', 'USD', now()) FROM generate_series(1, {FUNDS}) n")
    first, last = connection.execute("SELECT min(id), max(id) FROM ledger_account WHERE code ~ '^fund:bench'").fetchone()
    marks = Marks(first, last, cash, clearing, short, long, line)
    fill(connection, "rich", [(cash, fund, RICH, "") for fund in range(first, last + 1)])
    fill(connection, "short", [(cash, short, 10, "") for _ in range(1_000)])
    for part in range(0, legs, BATCH):
        fill(connection, f"long{part}", [(cash, long, 10, "") for _ in range(min(BATCH, legs - part))])
    dice = random.Random(7)
    sums = [dice.randint(500, 20_000) for _ in range(inflows)]
    for part in range(0, inflows, BATCH):
        fill(connection, f"gifts{part}", [(cash, line, amount, "") for amount in sums[part : part + BATCH]])
    refund(connection, marks, cash, inflows, dice)
    free = int(connection.execute("SELECT credits - debits FROM ledger_account WHERE id = %s", (line,)).fetchone()[0])
    payouts, each = max(inflows // 10, 1), int(free * 0.9) // max(inflows // 10, 1)
    for part in range(0, payouts, BATCH):
        fill(connection, f"paid{part}", [(line, owed, each, "") for _ in range(min(BATCH, payouts - part))])
    connection.execute(
        "CREATE TABLE bench_bare (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), debit_account_id bigint, credit_account_id bigint,"
        " amount bigint, kind text, currency text, at timestamptz DEFAULT now());"
        " CREATE INDEX ON bench_bare (debit_account_id, at); CREATE INDEX ON bench_bare (credit_account_id, at)"
    )
    connection.execute("VACUUM ANALYZE")
    return marks


def fill(connection: Any, key: str, lines: list[tuple[int, int, int, str]]) -> None:
    """Post one entry of (debit, credit, amount, the last two fields of a pin or nothing)."""
    text = ",".join(f'"({debit},{credit},{amount},bench,,,,,,,,{pin or ","})"' for debit, credit, amount, pin in lines)
    connection.execute(
        "SELECT number FROM ledger_post('bench', 'bench', %s, 1, NULL, '2026-01-02T00:00:00Z', '2026-01-02', %s::ledger_line[])",
        (f"made:{key}", "{" + text + "}"),
    )


def refund(connection: Any, marks: Marks, cash: int, inflows: int, dice: random.Random) -> None:
    """Pin the first half of one inflow in a hundred."""
    rows = connection.execute("SELECT credit_offset, amount FROM ledger_transfer WHERE credit_account_id = %s", (marks.line,)).fetchall()
    chosen = dice.sample(rows, max(inflows // ONE_IN, 1))
    fill(connection, "back", [(marks.line, cash, amount // 2, f"{start},{start + amount // 2}") for start, amount in chosen])


def provenance(connection: Any, marks: Marks) -> dict[str, float]:
    """Seconds for one outflow's sources, for one inflow's uses, and for the links of every outflow of the fund."""
    from funding.ledger import links

    outflows = [row[0] for row in connection.execute(
        "SELECT id FROM ledger_transfer WHERE debit_account_id = %s AND NOT pinned", (marks.line,)).fetchall()]  # fmt: skip
    inflows = [row[0] for row in connection.execute(
        "SELECT id FROM ledger_transfer WHERE credit_account_id = %s ORDER BY id LIMIT %s", (marks.line, 15_000)).fetchall()]  # fmt: skip

    def seconds(statement: str, ids: list[int]) -> float:
        begun = time.perf_counter()
        connection.execute(statement, {"ids": ids}).fetchall()
        return time.perf_counter() - begun

    for _ in range(3):  # prepared after five, so that planning is not what is measured
        seconds(links.SOURCES, outflows[:1])
    return {
        "outflow seconds": sum(seconds(links.SOURCES, [one]) for one in random.sample(outflows, 20)) / 20,
        "sponsor seconds": sum(seconds(links.USES, random.sample(inflows, 14)) for _ in range(20)) / 20,
        "recompute seconds": seconds(links.SOURCES, outflows),
    }


def verification(cluster: Cluster, connection: Any) -> dict[str, float]:
    """G9: seconds of the whole `verify_books`, and of the totals alone, over those of loading as many rows with COPY."""
    rows = int(connection.execute("SELECT count(*) FROM ledger_transfer").fetchone()[0])
    connection.execute("TRUNCATE bench_bare")
    begun = time.perf_counter()
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY bench_bare (debit_account_id, credit_account_id, amount, kind, currency) FROM STDIN") as copying,
    ):
        for number in range(rows):
            copying.write_row((number % FUNDS, number % 7, 5, "move", "USD"))
    load = time.perf_counter() - begun
    begun = time.perf_counter()
    subprocess.run([sys.executable, "manage.py", "verify_books"], cwd=ROOT, env=cluster.environment, check=True, stdout=subprocess.DEVNULL)
    whole = time.perf_counter() - begun
    begun = time.perf_counter()
    connection.execute(
        "SELECT count(*) FROM ledger_account a JOIN (SELECT account, sum(d), sum(c) FROM (SELECT debit_account_id AS account, amount AS d,"
        " 0 AS c FROM ledger_transfer UNION ALL SELECT credit_account_id, 0, amount FROM ledger_transfer) s GROUP BY account)"
        " AS t(account, d, c) ON t.account = a.id WHERE a.klass NOT IN ('cash', 'clearing') AND (a.debits, a.credits) <> (t.d, t.c)"
    ).fetchone()
    totals = time.perf_counter() - begun
    return {"G9 verify_books / COPY": round(whole / load, 3), "G9 totals / COPY": round(totals / load, 3), "rows": rows}


def mistakes(cluster: Cluster, connection: Any) -> dict[str, float]:
    """G11: what is wrong after all of it: broken lines, totals that differ, deadlocks."""
    from funding.ledger.invariants import balance

    def number(statement: str) -> int:
        return len(connection.execute(statement).fetchall())

    deadlocks = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()[0]
    return {
        "G11 gaps and overlaps": number(balance.BROKEN_LINES),
        "G11 mismatches": number(balance.WRONG_TOTALS),
        "G11 deadlocks": int(deadlocks),
    }
