"""The supervisor with children of a few lines: nothing is left, whatever ends it."""

from __future__ import annotations

import io
import os
import secrets
import signal
import sys
import time
from pathlib import Path

import pytest

from funding.runtime.log import Log
from funding.runtime.supervisor import Child, Failed, Stopped, Supervisor
from tests.funding.runtime.builders import ROOT, eventually, processes_with, started

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
# Ends its own children only when it is asked in good order: like granian, which leaves its workers when it is killed.
FAMILY = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]])
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]], start_new_session=True)
print("up", flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
SAYS_GOODBYE = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("up", flush=True)
signal.sigwait([signal.SIGTERM])
print("bye", flush=True)
"""
SUPERVISE = """
import os, sys
from pathlib import Path
from funding.runtime.supervisor import Child, Stopped, Supervisor

word, gone, *sources = sys.argv[1:]
with Supervisor() as supervisor:
    supervisor.remove_at_end(Path(gone))
    for number, source in enumerate(sources):
        supervisor.start(Child(f"c{number}", [sys.executable, "-c", source, word], dict(os.environ), Path("/"), grace=1.0))
    try:
        supervisor.watch()
    except Stopped:
        pass
"""


@pytest.fixture
def word() -> str:
    """A word that only the processes of one test carry."""
    return f"w{secrets.token_hex(12)}"


def python(name: str, source: str, *arguments: str, **options: object) -> Child:
    return Child(name, [sys.executable, "-c", source, *arguments], dict(os.environ), Path("/"), **options)  # type: ignore[arg-type]


def supervise(word: str, gone: Path, *sources: str) -> list[str]:
    return [sys.executable, "-c", SUPERVISE, word, str(gone), *sources]


@pytest.mark.parametrize(
    ("number", "third"),
    [
        (signal.SIGKILL, SLEEP),
        (signal.SIGTERM, SLEEP),
        (signal.SIGINT, STUBBORN),
        (signal.SIGHUP, SLEEP),
        pytest.param(signal.SIGKILL, STUBBORN, marks=pytest.mark.slow),
    ],
)
def test_nothing_is_left_when_the_supervisor_ends(tmp_path: Path, word: str, number: signal.Signals, third: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    log = tmp_path / "log"
    with started(supervise(word, gone, SLEEP, FAMILY, third), cwd=ROOT, log=log) as process:
        eventually(lambda: log.read_text().count("up") == 3, log=log)
        assert len(processes_with(word)) == 6
        process.send_signal(number)
        process.wait(10)
        eventually(lambda: not processes_with(word), 15)
        eventually(lambda: not gone.exists(), 5)


def test_a_child_that_is_killed_comes_back_and_takes_its_group_with_it(tmp_path: Path, word: str) -> None:
    log = tmp_path / "log"
    with started(supervise(word, tmp_path / "gone", FAMILY), cwd=ROOT, log=log) as process:
        eventually(lambda: "up" in log.read_text(), log=log)
        (leader,) = [pid for pid, command in processes_with(word).items() if "import subprocess" in command and "Supervisor" not in command]
        in_group = [pid for pid in processes_with(word) if pid != leader and os.getpgid(pid) == leader]
        assert len(in_group) == 1
        os.kill(leader, signal.SIGKILL)
        eventually(lambda: log.read_text().count("c0        up") == 2, log=log)
        assert not set(in_group) & set(processes_with(word))
        assert "ended with signal SIGKILL; starting it again in 1 s" in log.read_text()
        assert process.poll() is None


def test_a_job_that_fails_says_how_and_its_last_words() -> None:
    shown = io.StringIO()
    with Supervisor(Log(shown)) as supervisor:
        with pytest.raises(Failed, match=r"(?s)job ended with code 3.*no such table"):
            supervisor.run(python("job", "print('no such table'); raise SystemExit(3)", quiet=True), timeout=10)
        assert shown.getvalue() == ""
        assert supervisor.run(python("job", "print('a'); print('b', end='')"), timeout=10) == ["a", "b"]


def test_a_program_that_is_not_there_fails_with_its_name() -> None:
    with Supervisor(Log(io.StringIO())) as supervisor, pytest.raises(Failed, match="ghost does not start"):
        supervisor.start(Child("ghost", ["/no/such/program"], {}, Path("/")))


def test_waiting_ends_when_what_is_waited_for_has_ended() -> None:
    with Supervisor(Log(io.StringIO())) as supervisor:
        child = supervisor.start(python("web", "raise SystemExit(1)"))
        with pytest.raises(Failed, match="The site ended with code 1"):
            supervisor.wait_until(lambda: False, what="The site", timeout=10, needs=[child])
        with pytest.raises(Failed, match="not ready after 0 seconds"):
            supervisor.wait_until(lambda: False, what="The site", timeout=0, needs=[])


def test_children_stop_newest_first() -> None:
    shown = io.StringIO()
    with Supervisor(Log(shown)) as supervisor:
        for name in ("postgres", "web"):
            supervisor.start(python(name, SAYS_GOODBYE))
        supervisor.wait_until(lambda: shown.getvalue().count("up") == 2, what="children", timeout=10, needs=[])
    assert [line.split() for line in shown.getvalue().splitlines()[2:]] == [["web", "bye"], ["postgres", "bye"]]


def test_a_reader_that_goes_away_stops_the_run() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream, Supervisor(Log(stream)) as supervisor, pytest.raises(Stopped):
        supervisor.start(python("web", "import time\nwhile True: print('line', flush=True); time.sleep(0.01)"))
        began = time.monotonic()
        while time.monotonic() - began < 10:
            supervisor.pump(0.1)


def test_each_line_carries_the_name_of_its_process() -> None:
    shown = io.StringIO()
    with Supervisor(Log(shown)) as supervisor:
        supervisor.run(python("web", "print('one\\ntwo')"), timeout=10)
    assert shown.getvalue() == "web       one\nweb       two\n"
