"""The rig's hand on the site: one process without fail-points that builds the world, plays the beat, and reads how things stand.

It answers one JSON line for each JSON line on a Unix socket: `{"do": "summary"}`.
"""

from __future__ import annotations

import json
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

SOCKET = "hand.sock"


def serve(place: Path) -> None:
    from django.db import connections

    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(place / SOCKET))
        door.listen(1)
        rig, _ = door.accept()
        with rig.makefile("rw") as lines:
            for line in lines:
                asked = json.loads(line)
                answer: dict[str, Any]
                try:
                    answer = {"answer": COMMANDS[asked.pop("do")](**asked)}
                except Exception:
                    answer = {"error": traceback.format_exc()}
                # The rig kills and replaces what this is connected to.
                connections.close_all()
                print(json.dumps(answer), file=lines, flush=True)


def build(stand_in: str, place: str) -> dict[str, Any]:
    from tests.faults import world

    return world.build(stand_in, Path(place))


def beat(only: str = "") -> None:
    """What the beat does on its ticks: ask for every scheduled task, or for one. A broker that is away misses a tick."""
    from celery import current_app
    from django.conf import settings
    from kombu.exceptions import OperationalError

    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        if not only or only == name:
            try:
                current_app.send_task(entry["task"], retry=False, ignore_result=True, **entry["options"])
            except (OperationalError, OSError):
                current_app.pool.force_close_all()


def run_due() -> list[str]:
    """Every scheduled task once, here, one after the other. Returns the names of those that failed."""
    from funding.site.demo import schedule

    return schedule.run_due()


def open_work(goal: str) -> list[str]:
    from tests.faults import reading

    return reading.open_work(goal)


def summary() -> dict[str, Any]:
    from tests.faults import reading

    return reading.summary()


def arrived() -> dict[str, int]:
    from tests.faults import reading

    return reading.arrived()


def processor() -> dict[str, Any]:
    from tests.faults import reading

    return reading.processor()


def verify() -> str:
    """What `verify_books` says. Fails when the books do not hold."""
    import io

    from django.core.management import call_command

    said = io.StringIO()
    call_command("verify_books", stdout=said, stderr=said)
    return said.getvalue()


COMMANDS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (build, beat, run_due, open_work, summary, arrived, processor, verify)
}
