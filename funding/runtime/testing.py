"""bin/test: the tests against a PostgreSQL and a Redis that live as long as the run, or against those that the environment names."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from funding.runtime import embedded, keeper, outside, privileges
from funding.runtime.log import Log
from funding.runtime.outside import ROOT
from funding.runtime.supervisor import Failed, Stopped, Supervisor

MEMORY = Path("/dev/shm")
ROOM = 1 << 30
PREFIX = "daybook-test-"
ALONE = ("-n", "--pdb", "--trace", "-s", "--collect-only", "--co", "--fixtures", "--markers", "-h", "--help", "--version")


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    command = [sys.executable, "-m", "pytest", *pytest_arguments(arguments)]
    environment = {**test_values(), **os.environ, "DJANGO_SETTINGS_MODULE": "funding.settings"}
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        print("Using the servers that DATABASE_URL and REDIS_URL name.", flush=True)
        os.execve(sys.executable, command, environment)
    log = Log()
    sweep()
    try:
        with Supervisor(log) as supervisor:
            return run(supervisor, command, environment)
    except Stopped:
        return 130
    except Failed as error:
        print(f"The tests did not start.\n{error}", file=sys.stderr)
        return 1


def test_values() -> dict[str, str]:
    """What the settings need and no test depends on."""
    return {"SECRET_KEY": "tests-only", "BASE_URL": "http://127.0.0.1:8000", "ALLOWED_HOSTS": "*", "EMAIL_URL": "consolemail://"}


def pytest_arguments(arguments: list[str]) -> list[str]:
    """The person's arguments for pytest: without the slow tests unless `--all`, and on two processes unless they say otherwise."""
    everything = "--all" in arguments
    rest = [argument for argument in arguments if argument != "--all"]
    chosen = "" if everything else "not slow"
    if "-m" in rest[:-1]:
        at = rest.index("-m")
        chosen = " and ".join(f"({part})" for part in (rest[at + 1], chosen) if part)
        del rest[at : at + 2]
    parallel = [] if any(argument.startswith(ALONE) for argument in rest) else ["-n", "2"]
    return [*parallel, *(["-m", chosen] if chosen else []), *rest]


def run(supervisor: Supervisor, command: list[str], environment: dict[str, str]) -> int:
    """Start the servers, then pytest on the person's terminal; answer pytest's exit code."""
    state = throw_away_place()
    supervisor.remove_at_end(state)
    servers = embedded.start(supervisor, state=state, copy=embedded.copy_place(ROOT), throw_away=True)
    values = {**environment, **servers.environment(), keeper.MARK: supervisor.mark}
    parent = os.getpid()
    # SIGINT, so that an orphaned pytest still ends what its fixtures started.
    tests = subprocess.Popen(command, env=values, cwd=ROOT, preexec_fn=lambda: privileges.die_with_parent(signal.SIGINT, parent))
    try:
        supervisor.wait_until(lambda: tests.poll() is not None, what="pytest", timeout=float("inf"), needs=())
    except Stopped:
        # On a terminal Ctrl-C has reached pytest too, and it reports what it ran.
        if not sys.stdin.isatty():
            tests.send_signal(signal.SIGINT)
        tests.wait(timeout=30)
        raise
    finally:
        if tests.poll() is None:
            tests.kill()
            tests.wait()
    return tests.returncode


def throw_away_place() -> Path:
    """A new directory, in memory where there is room. Its path is short enough for sockets wherever it is."""
    base = MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM else None
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=base))


def sweep() -> None:
    """Remove what runs left whose supervisor and keeper were both killed."""
    for base in {MEMORY, Path(tempfile.gettempdir())}:
        for left in base.glob(f"{PREFIX}*-*"):
            pid = left.name.removeprefix(PREFIX).partition("-")[0]
            if pid.isdigit() and left.stat().st_uid == os.geteuid() and not outside.process_exists(int(pid)):
                shutil.rmtree(left, ignore_errors=True)
