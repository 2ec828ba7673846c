from __future__ import annotations

import threading

import pytest
from celery import current_app, shared_task
from django.db import connection

from funding.web.queue import enqueue, left_to_sweepers, one_at_a_time

pytestmark = pytest.mark.django_db


def test_nobody_is_asked_while_all_is_left_to_the_sweepers() -> None:
    """What is in the broker's queue is counted, before, within and after."""

    def waiting() -> int:
        with current_app.connection_for_read() as broker:
            return int(broker.default_channel.queue_declare("slow", passive=False).message_count)

    before = waiting()
    with left_to_sweepers():
        enqueue("tests.nothing")
        assert waiting() == before
    enqueue("tests.nothing")
    assert waiting() == before + 1


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
