"""`manage.py fakestripe`: it becomes the stand-in, with the conformance filter in front, and refuses what it must."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from tests.funding.payments.standin import StandIn

COMMAND = [sys.executable, "manage.py", "fakestripe", "--port", "0"]


def test_it_becomes_the_stand_in_with_the_filter_in_front(stand_in_database: str, stripe_stand_in: StandIn) -> None:
    environment = {
        **os.environ,
        "STRIPE_SECRET_KEY": "sk_test_x",
        "STRIPE_WEBHOOK_SECRET": "whsec_x",
        "FAKESTRIPE_DATABASE_URL": stand_in_database,
        "FAKESTRIPE_WEBHOOK_URL": "http://127.0.0.1:9/hook",
    }
    with subprocess.Popen(COMMAND, env=environment, cwd=django_settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline() if process.stdout else "")
            assert found
            started = StandIn(found.group())
            assert json.loads(started.request("/healthz", method="GET").text)["status"] == "ok"
            answer = started.request("/v1/customers", headers={"Authorization": "Bearer sk_test_x"}, tax_exempt="sometimes")
            assert answer.status == 400 and "conformance" in answer.text
        finally:
            process.terminate()
    assert process.returncode == 0


def test_it_wants_a_database_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAKESTRIPE_DATABASE_URL", raising=False)
    with pytest.raises(CommandError, match="FAKESTRIPE_DATABASE_URL is not set"):
        call_command("fakestripe")


def test_it_takes_no_live_key(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("FAKESTRIPE_DATABASE_URL", "postgres://nobody@127.0.0.1/none")
    settings.STRIPE_SECRET_KEY = "sk_live_x"
    with pytest.raises(CommandError, match="live key"):
        call_command("fakestripe")
