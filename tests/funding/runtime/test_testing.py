"""bin/test in a miniature checkout, and how it reads the person's arguments."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from funding.runtime import testing
from tests.funding.runtime.builders import bare_environment, eventually, miniature, processes_with, runtime, started

PARALLEL = ["-n", "2"]

SEES_SERVERS = """
import os, subprocess, sys
import psycopg, redis

def test_servers():
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        assert owner.execute("SHOW fsync").fetchone() == ("off",)
    assert redis.from_url(os.environ["REDIS_URL"]).ping()
    # What a careless test leaves must not outlive the run either.
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
"""
LASTS = """
import time
def test_long():
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def checkout() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="day-"))
    yield miniature(top / "my book")
    shutil.rmtree(top)


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ([], [*PARALLEL, "-m", "not slow"]),
        (["--all"], PARALLEL),
        (["tests/funding/ledger", "-k", "refund"], [*PARALLEL, "-m", "not slow", "tests/funding/ledger", "-k", "refund"]),
        (["-m", "browser"], [*PARALLEL, "-m", "(browser) and (not slow)"]),
        (["--all", "-m", "browser", "-x"], [*PARALLEL, "-m", "(browser)", "-x"]),
        (["-n0", "--pdb"], ["-m", "not slow", "-n0", "--pdb"]),
        (["-s"], ["-m", "not slow", "-s"]),
    ],
)
def test_arguments_go_to_pytest(given: list[str], passed: list[str]) -> None:
    assert testing.pytest_arguments(given) == passed


def test_the_servers_live_as_long_as_the_run(checkout: Path, tmp_path: Path) -> None:
    (checkout / "test_it.py").write_text(SEES_SERVERS)
    log = tmp_path / "log"
    with started(runtime("test", "test_it.py", "-p", "no:django", "-n0"), cwd=checkout, log=log) as process:
        eventually(lambda: places(process), log=log)
        assert process.wait(60) == 0, log.read_text()
    assert "1 passed" in log.read_text()
    assert not processes_with(str(checkout))
    assert not places(process)


def test_the_exit_code_is_that_of_pytest(checkout: Path) -> None:
    (checkout / "test_it.py").write_text("def test_it():\n    assert 1 == 2\n")
    command = runtime("test", "test_it.py", "-p", "no:django", "-n0")
    done = subprocess.run(command, cwd=checkout, env=bare_environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1


def test_servers_that_the_environment_names_are_used(checkout: Path) -> None:
    (checkout / "test_it.py").write_text("import os\ndef test_it():\n    assert os.environ['REDIS_URL'] == 'redis://other/1'\n")
    env = bare_environment(DATABASE_URL="postgres://other/x", REDIS_URL="redis://other/1")
    command = runtime("test", "test_it.py", "-p", "no:django", "-n0")
    done = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Using the servers that DATABASE_URL and REDIS_URL name." in done.stdout


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_when_the_run_is_ended(checkout: Path, tmp_path: Path, number: signal.Signals) -> None:
    (checkout / "test_it.py").write_text(LASTS)
    log = tmp_path / "log"
    with started(runtime("test", "test_it.py", "-p", "no:django", "-n0", "-s"), cwd=checkout, log=log) as process:
        eventually(lambda: "up" in log.read_text().split(), log=log)
        assert places(process)
        process.send_signal(number)
        process.wait(20)
        eventually(lambda: not processes_with(str(checkout)), 20)
        eventually(lambda: not places(process), 10)


def test_what_a_run_left_long_ago_is_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    # A process id that has no process: one that has just ended.
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = Path(tempfile.mkdtemp(prefix=f"{testing.PREFIX}{ended.pid}-"))
    mine = Path(tempfile.mkdtemp(prefix=f"{testing.PREFIX}{os.getpid()}-"))
    testing.sweep()
    assert not left.exists()
    assert mine.exists()
    mine.rmdir()


def places(run: subprocess.Popen[bytes]) -> list[Path]:
    """What that run keeps its servers in. Other runs go on beside it."""
    return [path for base in (testing.MEMORY, Path(tempfile.gettempdir())) for path in base.glob(f"{testing.PREFIX}{run.pid}-*")]
