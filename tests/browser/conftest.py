"""The whole product as processes: its own database, web, Celery workers, beat and the stand-in, and a browser in front.

Nothing here writes a row or calls a service after the first administrator is made by `createsuperuser`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from psycopg import sql

from funding.runtime import outside
from funding.runtime.demo import beat_command, web_command, worker_command

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
OPTIONS = [
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
    *(
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-gpu",
    ),
]
ADMIN = ("ada@fjord.test", "Ada Berg", "a long demo password")
REDIS_NUMBER = 9
FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium on the PATH: install the package chromium to run the browser tests"))


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def other_redis(url: str, number: int = REDIS_NUMBER) -> str:
    """The same server, another of its databases. Two installations that run at once would take each other's jobs from one."""
    if url.startswith("unix:"):
        return f"{url.partition('?')[0]}?db={number}"
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


@dataclass
class Site:
    """A running installation, empty but for its first administrator."""

    url: str
    env: dict[str, str]
    log: Path

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, migrated: str) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), "browser", outside.HOST, migrated, DEMO="1") as running:
        yield running


@contextmanager
def running_site(place: Path, kind: str, host: str, template: str, **settings: str) -> Iterator[Site]:
    """The whole product on databases of its own, a copy of `template` and the stand-in's, answering at `host`. `kind` keeps two apart."""
    owner_url, app_url = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"], os.environ["DATABASE_URL"]
    name = f"test_{kind}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    databases = [name, f"{name}_stripe"]
    server = psycopg.connect(_named(owner_url, "postgres"), autocommit=True)
    server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, template))))
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(databases[1])))
    port = outside.free_port(18_000 + os.getpid() % 1_000)
    stand_in = outside.free_port(port + 1)
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "funding.settings",
        "SECRET_KEY": "browser-tests",
        "BASE_URL": f"http://{host}:{port}",
        "ALLOWED_HOSTS": f"{host},{outside.HOST}",
        "DATABASE_URL": _named(app_url, name),
        "DATABASE_OWNER_URL": _named(owner_url, name),
        "REDIS_URL": other_redis(os.environ["REDIS_URL"]),
        "EMAIL_URL": "dummymail://",
        "STRIPE_SECRET_KEY": "sk_test_browser",
        "STRIPE_WEBHOOK_SECRET": "whsec_browser",
        "STRIPE_API_BASE": f"http://{outside.HOST}:{stand_in}",
        "FAKESTRIPE_DATABASE_URL": _named(owner_url, databases[1]),
        "FAKESTRIPE_WEBHOOK_URL": f"http://{outside.HOST}:{port}/webhooks/stripe/",
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    running = Site(f"http://{host}:{port}", env, place / "site.log")
    running.manage("collectstatic", "--noinput", "-v", "0")
    running.env["DJANGO_SUPERUSER_PASSWORD"] = ADMIN[2]
    running.manage("createsuperuser", "--noinput", "--email", ADMIN[0], "--name", ADMIN[1])
    commands = [
        outside.manage("fakestripe", "--port", str(stand_in)),
        web_command(port),
        worker_command(),
        beat_command(place / "schedule"),
    ]
    with open(running.log, "w") as log:
        processes = [
            subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
            for command in commands
        ]
        try:
            wait_until(lambda: outside.answers(port, "/livez") and outside.answers(stand_in, "/healthz"), "the site")
            yield running
        finally:
            for process in processes:
                _end(process)
            with psycopg.connect(_named(app_url, "postgres"), autocommit=True) as app:
                app.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user", [name])
            for database in databases:
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
            server.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and the group that it leads: granian and Celery have children."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait(timeout=5)


def wait_until(there: Callable[[], Any], what: str, seconds: float = 90) -> Any:
    """The first true answer of `there`; fails with `what` was waited for. The limit is for a hung machine, not a slow one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := there():
            return found
        time.sleep(0.25)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module only: while Playwright runs, its event loop makes Django refuse the database to this thread's other tests."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield launched
        launched.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def somebody(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Callable[[], Page]]:
    """`somebody()` opens a browser of their own for one more person: own cookies, own session."""
    contexts: list[BrowserContext] = []

    def arrive() -> Page:
        context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 900})
        context.set_default_timeout(90_000)
        contexts.append(context)
        return context.new_page()

    yield arrive
    if request.node.stash.get(FAILED, False):
        for number, page in enumerate(page for context in contexts for page in context.pages):
            page.screenshot(path=site.log.with_name(f"failed-{number}.png"), full_page=True)
            print(f"failed-{number}.png {page.url}")
        print(f"Screenshots and the processes' log: {site.log.parent}")
    for context in contexts:
        context.close()
