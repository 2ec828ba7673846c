"""Schemathesis asks every operation of the schema as everybody: no crash, and no answer that the schema does not foresee.

What is asked is made once from the schema, and then sent as each kind of person. What stands in an address is made up one time
and real the next: the keys of what this reader sees in the resource's list.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi import checks
from werkzeug.test import Client

from funding.api import views
from funding.site.api import schema
from funding.web import throttle
from tests.funding.site.api.callers import token
from tests.site import matrix
from tests.site.world import World

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
FEW, MANY = 2, 60
"""Examples of each operation, of what fits the schema and, of writes, again of what does not."""
_made: dict[int, list[Case]] = {}


@pytest.fixture(autouse=True)
def _no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STRANGERS", "PEOPLE", "WRITES"):
        monkeypatch.setattr(views, name, throttle.Limit(name, 10**9, dt.timedelta(minutes=1)))


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """The application is called as a server does, in this test's transaction: it must not close what the transaction is on."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize("column", matrix.PEOPLE)
def test_every_operation_answers_as_it_says(column: str, world: World) -> None:
    ask(column, world, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("column", matrix.PEOPLE)
def test_every_operation_answers_as_it_says_many_times(column: str, world: World) -> None:
    ask(column, world, MANY)


def ask(column: str, world: World, examples: int) -> None:
    who = matrix.PEOPLE[column]
    headers = {"Authorization": f"Bearer {token(world.people[who])}"} if who in world.people else {}
    application = get_wsgi_application()
    keys: dict[str, Iterator[dict[str, str]]] = {}
    wrong = []
    for number, case in enumerate(cases(application, examples)):
        made_up = dict(case.path_parameters)
        if made_up and number % 2:
            keys[case.path] = keys.get(case.path) or cycle(known(case.path, headers, application) or [{}])
            case.path_parameters.update(next(keys[case.path]))
        with transaction.atomic():
            answer = case.call(headers=headers, app=application)
            transaction.set_rollback(True)
        try:
            case.validate_response(answer, checks=CHECKS, headers=headers)
        except Exception as error:
            wrong.append(f"{case.operation.label} {answer.status_code} {answer.request.url}\n{error}")
        case.path_parameters.update(made_up)
    assert not wrong, "\n\n".join(wrong)


def cases(application: Any, examples: int) -> list[Case]:
    """The same requests each time: hypothesis draws them without chance."""
    if examples not in _made:
        _made[examples] = []
        for found in schemathesis.openapi.from_dict(schema.whole()).get_all_operations():
            operation = found.ok()
            for mode in GenerationMode if operation.method != "get" else [GenerationMode.POSITIVE]:
                _draw(operation.as_strategy(generation_mode=mode), examples, _made[examples])
    return _made[examples]


def _draw(strategy: Any, examples: int, into: list[Case]) -> None:
    @given(case=strategy)
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Case) -> None:
        into.append(case)

    one()


def known(path: str, headers: dict[str, str], application: Any) -> list[dict[str, str]]:
    """What fits the places of an address, from the list that it goes on from; empty where the reader sees none."""
    before, _, rest = path.partition("{")
    name = rest.partition("}")[0]
    answer = Client(application).get(before, headers=headers)
    if answer.status_code != 200 or not isinstance(answer.json, dict):
        return []
    return [{name: item["url"].rstrip("/").rpartition("/")[2]} for item in answer.json["results"] if item.get("url")][:5]
