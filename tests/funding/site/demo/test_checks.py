"""The demo cannot be deployed by mistake."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as site

from funding.site.demo import checks


@pytest.mark.parametrize(("demo", "found"), [(True, ["daybook.E001"]), (False, [])])
def test_deploying_the_demo_is_an_error(settings: Any, demo: bool, found: list[str]) -> None:
    settings.DEMO = demo
    assert [error.id for error in checks.demo_is_off(None)] == found


@pytest.mark.parametrize("setting", [{"DEMO": "1"}, {"STRIPE_API_BASE": "http://127.0.0.1:8001"}])
@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_live_keys_stop_the_start(setting: dict[str, str], key: str) -> None:
    env = {**os.environ, "DEMO": "0", "STRIPE_API_BASE": "", **setting, "STRIPE_SECRET_KEY": key}
    done = subprocess.run([sys.executable, "manage.py", "check"], cwd=site.BASE_DIR, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "STRIPE_SECRET_KEY is a live key" in done.stderr


def test_a_demo_cannot_pass_the_check_before_it_is_deployed() -> None:
    env = {**os.environ, "DEMO": "1", "STRIPE_SECRET_KEY": "sk_test_1"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "ERROR"]
    done = subprocess.run(command, cwd=site.BASE_DIR, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "daybook.E001" in done.stderr
