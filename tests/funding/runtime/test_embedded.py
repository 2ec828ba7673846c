"""The embedded servers: started as root and as an ordinary user, under a directory that others cannot enter, with a space in the path."""

from __future__ import annotations

import io
import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import environ
import kombu
import psycopg
import pytest
import redis

from funding.runtime import embedded, privileges
from funding.runtime.log import Log
from funding.runtime.supervisor import Failed, Supervisor
from tests.funding.runtime.builders import ROOT, bare_environment, eventually, processes_with, started

SERVE = """
import sys
from pathlib import Path
from funding.runtime import embedded
from funding.runtime.supervisor import Stopped, Supervisor

with Supervisor() as supervisor:
    try:
        servers = embedded.start(supervisor, state=Path(sys.argv[1]), copy=Path(sys.argv[1]).parent / "copy")
        print(servers.database_url("postgres", "postgres"), flush=True)
        supervisor.watch()
    except Stopped:
        pass
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with a space in its path under one that others cannot enter, short enough for a socket."""
    top = Path(tempfile.mkdtemp(prefix="day book-"))
    yield top
    shutil.rmtree(top)


def count_of(url: str) -> int:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row
    return int(row[0])


def address_in(log: Path) -> str:
    eventually(lambda: "postgres://" in log.read_text(), log=log)
    return log.read_text().split()[-1]


def test_the_addresses_mean_the_same_to_every_client(place: Path) -> None:
    with Supervisor(Log(io.StringIO())) as supervisor:
        servers = embedded.start(supervisor, state=place / "var", copy=place / "copy", throw_away=True)
        assert servers.sockets == place / "var" / "run"
        config = environ.Env.db_url_config(servers.environment()["DATABASE_URL"])
        params = {"dbname": config["NAME"], "user": config["USER"], **config["OPTIONS"]}
        with psycopg.connect(**params) as app, psycopg.connect(servers.database_url("daybook_app", "daybook")) as same:
            assert app.execute("SELECT current_user::text, current_database()::text").fetchone() == ("daybook_app", "daybook")
            assert app.info.host == same.info.host
        client = redis.from_url(servers.redis_url(3))
        assert client.ping()
        client.close()
        with kombu.Connection(f"redis+socket://{urlsplit(servers.redis_url()).path}") as broker:
            broker.ensure_connection(max_retries=1)


def test_the_owner_may_make_databases_and_the_app_may_not(place: Path) -> None:
    with Supervisor(Log(io.StringIO())) as supervisor:
        servers = embedded.start(supervisor, state=place, copy=place / "copy", throw_away=True)
        with psycopg.connect(servers.environment()["DATABASE_OWNER_URL"], autocommit=True) as owner:
            owner.execute("CREATE DATABASE another")
        with psycopg.connect(servers.environment()["DATABASE_URL"], autocommit=True) as app:
            for refused in ("CREATE DATABASE third", "CREATE TABLE mine (n int)"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    app.execute(refused)


def test_the_libpq_variables_of_a_person_are_not_taken(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGOPTIONS", "-c nonsense=1")
    with Supervisor(Log(io.StringIO())) as supervisor:
        servers = embedded.start(supervisor, state=place, copy=place / "copy", throw_away=True)
        psycopg.connect(servers.environment()["DATABASE_URL"]).close()


def test_a_path_too_long_for_a_socket_gets_a_short_one_that_is_gone_afterwards(place: Path) -> None:
    deep = place / ("a" * 60) / ("b" * 60)
    with Supervisor(Log(io.StringIO())) as supervisor:
        servers = embedded.start(supervisor, state=deep, copy=place / "copy", throw_away=True)
        assert not servers.sockets.is_relative_to(place)
        assert servers.sockets.stat().st_mode & 0o777 == 0o700
        psycopg.connect(servers.environment()["DATABASE_URL"]).close()
    assert not servers.sockets.exists()


def test_what_was_committed_is_there_after_the_supervisor_was_killed(place: Path, tmp_path: Path) -> None:
    state = place / "var"
    counts = []
    for run in range(2):
        log = tmp_path / f"log{run}"
        with started([sys.executable, "-c", SERVE, str(state)], cwd=ROOT, log=log) as process:
            counts.append(count_of(address_in(log)))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            eventually(lambda: not processes_with(str(place)), 20)
    assert counts == [1, 2]


def test_a_server_that_was_killed_is_started_again(place: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with started([sys.executable, "-c", SERVE, str(place / "var")], cwd=ROOT, log=log):
        url = address_in(log)
        count_of(url)
        pid = int((place / "var" / "pg" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)

        def back() -> bool:
            try:
                return count_of(url) == 2
            except psycopg.OperationalError:
                return False

        eventually(back, 20, log=log)


def test_a_pid_file_that_names_another_process_is_dropped(place: Path) -> None:
    state = place / "var"
    for run in range(2):
        with Supervisor(Log(io.StringIO())) as supervisor:
            embedded.start(supervisor, state=state, copy=place / "copy")
        if run == 0:
            (state / "pg" / "postmaster.pid").write_text(f"{os.getppid()}\n{state / 'pg'}\n")


def test_data_of_another_major_version_is_refused_with_what_to_do(place: Path) -> None:
    (place / "pg").mkdir()
    (place / "pg" / "PG_VERSION").write_text("15\n")
    with Supervisor(Log(io.StringIO())) as supervisor, pytest.raises(Failed, match=r"PostgreSQL 15 made the data.*--fresh"):
        embedded.start(supervisor, state=place, copy=place / "copy")


@pytest.fixture
def root() -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root has ways to become somebody else.")


def programs_in(place: Path) -> Path:
    """The programs and their libraries once more, in a place that only root can enter."""
    binaries = embedded.postgres_programs()
    package = binaries.parent.parent
    shutil.copytree(binaries.parent, place / package.name / binaries.parent.name, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    shutil.copytree(libraries, place / libraries.name, symlinks=True)
    return place / package.name / binaries.parent.name / "bin"


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("make", privileges.WAYS)
def test_root_has_three_ways_and_any_one_is_enough(
    place: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path, Path], privileges.Way]
) -> None:
    copy = Path(tempfile.mkdtemp(prefix="daybook-copy-", dir="/var/tmp"))
    binaries = programs_in(place)
    try:
        way = privileges.choose(binaries, probe=embedded.PROBE, copy=copy, ways=[make])
    except privileges.NoWay:
        pytest.skip("This machine does not allow it.")
    monkeypatch.setattr(embedded, "_way", lambda copy: way)
    try:
        with Supervisor(Log(io.StringIO())) as supervisor:
            servers = embedded.start(supervisor, state=place / "var", copy=copy, throw_away=True)
            assert count_of(servers.database_url("postgres", "postgres")) == 1
            assert place.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(copy)


@pytest.mark.usefixtures("root")
def test_the_server_of_root_can_do_no_more_than_enter_directories(place: Path) -> None:
    with Supervisor(Log(io.StringIO())) as supervisor:
        embedded.start(supervisor, state=place, copy=place / "copy", throw_away=True)
        pid = (place / "pg" / "postmaster.pid").read_text().split()[0]
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        if status["Uid"].split()[0] == "0":
            pytest.skip("In a user namespace the kernel reports the outer ids.")
        assert set(status["Uid"].split()) == {str(privileges.nobody()[0])}
        assert status["Groups"].split() == []
        for kind in ("CapEff", "CapPrm"):
            assert int(status[kind], 16) in {0, 1 << privileges.CAP_DAC_OVERRIDE}


def reachable_python() -> str:
    """A Python of our version whose libraries an ordinary user can read. This one may live in root's home."""
    system = shutil.which("python3", path="/usr/local/bin:/usr/bin")
    for candidate in filter(None, (sys.executable, system)):
        code = "import sys, os; sys.exit(sys.version_info[:2] != tuple(map(int, sys.argv[1:])) or not os.access(os.__file__, os.R_OK))"
        command = [candidate, "-I", "-c", code, *map(str, sys.version_info[:2])]
        with suppress(PermissionError):
            if subprocess.run(command, preexec_fn=ordinary(privileges.nobody()[0]), capture_output=True, check=False).returncode == 0:
                return candidate
    pytest.skip("No Python of this version that an ordinary user can read.")


def ordinary(uid: int) -> Callable[[], None]:
    def enter() -> None:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)

    return enter


def nameless() -> int:
    known = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(40_000, 60_000) if uid not in known)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("named", [True, False])
def test_an_ordinary_user_runs_it_too(tmp_path: Path, named: bool) -> None:
    uid = privileges.nobody()[0] if named else nameless()
    home = Path(tempfile.mkdtemp(prefix="day book-"))
    os.chown(home, uid, uid)
    packages = sysconfig.get_path("purelib")
    env = bare_environment(PYTHONPATH=f"{ROOT}:{packages}", HOME=str(home), PYTHONDONTWRITEBYTECODE="1")
    log = tmp_path / "log"
    command = [reachable_python(), "-c", SERVE, str(home / "var")]
    try:
        with started(command, cwd=Path("/"), log=log, env=env, enter=ordinary(uid)) as process:
            eventually(lambda: "postgres://" in log.read_text() or process.poll() is not None, log=log)
            assert process.poll() is None, log.read_text()
            assert (home / "var").stat().st_uid == uid
            assert processes_with(str(home))
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        assert not processes_with(str(home))
    finally:
        shutil.rmtree(home)
