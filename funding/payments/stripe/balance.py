"""The platform's balance and each movement on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from funding.payments.currencies import from_processor
from funding.payments.stripe.client import Plain, answers, client, moment
from funding.payments.values import Balance, BalanceTransaction

PAGE = 100


def read_balance() -> tuple[Balance, ...]:
    with answers():
        found = client().v1.balance.retrieve().to_dict()
    pending = {row["currency"]: row["amount"] for row in found["pending"]}
    available = {row["currency"]: row["amount"] for row in found["available"]}
    return tuple(
        Balance(available=from_processor(available.get(code, 0), code), pending=from_processor(pending.get(code, 0), code))
        for code in sorted(available.keys() | pending.keys())
    )


def balance_transactions(*, since: dt.datetime, until: dt.datetime) -> Iterator[BalanceTransaction]:
    created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    with answers():
        listed = client().v1.balance_transactions.list({"created": {"gte": created["gte"], "lt": created["lt"]}, "limit": PAGE})
        for entry in listed.auto_paging_iter():
            yield balance_transaction(entry.to_dict())


def read_balance_transaction(transaction: str) -> BalanceTransaction:
    with answers():
        return balance_transaction(client().v1.balance_transactions.retrieve(transaction).to_dict())


def balance_transaction(entry: Plain) -> BalanceTransaction:
    code = entry["currency"]
    source = entry["source"]
    return BalanceTransaction(
        id=entry["id"],
        kind=entry["reporting_category"] or entry["type"],
        amount=from_processor(entry["amount"], code).amount,
        fee=from_processor(entry["fee"], code).amount,
        net=from_processor(entry["net"], code).amount,
        currency=code.upper(),
        source=str((source["id"] if isinstance(source, dict) else source) or ""),
        created=moment(entry["created"]),
        available_on=moment(entry["available_on"]),
    )
