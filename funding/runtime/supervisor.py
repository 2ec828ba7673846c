"""The supervisor: starts processes, writes one log, brings back what falls over, and leaves nothing behind.

Each child is the leader of its own session, so that Ctrl-C reaches only the supervisor, which then stops the children newest first.
A child's whole process group is ended with it: a killed granian leaves its workers otherwise. Should the supervisor itself be
killed, the kernel signals each direct child (Linux) and the keeper ends the rest.

Everything happens in the main thread: the death signal of a child is tied to the thread that forked it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

from funding.runtime import keeper, privileges
from funding.runtime.log import Lines, Log

BACKOFF = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
STEADY = 60.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """The person, or the system, asked us to stop."""


class Failed(Exception):
    """A process did not do what the start needs. The message is meant for the person at the terminal."""


@dataclass(slots=True)
class Child:
    """What to run.

    `enter` runs in the child before exec; `stop` asks it to end in good order within `grace` seconds; `orphaned` is sent when we
    are dead; what a `quiet` one writes is kept for the message of its failure and not shown.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    enter: Callable[[], None] | None = None
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGTERM
    grace: float = 8.0
    restart: bool = True
    quiet: bool = False


@dataclass(slots=True)
class Running:
    child: Child
    process: subprocess.Popen[bytes]
    lines: Lines
    since: float
    group: int
    deaths: int = 0
    again_at: float | None = None
    stopping: bool = field(default=False)


class Supervisor:
    """Use as a context manager: whatever happens inside, all children are gone afterwards."""

    def __init__(self, log: Log | None = None) -> None:
        self.log = log or Log()
        self.mark = secrets.token_hex(16)
        self.running: list[Running] = []
        self.asked = 0
        self._paths: list[Path] = []
        self._selector = selectors.DefaultSelector()
        self._before: dict[int, object] = {}
        self._keeper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Supervisor:
        for number in STOP_SIGNALS:
            self._before[number] = signal.signal(number, self._on_signal)
        privileges.adopt_orphans()
        environment = {name: value for name, value in os.environ.items() if name != keeper.MARK}
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", keeper.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
            cwd="/",
        )
        self._tell(f"mark {self.mark}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop_all()
        keeper.end_marked(self.mark)
        self._reap_orphans()
        for path in self._paths:
            _remove(path)
        self._tell("done")
        if self._keeper and self._keeper.stdin:
            with contextlib.suppress(OSError):
                self._keeper.stdin.close()
            self._keeper.wait()
        self._selector.close()
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def remove_at_end(self, path: Path) -> None:
        """A file or directory that must not outlive this run, even when we are killed."""
        self._paths.append(path)
        self._tell(f"path {path}")

    # Starting

    def start(self, child: Child) -> Running:
        process = self._spawn(child)
        running = Running(child, process, Lines(self.log, child.name, quiet=child.quiet), time.monotonic(), process.pid)
        self.running.append(running)
        self._watch(running)
        return running

    def run(self, child: Child, timeout: float) -> list[str]:
        """Run a job to its end and answer the last lines that it wrote. Raises Failed when it fails or takes over `timeout` seconds."""
        child.restart = False
        running = self.start(child)
        self.wait_until(lambda: running.process.poll() is not None, what=child.name, timeout=timeout, needs=())
        self._finish(running)
        if running.process.returncode != 0:
            raise _failure(child.name, running)
        return running.lines.last

    def wait_until(self, ready: Callable[[], bool], *, what: str, timeout: float, needs: Sequence[Running]) -> None:
        """Keep the log flowing until `ready()`. Raises Failed when a process in `needs` ends first, or after `timeout` seconds."""
        until = time.monotonic() + timeout
        while not ready():
            for running in needs:
                if running.process.poll() is not None:
                    self._drain(running)
                    raise _failure(what, running)
            if time.monotonic() > until:
                raise Failed(f"{what} was not ready after {timeout:.0f} seconds.")
            self.pump(0.03)

    def watch(self) -> None:
        """Run until asked to stop: pass on the log, and bring back what ended. Raises Stopped."""
        while True:
            self.pump(0.25)
            self._reap_orphans()
            for running in list(self.running):
                self._look_after(running)

    def pump(self, seconds: float) -> None:
        """Pass on what the children wrote, for up to `seconds`. Raises Stopped when asked to stop."""
        for key, _events in self._selector.select(seconds):
            self._read(key.data)
        if self.asked or self.log.broken:
            raise Stopped

    # Stopping

    def stop_all(self) -> None:
        """End every child, newest first, each in good order and then for certain. A second Ctrl-C ends the patience."""
        heard = self.asked
        for running in reversed(self.running):
            self._stop(running, heard)
        self.running.clear()

    def stop(self, running: Running) -> None:
        self._stop(running, self.asked)
        self.running.remove(running)

    def _stop(self, running: Running, heard: int) -> None:
        running.stopping = True
        if running.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                running.process.send_signal(running.child.stop)
        until = time.monotonic() + running.child.grace
        while running.process.poll() is None and time.monotonic() < until and self.asked <= heard:
            for key, _events in self._selector.select(0.03):
                self._read(key.data)
        keeper.end_group(running.group, signal.SIGKILL)
        running.process.wait()
        self._unwatch(running)
        self._tell(f"gone {running.group}")

    # Inside

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked += 1

    def _tell(self, line: str) -> None:
        if self._keeper and self._keeper.stdin:
            with contextlib.suppress(OSError):
                self._keeper.stdin.write(f"{line}\n".encode())
                self._keeper.stdin.flush()

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        parent = os.getpid()

        def enter() -> None:
            for number in STOP_SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            if child.enter:
                child.enter()
            privileges.die_with_parent(child.orphaned, parent)

        try:
            process = self._popen(child, enter)
        except (OSError, subprocess.SubprocessError) as error:
            raise Failed(f"{child.name} does not start: {error}.") from error
        self._tell(f"group {process.pid} {int(child.orphaned)}")
        return process

    def _popen(self, child: Child, enter: Callable[[], None]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            list(child.command),
            env={**child.env, keeper.MARK: self.mark},
            cwd=child.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=enter,
        )

    def _watch(self, running: Running) -> None:
        output = running.process.stdout
        if output:
            os.set_blocking(output.fileno(), False)
            self._selector.register(output, selectors.EVENT_READ, running)

    def _unwatch(self, running: Running) -> None:
        output = running.process.stdout
        self._drain(running)
        if output and not output.closed:
            self._selector.unregister(output)
            output.close()
        running.lines.close()

    def _drain(self, running: Running) -> None:
        while self._read(running):
            pass

    def _read(self, running: Running) -> bool:
        """Pass on what is there. False when there is no more for now."""
        output = running.process.stdout
        if output is None or output.closed:
            return False
        try:
            data = os.read(output.fileno(), 65_536)
        except BlockingIOError:
            return False
        if not data:
            self._selector.unregister(output)
            output.close()
            return False
        running.lines.feed(data)
        return True

    def _finish(self, running: Running) -> None:
        keeper.end_group(running.group, signal.SIGKILL)
        self._unwatch(running)
        self._tell(f"gone {running.group}")
        self.running.remove(running)

    def _look_after(self, running: Running) -> None:
        now = time.monotonic()
        if running.again_at is not None:
            if now >= running.again_at:
                self._bring_back(running, now)
        elif running.process.poll() is not None:
            self._note_end(running, now)

    def _note_end(self, running: Running, now: float) -> None:
        keeper.end_group(running.group, signal.SIGKILL)
        self._unwatch(running)
        self._tell(f"gone {running.group}")
        ending = _ending(running.process.returncode)
        if running.child.quiet:
            for line in running.lines.last[-8:]:
                self.log.line(running.child.name, line)
        if not running.child.restart:
            self.running.remove(running)
            self.log.line(running.child.name, f"ended with {ending}")
            return
        running.deaths = 0 if now - running.since > STEADY else running.deaths
        delay = BACKOFF[min(running.deaths, len(BACKOFF) - 1)]
        running.deaths += 1
        running.again_at = now + delay
        self.log.line(running.child.name, f"ended with {ending}; starting it again in {delay:.0f} s")

    def _bring_back(self, running: Running, now: float) -> None:
        running.process = self._spawn(running.child)
        running.group = running.process.pid
        running.since = now
        running.again_at = None
        self._watch(running)

    def _reap_orphans(self) -> None:
        """Wait for adopted grandchildren that ended, and for nothing that a Popen waits for."""
        ours = {running.process.pid for running in self.running} | ({self._keeper.pid} if self._keeper else set())
        if not privileges.LINUX:
            return
        with contextlib.suppress(ChildProcessError):
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if ended.si_pid in ours:
                    return
                os.waitpid(ended.si_pid, os.WNOHANG)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"code {code}"


def _failure(what: str, running: Running) -> Failed:
    """What ended and how; with its last words where the log has not shown them."""
    words = running.lines.last[-8:] if running.child.quiet else []
    return Failed("\n".join([f"{what} ended with {_ending(running.process.returncode)}.", *words]))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
