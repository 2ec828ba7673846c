"""Questions that are asked side by side are answered as they are alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Sum
from django.test.utils import CaptureQueriesContext

from funding.funds.models import Fund, Project
from funding.ledger.models import Account, Transfer
from funding.people.models import User
from funding.web import ahead, reading, trouble
from funding.web.ahead import Question, Statement
from funding.web.models import Trouble
from grants.awards.models import Award
from tests.funding.builders import user
from tests.grants import builders
from tests.grants.awards import builders as awards

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Iterator[None]:
    """A page is being read."""
    token = reading._known.set({})
    yield
    reading._known.reset(token)


@pytest.fixture
def questions() -> list[Question]:
    people = awards.desk()
    awards.booked(people.maker, people.checker, builders.project())
    trouble.note("task", "1", ValueError("none"), args=(1, {"a": "ü", "b": [None]}))
    return [
        Transfer.objects.select_related("entry", "debit_account", "credit_account").order_by("-pk"),
        Award.objects.select_related("grantor", "fund__account").annotate(many=Count("projects")),
        Fund.objects.prefetch_related("projects").order_by("name"),
        User.objects.order_by("-name")[:2],
        User.objects.filter(pk__in=[]),
        User.objects.filter(name="Nobody"),
        Transfer.objects.order_by().values_list("kind").annotate(sum=Sum("amount")).order_by("kind"),
        Project.objects.values("slug", "created_at"),
        Project.objects.values_list("created_at", flat=True),
        Trouble.objects.values_list("args", "first_at"),
        Account.objects.filter(code__contains="%").union(Account.objects.filter(code__contains=":")).order_by("code"),
        Statement("SELECT id, 'a%%' FROM ledger_account WHERE id >= ANY (%s) ORDER BY id DESC", ([1, 2, 3],)),
        Award.objects.distinct().order_by("grantor__name").values_list("pk", flat=True),
    ]


def deep(row: Any, hops: int = 3) -> Any:
    """A row with all that came with it, for comparing."""
    if not hasattr(row, "_meta"):
        return row
    with_it = {name: deep(it, hops - 1) for name, it in row._state.fields_cache.items() if hops}
    before = {name: list(it) for name, it in getattr(row, "_prefetched_objects_cache", {}).items()}
    return {name: value for name, value in vars(row).items() if not name.startswith("_")} | with_it | before


def test_each_says_what_it_says_alone(questions: list[Question], page: None) -> None:
    alone = [[deep(row) for row in (it.ask() if isinstance(it, Statement) else list(it.all()))] for it in questions]
    assert [bool(rows) for rows in alone].count(False) == 2
    with CaptureQueriesContext(connection) as asked:
        ahead.look(*questions)
    assert len(asked) == 2, "one for all, and one for what is prefetched"
    with CaptureQueriesContext(connection) as asked:
        together = [[deep(row) for row in ahead.rows(it)] for it in questions]
    assert len(asked) == 0
    assert together == alone


def test_what_is_known_is_not_asked_again(page: None) -> None:
    one, other = User.objects.filter(name="One"), User.objects.filter(name="Other")
    with CaptureQueriesContext(connection) as asked:
        ahead.look(one)
        ahead.look(one, other, other.all())
        ahead.look(one, other)
        assert ahead.rows(one) == ahead.rows(other) == []
    assert len(asked) == 2


def test_an_act_asks_afresh(page: None) -> None:
    people = User.objects.all()
    ahead.look(people, Project.objects.all())
    with reading.afresh():
        User.objects.create_user("a@example.org", name="A")
        ahead.look(people, Project.objects.all())
        assert [person.name for person in ahead.rows(people)] == ["A"]
    assert [person.name for person in ahead.rows(people)] == ["A"], "what was known before the act is forgotten"


def test_one_sql_that_is_wanted_in_two_shapes_has_two_answers(page: None) -> None:
    made = user("Two Shapes")
    whole, flat = (User.objects.filter(pk=made.pk).values_list("name", flat=flat) for flat in (False, True))
    ahead.look(whole, flat)
    assert (ahead.rows(whole), ahead.rows(flat)) == ([("Two Shapes",)], ["Two Shapes"])
