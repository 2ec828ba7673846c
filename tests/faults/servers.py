"""The servers of one rig as a process of its own: two private PostgreSQL servers and a Redis, to be killed at will.

The second PostgreSQL is the stand-in's: a fault of ours is no fault of the processor's. Started by `rig.py`, which writes one
word a line (`kill postgres`, `kill redis`) and reads one line for each; the servers end when its input closes.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path

from funding.runtime import embedded, outside
from funding.runtime.log import Log
from funding.runtime.supervisor import Running, Stopped, Supervisor

# A killed server must have kept what it confirmed. That the machine itself stays up is all that fsync=off asks for.
embedded.THROW_AWAY["synchronous_commit"] = "on"


def main(place: Path) -> int:
    with Supervisor(Log(sys.stderr)) as supervisor:
        try:
            copy = embedded.copy_place(outside.ROOT)
            servers = embedded.start(supervisor, state=place / "ours", copy=copy, throw_away=True)
            ours = {running.child.name: running for running in supervisor.running}
            bank = embedded.start(supervisor, state=place / "bank", copy=copy, throw_away=True)
            answer(
                servers.database_url(embedded.SUPERUSER, embedded.DATABASE),
                servers.redis_url(),
                bank.database_url(embedded.SUPERUSER, embedded.STAND_IN_DATABASE),
            )
            obey(supervisor, ours)
        except Stopped:
            return 0
    return 0


def obey(supervisor: Supervisor, ours: dict[str, Running]) -> None:
    waiting = b""
    while True:
        supervisor.pump(0.0)
        if not select.select([0], [], [], 0.2)[0]:
            continue
        read = os.read(0, 4096)
        if not read:
            return
        *lines, waiting = (waiting + read).split(b"\n")
        for line in lines:
            verb, name = line.decode().split()
            {"kill": kill, "start": start}[verb](supervisor, ours[name])
            answer("done")


def answer(*words: str) -> None:
    print("\t".join(words), flush=True)


def kill(supervisor: Supervisor, running: Running) -> None:
    """SIGKILL for the process and everything below it, as a machine that runs out of memory does it."""
    everybody = family(running.process.pid)
    for pid in everybody:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    running.process.wait()
    supervisor._look_after(running)
    while any(outside.process_exists(pid) for pid in everybody):
        supervisor._reap_orphans()
        time.sleep(0.002)


def start(supervisor: Supervisor, running: Running) -> None:
    """Bring it back as the supervisor would after a second, without the second."""
    running.deaths, running.again_at = 0, 0.0
    supervisor._look_after(running)


def family(pid: int) -> list[int]:
    """The process and its descendants, from /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
