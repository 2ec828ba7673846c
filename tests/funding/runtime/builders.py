"""A miniature checkout, with the real runtime and a site of thirty lines, and ways to look at processes from outside."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

MANAGE = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
import psycopg

command, rest = sys.argv[1], sys.argv[2:]
if command == "migrate":
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS visits (at timestamptz DEFAULT now())")
        owner.execute("GRANT SELECT, INSERT ON visits TO daybook_app")
elif command == "collectstatic":
    Path("var/static").mkdir(parents=True, exist_ok=True)
elif command == "load_demo" and "--people" in rest:
    print("Ada  treasurer")
elif command == "load_demo" and "--empty" in rest:
    print("nothing")
elif command == "load_demo":
    print("3 sponsors")
elif command == "fakestripe":
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
        def log_message(self, *words):
            pass
    psycopg.connect(os.environ["FAKESTRIPE_DATABASE_URL"]).close()
    print("listening")
    HTTPServer(("127.0.0.1", int(rest[rest.index("--port") + 1])), Answer).serve_forever()
"""

WSGI = """
import os
import psycopg

def application(environ, start_response):
    with psycopg.connect(os.environ["DATABASE_URL"]) as app:
        app.execute("INSERT INTO visits DEFAULT VALUES")
        (count,) = app.execute("SELECT count(*) FROM visits").fetchone()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{count} visits, as {os.environ['DEMO']}".encode()]
"""

CELERY = """
import os
from urllib.parse import urlsplit
from celery import Celery

app = Celery("daybook", broker=f"redis+socket://{urlsplit(os.environ['REDIS_URL']).path}")
"""


def miniature(place: Path) -> Path:
    """A checkout at `place` that has the real bin/ and funding/runtime and next to nothing else."""
    (place / "funding").mkdir(parents=True)
    shutil.copytree(ROOT / "bin", place / "bin")
    shutil.copytree(ROOT / "funding" / "runtime", place / "funding" / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    files = {"funding/__init__.py": "", "funding/celery.py": CELERY, "funding/wsgi.py": WSGI, "manage.py": MANAGE}
    for name, text in {**files, "requirements.txt": "", "requirements-dev.txt": ""}.items():
        (place / name).write_text(text)
    return place


def bare_environment(**values: str) -> dict[str, str]:
    """The environment without what the running tests were given, plus `values`."""
    mine = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
    return {**{name: value for name, value in os.environ.items() if name not in mine and not name.startswith("PYTEST")}, **values}


@contextmanager
def started(
    command: list[str], *, cwd: Path, log: Path, env: Mapping[str, str] | None = None, enter: Callable[[], None] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A command whose output goes to `log`, killed at the end if it still runs."""
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=dict(env or bare_environment()), stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=enter
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
        process.wait()


def runtime(*words: str) -> list[str]:
    return [sys.executable, "-m", "funding.runtime", *words]


def eventually(true: Callable[[], object], seconds: float = 30, *, log: Path | None = None) -> None:
    """Wait until `true()`; on failure show the log."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise AssertionError(f"Not after {seconds:.0f} s.\n{log.read_text(errors='replace') if log else ''}")
        time.sleep(0.05)


def processes_with(word: str) -> dict[int, str]:
    """Living processes whose command line, environment or working directory has `word`."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z" or int(entry.name) == os.getpid():
                continue
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
            about = b"\n".join([command, (entry / "environ").read_bytes(), os.fsencode(os.readlink(entry / "cwd"))])
            if word.encode() in about:
                found[int(entry.name)] = command.decode(errors="replace")
    return found
