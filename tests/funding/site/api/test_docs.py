"""The examples of docs/api.md, run as they stand there against a server that listens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import make_server

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections

from funding import clock
from funding.api import errors
from funding.api.permissions import SCOPES
from funding.funds.models import Project
from grants.timesheets.models import WorkEntry
from tests.funding.site.api.callers import token
from tests.grants.engagements import builders as work

PAGE = (Path(settings.BASE_DIR) / "docs/api.md").read_text()
SHELL, PYTHON = (re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) for kind in ("sh", "python"))
SECONDS = 60


@pytest.fixture
def server(transactional_db: None) -> Iterator[str]:
    """The whole application behind a port of this machine, in a thread of its own."""
    with make_server("127.0.0.1", 0, get_wsgi_application()) as listening:

        def serve() -> None:
            try:
                listening.serve_forever(poll_interval=0.05)
            finally:
                connections.close_all()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def test_the_examples_do_what_they_say(server: str) -> None:
    work.user("Lead Person", "maintainer@project:quillon")
    worker = work.user("Marit Solheim")
    engagement = work.engagement(worker)
    Project.objects.update(state=Project.State.OPEN)
    env = {**os.environ, "BASE": server, "TOKEN": token(worker), "ENGAGEMENT": engagement.ref, "DAY": f"{clock.today()}"}

    def run(*command: str) -> str:
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=SECONDS, check=True).stdout

    listed, told, logged = (json.loads(run("sh", "-ec", example)) for example in SHELL)
    assert [item["slug"] for item in listed["results"]] == ["quillon"]
    opening, came_in, went_out, closing = (told[name]["amount"] for name in ("opening", "came_in", "went_out", "closing"))
    assert told["fund"] == "quillon" and closing == opening + came_in - went_out > 0
    assert [entry["date"] for entry in logged] == ["2026-10-14"]
    (script,) = PYTHON
    assert run(sys.executable, "-c", script).split()[1:] == ["withdrawn"]
    assert WorkEntry.objects.filter(state=WorkEntry.State.LOGGED).count() == 2


def test_every_scope_is_in_the_list() -> None:
    assert [scope for scope in SCOPES if f"| `{scope}` |" not in PAGE] == []


def test_the_problem_shown_is_one_of_ours() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    problem = errors.PROBLEMS["invalid"]
    assert json.loads(shown).items() >= {"title": problem.title, "status": problem.status, "detail": problem.meaning}.items()
