"""bin/demo: the whole product on this machine, with a story in it, until Ctrl-C."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from funding.runtime import embedded, outside
from funding.runtime.log import Log
from funding.runtime.options import demo_options
from funding.runtime.outside import HOST, ROOT, VAR
from funding.runtime.supervisor import Child, Failed, Running, Stopped, Supervisor

DATA = ("pg", "redis", "run", "beat", "story", "secret", "webhook-secret")
OWN = VAR / "own"
"""Where the data of an empty beginning is kept, beside the story's."""
QUEUES = "money,mail,slow"
ROOT_WARNING = "You're running the worker with superuser privileges"


def main(arguments: list[str]) -> int:
    options = demo_options(arguments)
    os.chdir(ROOT)
    log = Log()
    try:
        embedded.private_directory(VAR)
        with only_one(VAR / "demo.lock"):
            state = OWN if options.empty else VAR
            embedded.private_directory(state)
            if options.fresh:
                wipe(state, embedded.data_places(state, embedded.copy_place(ROOT)))
            return Demo(log, port=options.port, empty=options.empty).run()
    except Failed as error:
        print(f"\nThe demo did not start.\n{error}", file=sys.stderr)
        return 1


@contextmanager
def only_one(file: Path) -> Iterator[None]:
    """Hold the checkout's lock; a second demo on the same data is refused with the address of the first."""
    with open(file, "a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Failed(f"A demo of this checkout is running already{running_address()}. Stop it with Ctrl-C in its terminal.") from error
        yield


def running_address() -> str:
    try:
        lines = outside.ENVIRONMENT_FILE.read_text().splitlines()
    except OSError:
        return ""
    return "".join(f" at {line.removeprefix('BASE_URL=')}" for line in lines if line.startswith("BASE_URL="))


def wipe(state: Path, elsewhere: list[Path]) -> None:
    for path in [*(state / name for name in DATA), *elsewhere]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


class Demo:
    def __init__(self, log: Log, *, port: int, empty: bool) -> None:
        self.log = log
        self.state = OWN if empty else VAR
        self.story = self.state / "story"
        self.wanted = port
        self.empty = empty
        self.began = time.monotonic()
        self.env: dict[str, str] = {}
        self.port = port
        self.stand_in_port = port

    def run(self) -> int:
        for name in ("DATABASE_URL", "REDIS_URL"):
            if name in os.environ:
                self.log.say(f"{name} is set, and left alone: the demo uses its own servers, with data in var/.")
        with Supervisor(self.log) as supervisor:
            try:
                self.start(supervisor)
                supervisor.watch()
            except Stopped:
                self.log.say("\nStopping.")
        again = "bin/demo --fresh --empty" if self.empty else "bin/demo --fresh"
        self.log.say(f"Stopped. The data stays in {shown(self.state)}/; {again} begins anew.")
        return 0

    def start(self, supervisor: Supervisor) -> None:
        self.choose_ports()
        self.log.say("Starting PostgreSQL and Redis.")
        servers = embedded.start(supervisor, state=self.state, copy=embedded.copy_place(ROOT))
        self.publish(supervisor, servers)
        self.prepare(supervisor)
        self.serve(supervisor)
        self.tell_story(supervisor)
        self.show_box()

    def choose_ports(self) -> None:
        try:
            self.port = outside.free_port(self.wanted)
            self.stand_in_port = outside.free_port(self.port + 1)
        except OSError as error:
            raise Failed(f"{error} Name another with --port.") from error
        if self.port != self.wanted:
            self.log.say(f"Port {self.wanted} is taken; using {self.port}.")

    def publish(self, supervisor: Supervisor, servers: embedded.Servers) -> None:
        """The values for our children, and the file with which manage.py finds the demo from another terminal."""
        base_url = f"http://{HOST}:{self.port}"
        values = {
            "DEMO": "1",
            "BASE_URL": base_url,
            "PORT": str(self.port),
            "ALLOWED_HOSTS": f"{HOST},localhost",
            "SECRET_KEY": outside.kept_secret(self.state / "secret"),
            **servers.environment(),
            # Every mail is kept in the database, where the demo shows it.
            "EMAIL_URL": "dummymail://",
            "STRIPE_SECRET_KEY": "sk_test_demo",
            "STRIPE_WEBHOOK_SECRET": f"whsec_{outside.kept_secret(self.state / 'webhook-secret')}",
            "STRIPE_API_BASE": f"http://{HOST}:{self.stand_in_port}",
            "FAKESTRIPE_DATABASE_URL": servers.database_url(embedded.STAND_IN_ROLE, embedded.STAND_IN_DATABASE),
            "FAKESTRIPE_WEBHOOK_URL": f"{base_url}/webhooks/stripe/",
        }
        supervisor.remove_at_end(outside.ENVIRONMENT_FILE)
        outside.write_private(outside.ENVIRONMENT_FILE, outside.environment_file(values))
        self.env = {**os.environ, **values, "DJANGO_SETTINGS_MODULE": "funding.settings", "PYTHONUNBUFFERED": "1"}

    def prepare(self, supervisor: Supervisor) -> None:
        self.log.say("Preparing the database.")
        supervisor.run(self.child("migrate", outside.manage("migrate", "--database", "owner", "--noinput", "-v", "0")), timeout=300)
        fingerprint = static_fingerprint()
        stamp = VAR / "static.stamp"
        if not stamp.exists() or stamp.read_text() != fingerprint or not (VAR / "static").is_dir():
            supervisor.run(self.child("static", outside.manage("collectstatic", "--noinput", "-v", "0")), timeout=120)
            stamp.write_text(fingerprint)

    def serve(self, supervisor: Supervisor) -> None:
        stand_in = supervisor.start(self.child("stripe", outside.manage("fakestripe", "--port", str(self.stand_in_port))))
        web = supervisor.start(self.child("web", web_command(self.port)))
        # Asked to end in good order a worker waits for its task; orphaned it must not, and the task comes back by itself.
        worker = self.child("worker", worker_command(), orphaned=signal.SIGQUIT)
        # Whoever runs the demo as root has chosen to, and celery says so at each start otherwise.
        worker.env = {**self.env, "PYTHONWARNINGS": f"ignore:{ROOT_WARNING}"}
        supervisor.start(worker)
        (self.state / "beat").mkdir(exist_ok=True)
        supervisor.start(self.child("beat", beat_command(self.state / "beat" / "schedule")))
        self.wait_for(supervisor, stand_in, "The stand-in for Stripe", self.stand_in_port, "/healthz")
        self.wait_for(supervisor, web, "The site", self.port, "/livez")

    def wait_for(self, supervisor: Supervisor, running: Running, what: str, port: int, path: str) -> None:
        supervisor.wait_until(lambda: outside.answers(port, path), what=what, timeout=90, needs=[running])

    def tell_story(self, supervisor: Supervisor) -> None:
        self.log.say(f"The site answers at {self.env['BASE_URL']}/ after {self.elapsed()}.")
        if self.story.exists():
            return
        if not self.empty:
            self.log.say("Loading the story; the pages fill meanwhile.")
        supervisor.run(self.child("story", outside.manage("load_demo", *(["--empty"] if self.empty else []))), timeout=3_600)
        # The people are asked for once: a start of Django for a list that does not change is two seconds on a small machine.
        self.story.write_text("\n".join(self.people(supervisor)))

    def show_box(self) -> None:
        people = self.story.read_text().splitlines()
        manage = f"{shown(Path(sys.executable))} manage.py"
        begin = [f"It is empty. Begin at {self.env['BASE_URL']}/demo/start/", ""]
        lines = [
            f"Daybook is ready after {self.elapsed()}:  {self.env['BASE_URL']}/",
            "",
            *(begin if self.empty else [*people, ""]),
            f"No money moves: the stand-in for Stripe is at {self.env['STRIPE_API_BASE']}/",
            f"No mail leaves: read it at {self.env['BASE_URL']}/demo/mail/",
            f"From another terminal, in this directory:  {manage} <command>",
            "Ctrl-C stops it; the data stays.",
        ]
        for line in boxed(lines):
            self.log.say(line)

    def elapsed(self) -> str:
        return f"{time.monotonic() - self.began:.0f} s"

    def people(self, supervisor: Supervisor) -> list[str]:
        listing = self.child("people", outside.manage("load_demo", "--people"))
        listing.quiet = True
        return supervisor.run(listing, timeout=60)

    def child(self, name: str, command: list[str], orphaned: signal.Signals = signal.SIGTERM) -> Child:
        return Child(name, command, self.env, ROOT, orphaned=orphaned)


def web_command(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers"),
        *("--log-level", "warning", "--no-access-log"),
        "funding.wsgi:application",
    ]


def worker_command() -> list[str]:
    quiet = ("--without-gossip", "--without-mingle", "--loglevel", "WARNING")
    return [sys.executable, "-m", "celery", "-q", "-A", "funding.celery", "worker", "-Q", QUEUES, "-c", "2", *quiet]


def beat_command(schedule: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "celery",
        "-q",
        "-A",
        "funding.celery",
        "beat",
        "--schedule",
        str(schedule),
        "--pidfile=",
        "--loglevel",
        "WARNING",
    ]


def static_fingerprint() -> str:
    """Changes when a static file of the checkout or an installed package changes."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for top in ("funding", "sponsors", "grants"):
        for path in sorted((ROOT / top).glob("**/static/**/*")):
            if path.is_file():
                about = path.stat()
                digest.update(f"{path.relative_to(ROOT)} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def boxed(lines: list[str]) -> list[str]:
    """The lines in a frame, for a terminal that shows UTF-8; else between two rules."""
    width = max(len(line) for line in lines)
    if (sys.stdout.encoding or "").lower().replace("-", "") != "utf8":
        return ["-" * width, *lines, "-" * width]
    return [f"┌─{'─' * width}─┐", *(f"│ {line:<{width}} │" for line in lines), f"└─{'─' * width}─┘"]
