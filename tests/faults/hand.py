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
                    # The rig kills and replaces what this is connected to.
                    for connection in connections.all(initialized_only=True):
                        if connection.connection is not None and not connection.is_usable():
                            connection.close()
                    answer = {"answer": COMMANDS[asked.pop("do")](**asked)}
                except Exception:
                    answer = {"error": traceback.format_exc()}
                print(json.dumps(answer), file=lines, flush=True)


def build(stand_in: str, place: str) -> dict[str, Any]:
    from django.core.management import call_command
    from django.db import connections

    from tests.faults import world

    call_command("migrate", database="owner", interactive=False, verbosity=0)
    made = world.build(stand_in, Path(place))
    connections.close_all()
    return made


def beat(only: str = "") -> None:
    """What the beat does on its ticks: ask for every task of `schedule`, or for one. A broker that is away misses a tick."""
    from celery import current_app
    from kombu.exceptions import OperationalError

    for name, entry in schedule().items():
        if not only or only == name:
            try:
                current_app.send_task(entry["task"], retry=False, ignore_result=True, **entry["options"])
            except (OperationalError, OSError):
                current_app.pool.force_close_all()


def run_due() -> list[str]:
    """Every scheduled task once, here, one after the other. Returns the names of those that failed."""
    from django.utils.module_loading import import_string

    failed = []
    for name, entry in schedule().items():
        try:
            import_string(entry["task"])()
        except Exception:
            failed.append(f"{name}: {traceback.format_exc()}")
    return failed


def schedule() -> dict[str, Any]:
    """The beat's, without the watch: it would rightly mail to everybody that nothing ran while a case let hours pass."""
    from django.conf import settings

    return {name: entry for name, entry in settings.CELERY_BEAT_SCHEDULE.items() if name != "watch"}


def without_renewals() -> None:
    from tests.faults import world

    world.without_renewals()


def raised() -> list[str]:
    from tests.faults import reading

    return reading.raised()


def way_to_pay(email: str) -> str:
    """The address in the mail to somebody whose card was refused."""
    from sponsors.billing import links
    from sponsors.sponsorships.models import Sponsorship

    return links.pay(Sponsorship.objects.get(contact_email=email))


def open_work(goal: str) -> list[str]:
    from tests.faults import reading

    return reading.open_work(goal)


def result() -> dict[str, Any]:
    """How a case ended, after one more comparison with the processor: the summary, the processor's side, mails, and `verify_books`."""
    from tests.faults import reading

    reading.compare()
    return {
        "summary": reading.summary(),
        "processor": reading.processor(),
        "arrived": reading.arrived(),
        "verified": reading.verified(),
    }


VERBS: tuple[Callable[..., Any], ...] = (build, beat, run_due, without_renewals, raised, way_to_pay, open_work, result)
COMMANDS: dict[str, Callable[..., Any]] = {function.__name__: function for function in VERBS}
