"""The keeper: a small process that outlives the supervisor, and ends what is left when the supervisor was killed.

A parent's death signal reaches only direct children, and only on Linux. The keeper reads a pipe of which the supervisor alone
holds the other end. When the pipe closes without the word `done`, the supervisor is dead: the keeper ends each process group it was
told about, newest first, then everything that carries the run's mark in its environment, and removes the files it was told about.

Run as a script by its path, with no import of this package, so that it starts in a few hundredths of a second.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

MARK = "DAYBOOK_RUN"
GRACE = 8.0


def marked(mark: str) -> list[int]:
    """Processes that carry the run's mark in their environment, apart from the caller. Linux only; elsewhere none."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        if pid == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def alive(group: int) -> bool:
    """Whether the group still has a member that is not a zombie waiting for somebody to read its end."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _only_zombies(group)


def _only_zombies(group: int) -> bool:
    if not Path("/proc/self/stat").exists():
        return False
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            state, _parent, its_group = entry.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return False
    return True


def end_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def end_marked(mark: str) -> list[int]:
    """Kill every process that carries the mark. Twice, because one may have forked meanwhile. Answers the ids that it killed."""
    killed = []
    for _ in range(2):
        for pid in marked(mark):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
    return killed


def clean_up(groups: dict[int, int], paths: list[str], mark: str) -> None:
    for group in reversed(groups):
        end_group(group, groups[group])
    until = time.monotonic() + GRACE
    while time.monotonic() < until and any(alive(group) for group in groups):
        time.sleep(0.05)
    for group in groups:
        end_group(group, signal.SIGKILL)
    end_marked(mark)
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
        with contextlib.suppress(OSError):
            Path(path).unlink()


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    paths: list[str] = []
    mark = ""
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "mark":
            mark = rest
        elif word == "group":
            group, orphaned = rest.split()
            groups[int(group)] = int(orphaned)
        elif word == "gone":
            groups.pop(int(rest), None)
        elif word == "path":
            paths.append(rest)
        elif word == "done":
            return
    clean_up(groups, paths, mark)


if __name__ == "__main__":
    main()
