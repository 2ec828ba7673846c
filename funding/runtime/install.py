"""Makes .venv and installs the lock into it. Run by bin/setup with the system's Python, so it uses the standard library alone.

The second run is instant: a stamp in .venv names the lock, the Python and the place that it was made for. Two runs at the same time
take turns.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "daybook.stamp"
LOCKS = {"run": ROOT / "requirements.txt", "dev": ROOT / "requirements-dev.txt"}


def main(arguments: list[str]) -> int:
    dev = "--dev" in arguments
    if satisfied(dev):
        return 0
    if "--satisfied" in arguments:
        return 1
    try:
        with turn():
            if not satisfied(dev):
                install(dev)
    except subprocess.CalledProcessError as error:
        print(f"bin/setup: this command failed with code {error.returncode}: {' '.join(map(str, error.cmd[:6]))} …", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"bin/setup: {error}", file=sys.stderr)
        return 1
    return 0


def stamp_for(kind: str) -> str:
    lock = hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest()
    return f"{kind} {sys.version_info.major}.{sys.version_info.minor} {lock} {VENV}"


def satisfied(dev: bool) -> bool:
    """Whether .venv holds the wanted lock. A dev installation holds the run-time one too: its versions come from it."""
    if not PYTHON.exists() or not STAMP.exists():
        return False
    have = STAMP.read_text().splitlines()
    return stamp_for("dev") in have or (not dev and stamp_for("run") in have)


@contextmanager
def turn() -> Iterator[None]:
    """Wait until no other run is installing."""
    # The lock is on the checkout itself, so that no file is left to explain.
    lock = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another bin/setup is installing; waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def install(dev: bool) -> None:
    if not usable():
        print(f"Making .venv with Python {sys.version_info.major}.{sys.version_info.minor}.", flush=True)
        make_venv()
    kind = "dev" if dev or (STAMP.exists() and STAMP.read_text().startswith("dev")) else "run"
    STAMP.unlink(missing_ok=True)
    print(f"Installing what {LOCKS[kind].name} lists.", flush=True)
    if not with_uv(LOCKS[kind]):
        with_pip(LOCKS[kind])
    STAMP.write_text(stamp_for(kind) + "\n")


def usable() -> bool:
    """Whether .venv is there, was made by this version of Python and in this place, which its scripts name, and can install."""
    code = "import sys, pip; print(*sys.version_info[:2], sys.prefix)"
    try:
        answer = subprocess.run([PYTHON, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return False
    scripts = (VENV / "bin" / "pip").read_text(errors="replace")
    return answer == f"{sys.version_info.major} {sys.version_info.minor} {VENV}" and f"{VENV}/bin/python" in scripts


def make_venv() -> None:
    # Built beside and moved would break it, for scripts name their interpreter by its path; so what is broken goes first.
    if VENV.exists():
        shutil.rmtree(VENV)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)


def with_uv(lock: Path) -> bool:
    """Install with uv where it is on the PATH. False when it is not, or fails: it does not read pip's configuration."""
    uv = shutil.which("uv")
    if not uv:
        return False
    command: list[str | Path] = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--python",
        PYTHON,
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-r",
        lock,
    ]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        return True
    print("uv did not manage it; trying pip.", flush=True)
    return False


def with_pip(lock: Path) -> None:
    # Without --no-compile pip compiles every module of every package, most of which nothing here imports.
    options = [
        "-qq",
        "--no-compile",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--no-deps",
        "--disable-pip-version-check",
        "--no-input",
    ]
    environment = {**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    subprocess.run([PYTHON, "-m", "pip", "install", *options, "-r", lock], check=True, env=environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
