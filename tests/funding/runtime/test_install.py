"""bin/setup with an empty lock: one environment, made once, whoever asks and however often."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.funding.runtime.builders import bare_environment, miniature


@pytest.fixture
def checkout() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="day-"))
    yield miniature(top / "my book")
    shutil.rmtree(top)


def setup(checkout: Path, *words: str, **values: str) -> subprocess.CompletedProcess[str]:
    env = bare_environment(**values)
    return subprocess.run([checkout / "bin" / "setup", *words], cwd="/", env=env, capture_output=True, text=True, timeout=120, check=False)


def test_the_second_run_is_instant_and_a_new_lock_installs_again(checkout: Path) -> None:
    assert setup(checkout).returncode == 0
    made = (checkout / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    began = time.monotonic()
    again = setup(checkout)
    assert (again.returncode, again.stdout) == (0, "")
    assert time.monotonic() - began < 2
    (checkout / "requirements.txt").write_text("# another lock\n")
    assert "Installing what requirements.txt lists." in setup(checkout).stdout
    assert "requirements-dev.txt" in setup(checkout, "--dev").stdout
    assert (checkout / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == made


@pytest.mark.slow
def test_what_tests_need_stays_when_the_demo_asks_for_less(checkout: Path) -> None:
    assert setup(checkout, "--dev").returncode == 0
    assert setup(checkout).stdout == ""
    (checkout / "requirements-dev.txt").write_text("# another lock\n")
    assert "requirements-dev.txt" in setup(checkout).stdout
    assert setup(checkout, "--dev").stdout == ""


def test_two_runs_at_once_take_turns(checkout: Path) -> None:
    env = bare_environment()
    both = [subprocess.Popen([checkout / "bin" / "setup"], env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    shown = sorted(process.communicate(timeout=120)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert "".join(shown).count("Making .venv") == 1


@pytest.mark.slow
def test_a_checkout_that_moved_gets_a_new_environment(checkout: Path) -> None:
    assert setup(checkout).returncode == 0
    moved = checkout.with_name("moved")
    checkout.rename(moved)
    assert "Making .venv" in setup(moved).stdout
    prefix = subprocess.run(
        [moved / ".venv" / "bin" / "python", "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True
    )
    assert prefix.stdout.strip() == str(moved / ".venv")


def tools(place: Path, python: str) -> str:
    """A PATH with the plain tools that a shell script needs, and `python` as python3."""
    place.mkdir()
    for name in ("sh", "dirname", "env"):
        found = shutil.which(name)
        assert found
        (place / name).symlink_to(found)
    if python:
        (place / "python3").write_text(python)
        (place / "python3").chmod(0o755)
    return str(place)


def test_a_missing_python_is_named_with_its_package(checkout: Path, tmp_path: Path) -> None:
    done = setup(checkout, PATH=tools(tmp_path / "bin", ""))
    assert done.returncode == 1
    assert done.stderr == "bin/setup: python3 is missing, or older than 3.11. On Debian or Ubuntu: apt install python3 python3-venv\n"


def test_a_python_without_venv_is_told_what_it_lacks(checkout: Path, tmp_path: Path) -> None:
    # As Debian's python3 is before python3-venv: everything but ensurepip.
    python = f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\nexec "{os.path.realpath(sys.executable)}" "$@"\n'
    done = setup(checkout, PATH=tools(tmp_path / "bin", python))
    assert done.returncode == 1
    assert "python3 cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv" in done.stderr


@pytest.mark.slow
def test_a_lock_that_cannot_be_installed_leaves_no_stamp(checkout: Path) -> None:
    (checkout / "requirements.txt").write_text("./missing.whl\n")
    done = setup(checkout)
    assert done.returncode == 1
    assert "this command failed" in done.stderr
    assert not (checkout / ".venv" / "daybook.stamp").exists()
