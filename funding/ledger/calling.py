"""How a function of the books is called, and how its refusal becomes an error. Only services.py calls; it says what may be asked.

The statements are few and each is run all day, so they are prepared on the server once for a connection; Django by itself writes
the values into the text, which PostgreSQL then has to read and plan anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, models, transaction
from django.utils.translation import gettext as _

from funding.ledger import errors
from funding.money import Money

REFUSED, OUT_OF_RANGE, TOO_LARGE = "DB001", "22003", "too_large"
RULES: dict[str, type[errors.LedgerError]] = {
    "wrong_currency": errors.WrongCurrency,
    "unbalanced": errors.Unbalanced,
    "bad_line": errors.BadLine,
    "pin_refused": errors.PinRefused,
    "reference_reused": errors.ReferenceReused,
    "revision": errors.RevisionRefused,
    "unknown_account": errors.UnknownAccount,
    "period_open": errors.PeriodOpen,
    "not_to_seal": errors.NotToSeal,
    TOO_LARGE: errors.TooLarge,
}
SUMS: dict[str, type[errors.Overdrawn]] = {
    "overdrawn": errors.Overdrawn,
    "not_reserved": errors.NotReserved,
    "item_exceeded": errors.ItemExceeded,
}

M = TypeVar("M", bound=models.Model)


class Prepared(psycopg.Cursor[Any]):
    """A cursor whose statements are prepared from the first time on.

    Django turns preparing off for the connection. It is on for this cursor's statements only: for Django's own, whose values are
    part of the text, psycopg would keep count of a hundred texts that never come again.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Prepared:
        held, self.connection.prepare_threshold = self.connection.prepare_threshold, 0
        try:
            return super().execute(query, params, **options)
        finally:
            self.connection.prepare_threshold = held


def one(model: type[M], function: str, params: Sequence[Any]) -> M:
    """The row of `model` that the function returns. One round trip outside a transaction, a savepoint inside one.

    `function` is a call with a placeholder for each of `params`. Raises what `refusals` raises.
    """
    fields = model._meta.concrete_fields
    with refusals():
        (row,) = rows(f"SELECT {', '.join([str(field.column) for field in fields])} FROM {function}", params)
        made: M = model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in fields], row)
        return made


def rows(statement: str, params: Sequence[Any]) -> list[Any]:
    """What a prepared statement answers, as tuples. Django's own cursor is around it, so that it is logged and counted as any other.

    While statements are logged it is not prepared, because psycopg keeps no text of one that is.
    """
    # What Django's own cursor does before it is there.
    connection.validate_thread_sharing()
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    logged = connection.queries_logged
    around = connection.make_debug_cursor if logged else connection.make_cursor
    inside: Any = (psycopg.Cursor if logged else Prepared)(connection.connection)
    with around(inside) as cursor:
        cursor.execute(statement, params)
        found: list[Any] = cursor.fetchall()
        return found


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a refusal inside into its `LedgerError`; the caller's transaction stays usable."""
    guard: Any = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with guard:
            yield
    except DatabaseError as problem:
        refusal = _refusal(problem.__cause__)
        if refusal is None:
            raise
        raise refusal from None


def error(sentence: str, facts: dict[str, Any]) -> errors.LedgerError:
    """The error of a refusal: `facts` has its `rule`, and for a sum that is short the `account`, the `currency` and what is `missing`."""
    rule = facts["rule"]
    if rule == TOO_LARGE:
        sentence = _("The sum is larger than the books can hold.")
    if rule in SUMS and "account" in facts:
        short = Money(facts["missing"], facts["currency"])
        return SUMS[rule](
            _("{sentence} {short} is missing.").format(sentence=sentence, short=short),
            account_code=facts["account"],
            missing=facts["missing"],
            rule=rule,
        )
    if rule in SUMS:
        return SUMS[rule](sentence, account_code="", missing=facts["missing"], rule=rule)
    return RULES.get(rule, errors.LedgerError)(sentence, rule=rule)


def _refusal(cause: Any) -> errors.LedgerError | None:
    state = getattr(cause, "sqlstate", None)
    if state == OUT_OF_RANGE:
        return error("", {"rule": TOO_LARGE})
    if state != REFUSED:
        return None
    return error(str(cause.diag.message_primary), json.loads(cause.diag.message_detail))
