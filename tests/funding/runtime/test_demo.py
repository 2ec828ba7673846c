"""bin/demo in a miniature checkout: a directory with a space in its name under one that others cannot enter."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import environ
import psycopg
import pytest

from funding.runtime import demo, outside
from funding.runtime.options import demo_options
from tests.funding.runtime.builders import bare_environment, eventually, miniature, processes_with, runtime, started


@pytest.fixture
def checkout() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="day-"))
    yield miniature(top / "my book")
    rmtree(top)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def page(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        return str(answer.read().decode())


def until_ready(log: Path) -> None:
    eventually(lambda: "Daybook is ready" in log.read_text() or "did not start" in log.read_text(), 120, log=log)
    assert "Daybook is ready" in log.read_text(), log.read_text()


def test_a_demo_from_start_to_stop(checkout: Path, port: int, tmp_path: Path) -> None:
    log = tmp_path / "log"
    env = bare_environment(DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    with started(runtime("demo", "--port", str(port)), cwd=checkout, log=log, env=env) as process:
        until_ready(log)
        shown = log.read_text()
        assert f"http://127.0.0.1:{port}/" in shown
        assert "Ada  treasurer" in shown
        assert "DATABASE_URL is set, and left alone" in shown
        assert "story     3 sponsors" in shown
        assert "stripe    listening" in shown
        # Readiness has counted as visits too.
        assert page(port).endswith("visits, as 1")
        refuse_a_second(checkout)
        read_the_environment_file(checkout)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert log.read_text().splitlines()[-1].startswith("Stopped.")
    assert not processes_with(str(checkout))
    assert not (checkout / "var" / "daybook.env").exists()


def refuse_a_second(checkout: Path) -> None:
    second = subprocess.run(runtime("demo"), cwd=checkout, env=bare_environment(), capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert "running already at http://127.0.0.1:" in second.stderr


def read_the_environment_file(checkout: Path) -> None:
    file = checkout / "var" / "daybook.env"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    values: dict[str, str] = {}
    environ.FileAwareEnv.ENVIRON, before = values, environ.FileAwareEnv.ENVIRON
    try:
        environ.FileAwareEnv.read_env(str(file))
    finally:
        environ.FileAwareEnv.ENVIRON = before
    assert values["DEMO"] == "1"
    with psycopg.connect(values["DATABASE_URL"]) as app:
        assert app.execute("SELECT current_user::text").fetchone() == ("daybook_app",)


def test_nothing_is_left_when_the_demo_is_killed_and_it_starts_again_with_its_data(checkout: Path, port: int, tmp_path: Path) -> None:
    for run in range(2):
        log = tmp_path / f"log{run}"
        with started(runtime("demo", "--port", str(port)), cwd=checkout, log=log) as process:
            until_ready(log)
            assert ("3 sponsors" in log.read_text()) == (run == 0)
            before = page(port)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            eventually(lambda: not processes_with(str(checkout)), 20)
            assert not (checkout / "var" / "daybook.env").exists()
    assert int(before.split()[0]) > 3


@pytest.mark.slow
def test_a_web_server_that_is_killed_comes_back_on_its_port(checkout: Path, port: int, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with started(runtime("demo", "--empty", "--port", str(port)), cwd=checkout, log=log):
        until_ready(log)
        assert "3 sponsors" not in log.read_text()
        (granian, *_) = sorted(pid for pid, command in processes_with(str(checkout)).items() if "granian" in command)
        os.kill(granian, signal.SIGKILL)
        eventually(lambda: "web       ended with signal SIGKILL" in log.read_text(), log=log)
        eventually(lambda: outside.answers(port, "/livez"), log=log)


@pytest.mark.slow
def test_an_empty_beginning_lies_beside_the_story_and_fresh_begins_one_anew(checkout: Path, port: int, tmp_path: Path) -> None:
    for words, told in (([], True), (["--fresh", "--empty"], False), ([], False), (["--fresh"], True)):
        log = tmp_path / "log"
        with started(runtime("demo", "--port", str(port), *words), cwd=checkout, log=log) as process:
            until_ready(log)
            assert ("3 sponsors" in log.read_text()) == told
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def test_a_job_that_fails_stops_the_start_and_says_which(checkout: Path, tmp_path: Path) -> None:
    (checkout / "manage.py").write_text("raise SystemExit('no such column')")
    done = subprocess.run(runtime("demo"), cwd=checkout, env=bare_environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "migrate   no such column" in done.stdout
    assert done.stderr.splitlines()[-2:] == ["The demo did not start.", "migrate ended with code 1."]
    assert not processes_with(str(checkout))


def test_a_taken_port_gives_the_next_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert outside.free_port(port) > port
        chosen = demo.Demo(demo.Log(), port=port, empty=True)
        chosen.choose_ports()
        assert chosen.port > port
        assert chosen.stand_in_port > chosen.port


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", ""])
def test_a_word_that_is_no_port_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        demo_options([f"--port={text}"])
    assert stop.value.code == 2
    assert "is not a port" in capsys.readouterr().err


def test_static_files_are_collected_again_when_one_changes(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "ROOT", checkout)
    first = demo.static_fingerprint()
    assert demo.static_fingerprint() == first
    (checkout / "funding" / "static").mkdir()
    (checkout / "funding" / "static" / "a.css").write_text("a{}")
    assert demo.static_fingerprint() != first


def test_the_secret_is_kept_and_private(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    first = outside.kept_secret(file)
    assert len(first) >= 48
    assert outside.kept_secret(file) == first
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("command", "option"), [("demo", "--fresh"), ("test", "--all")])
def test_help_needs_nothing_installed(checkout: Path, command: str, option: str) -> None:
    done = subprocess.run([checkout / "bin" / command, "-h"], cwd="/", env=bare_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert option in done.stdout
    assert not (checkout / ".venv").exists()


def test_the_port_comes_from_the_command_else_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    assert (demo_options([]).port, demo_options(["--port=9001"]).port) == (9000, 9001)
    monkeypatch.setenv("PORT", "")
    assert demo_options([]).port == 8000
