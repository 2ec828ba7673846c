from __future__ import annotations

import threading

import pytest
from celery import shared_task
from django.db import connection

from funding.web.queue import one_at_a_time

pytestmark = pytest.mark.django_db


def test_a_worker_leaves_a_sweep_to_the_run_that_is_still_going() -> None:
    second: list[object] = []

    @shared_task(name="tests.sweep")
    @one_at_a_time
    def sweep() -> str:
        if not second:
            thread = threading.Thread(target=meanwhile)
            thread.start()
            thread.join(30)
        return "swept"

    def meanwhile() -> None:
        try:
            second.append(sweep.apply().get())
        finally:
            connection.close()

    assert sweep() == "swept"
    assert second == [None]
    assert sweep.apply().get() == "swept", "the lock is given back"
