"""Several questions in one statement: a page that knows what it is going to ask asks it all at once.

`look(one, other)` asks them side by side and keeps what each said for as long as the page is read; `rows(one)` is `list(one)`, or
what was kept. So a selector asks as it always did, and the page that calls several of them says so first: one that forgets a
question pays a query more and shows the same. What is asked together is of one moment too, because a statement sees one state of
the books and two statements may see two. Nothing of it outlives the page (reading.py), and an act looks at nothing ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any, TypeVar, overload

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet

from funding.web import reading

Row = TypeVar("Row")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Statement:
    """A question in SQL, with `%s` for each parameter. Its rows are tuples."""

    sql: str
    params: tuple[Any, ...] = ()

    def ask(self) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.params)
            found: list[Any] = cursor.fetchall()
        return found


Question = QuerySet[Any, Any] | Statement


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as the database reads it. `compiler` makes objects of its rows; a statement has none."""

    question: Question
    statement: Statement
    compiler: Any = None

    @property
    def about(self) -> tuple[str, ...]:
        """What is known by it. The same question is often put by two sides of a page, each with a queryset of its own.

        Two of one SQL may want its rows as other things: as objects, tuples or single values, and with others fetched beside them.
        """
        shape = "" if isinstance(self.question, Statement) else self._shape(self.question)
        return "rows", self.statement.sql, repr(self.statement.params), shape

    @staticmethod
    def _shape(question: QuerySet[Any, Any]) -> str:
        wanted: Any = question
        return f"{wanted.model.__name__} {wanted._iterable_class.__name__} {wanted._prefetch_related_lookups}"

    def told(self, found: list[tuple[Any, ...]]) -> list[Any]:
        """The rows as the question would have given them: the ORM makes its objects of rows that it has not fetched itself."""
        if isinstance(self.question, Statement):
            return found
        asked, width = self.question.all(), self.compiler.col_count
        self.compiler.execute_sql = lambda *_args, **_kwargs: [[row[:width] for row in found]]
        setattr(asked.query, "get_compiler", lambda *_args, **_kwargs: self.compiler)  # noqa: B010
        return list(asked)


@overload
def rows(question: QuerySet[M, Row]) -> list[Row]: ...
@overload
def rows(question: Statement) -> list[Any]: ...
def rows(question: Question) -> list[Any]:
    """What the question is answered, in its order. Nobody changes it."""
    if not reading.on():
        return _ask(question)
    _same, answer = reading.once(_itself(question), lambda: (question, _known(question)))
    found: list[Any] = answer
    return found


def look(*questions: Question) -> None:
    """Ask them together, for `rows` to find. What is known already is not asked again. One query, or none."""
    if not reading.on():
        return
    asked = [it for question in questions if (it := _compiled(question)) is not None]
    wanted = {it.about: it for it in asked if not reading.knows(it.about)}
    alone = len(wanted) == 1
    found = [] if alone else _side_by_side([it.statement for it in wanted.values()])
    answers = (
        [_ask(it.question) for it in wanted.values()] if alone else [it.told(rows) for it, rows in zip(wanted.values(), found, strict=True)]
    )
    for about, answer in zip(wanted, answers, strict=True):
        reading.learn(about, answer)
    for it in asked:
        reading.learn(_itself(it.question), (it.question, reading.once(it.about, list)))


def _itself(question: Question) -> tuple[str, int]:
    """By which a question is known that is put again as the same object. It is kept with its answer, so that its id stays its own."""
    return "asked", id(question)


def _known(question: Question) -> list[Any]:
    asked = _compiled(question)
    return reading.once(asked.about, lambda: _ask(question)) if asked else []


def _ask(question: Question) -> list[Any]:
    return question.ask() if isinstance(question, Statement) else list(question.all())


def _compiled(question: Question) -> _Asked | None:
    """The question in SQL; None for one that can find nothing, which the ORM does not ask either."""
    if isinstance(question, Statement):
        return _Asked(question, question)
    compiler = question.query.get_compiler(question.db)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    return _Asked(question, Statement(sql, tuple(params)), compiler)


def _side_by_side(questions: Sequence[Statement]) -> list[list[tuple[Any, ...]]]:
    """The rows of each. A row of the whole has the columns of all questions, and is filled under the one that it answers.

    A full join on nothing puts them side by side with each column of its own type, and the planner knows that it adds rows up.
    """
    if not questions:
        return []
    parts = [f"(SELECT row_number() OVER () AS place{n}, asked.* FROM ({it.sql}) AS asked) AS q{n}" for n, it in enumerate(questions)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {' FULL JOIN '.join([parts[0], *(f'{part} ON FALSE' for part in parts[1:])])}", _params(questions))
        names = [column.name for column in cursor.description]
        found = cursor.fetchall()
    edges = [*(names.index(f"place{n}") for n in range(len(questions))), len(names)]
    answers = []
    for place, end in pairwise(edges):
        mine = sorted((row for row in found if row[place] is not None), key=itemgetter(place))
        answers.append([row[place + 1 : end] for row in mine])
    return answers


def _params(questions: Sequence[Statement]) -> list[Any]:
    return [param for question in questions for param in question.params]
