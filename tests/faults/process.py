"""The processes of one rig, forked from one that has imported the site already: granian, a Celery worker, and the hand.

Each is the leader of its own group and session and runs the same command line as in `bin/demo`; only the import is shared, so
that a killed process is back in a moment. Web and worker carry the fail-points. The hand carries none: it is the rig's own,
and reads and prepares what the rig asks for (`hand.py`).

Time is the machine's, moved by what the rig wrote (`timing.py`).
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import os
import signal
import sys
from pathlib import Path

from funding.runtime.demo import web_command, worker_command
from tests.faults import timing

LOG = "site.log"
LIBRARIES = (
    "billiard.popen_fork",
    "celery.__main__",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "celery.contrib.django.task",
    "celery.events.receiver",
    "celery.utils.static",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.control",
    "celery.worker.pidbox",
    "celery.worker.strategy",
    "funding.wsgi",
    "granian.cli",
    "granian.server",
    "kombu.transport.redis",
    "psutil",
    "stripe",
)
"""What a web process or a worker imports when it starts. One that is missing here costs each restart its time, and no more."""


def main(place: Path, port: int) -> int:
    import_everything()
    timing.install(place)
    print("ready", flush=True)
    made = set()
    for line in sys.stdin:
        reap()
        made.add(pid := fork(place, line.strip(), port))
        print(pid, flush=True)
    for pid in made:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    return 0


def import_everything() -> None:
    import django
    from django.conf import settings

    # As the other tests do: nobody collected files.
    settings.STATIC_ROOT = None
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    django.setup()
    from django.db import connections
    from django.template.loader import get_template
    from django.urls import get_resolver

    import funding.celery

    for name in LIBRARIES:
        importlib.import_module(name)
    get_resolver().url_patterns  # noqa: B018
    funding.celery.app.loader.import_default_modules()
    funding.celery.app.finalize()

    # A new process would read its templates again with its first page, and a person would wait for it.
    for name in template_names():
        get_template(name)
    connections.close_all()
    # Celery collects garbage before each of its forks, which would look at all of this every time.
    gc.freeze()


def template_names() -> list[str]:
    from django.conf import settings

    roots = [Path(root) for root in settings.TEMPLATES[0]["DIRS"]]
    return [str(path.relative_to(root)) for root in roots for path in root.rglob("*") if path.suffix in {".html", ".txt"}]


def fork(place: Path, role: str, port: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open(place / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for ours, theirs in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(ours, theirs)
        faulthandler.register(signal.SIGUSR2, all_threads=True)
        {"web": web, "worker": worker, "hand": hand}[role](place, port)
    finally:
        os._exit(1)


def web(place: Path, port: int) -> None:
    from granian.cli import entrypoint

    from tests.faults import points

    points.install(place, "web")
    sys.argv = web_command(port)[2:]
    entrypoint()


def worker(place: Path, port: int) -> None:
    from celery.__main__ import main as celery
    from celery.signals import worker_ready

    from tests.faults import points

    points.install(place, "worker")
    # Which the rig's first process has done.
    os.environ["CELERY_SKIP_CHECKS"] = "1"
    worker_ready.connect(lambda **_: (place / f"ready-{os.getpid()}").touch(), weak=False)
    sys.argv = worker_command()[2:]
    celery()


def hand(place: Path, port: int) -> None:
    from tests.faults import hand

    hand.serve(place)


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


if __name__ == "__main__":
    # It ends with its input, because only then are those that it forked ended too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
