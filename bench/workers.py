"""The processes that post through Python: `python -m bench.workers ours|hordak`. One line in is one measurement, one line out its answer.

Input: `<what> <seconds>`. Output: operations per second, as a number. `hordak` is django-hordak, which is not among our packages;
without it the worker says so and ends.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import sys
import time
from collections.abc import Callable
from typing import Any

BATCH = 1_000


def rate(act: Callable[[], object], seconds: float, each: int = 1) -> float:
    """How often a second, when `act` is repeated for about so long and does `each` things at a time."""
    act()
    count, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds:
        act()
        count += each
    return count / passed


def ours() -> dict[str, Callable[[float], float]]:
    import django

    django.setup()
    from funding.ledger import selectors, services
    from funding.ledger.models import Account
    from funding.ledger.services import Line

    numbers = itertools.count(time.time_ns())
    when, day = dt.datetime(2026, 1, 2, tzinfo=dt.UTC), dt.date(2026, 1, 2)
    funds = itertools.cycle(list(Account.objects.filter(code__startswith="fund:bench").order_by("?")[:2_000]))
    cash, clearing = services.account("cash:bench:USD"), services.account("clearing:bench:USD")
    host = services.account("fund:bench1:USD")

    def post(lines: list[Line]) -> object:
        return services.post(kind="bench", source="bench", reference=f"p{next(numbers)}", lines=lines, at=when, effective_on=day)

    def one() -> object:
        return post([Line(next(funds), next(funds), 1, "move")])

    def contribution() -> object:
        fund = next(funds)
        return post([
            Line(cash, clearing, 10_000, "contribution"),
            Line(clearing, cash, 320, "processor_fee"),
            Line(clearing, host, 500, "host_fee"),
            Line(clearing, fund, 9_180, "allocation"),
        ])  # fmt: skip

    def batch() -> object:
        return post([Line(next(funds), next(funds), 1, "move") for _ in range(BATCH)])

    def balance(code: str) -> Callable[[float], float]:
        account = services.account(code)
        return lambda seconds: rate(lambda: selectors.balances([account]), seconds)

    return {
        "one": lambda seconds: rate(one, seconds),
        "contribution": lambda seconds: rate(contribution, seconds),
        "batch": lambda seconds: rate(batch, seconds, BATCH),
        "balance_short": balance("fund:short:USD"),
        "balance_long": balance("fund:long:USD"),
    }


def hordak() -> dict[str, Callable[[float], float]]:
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "HOST": os.environ["BENCH_HOST"], "NAME": "hordak",
                               "USER": "postgres"}},
        SECRET_KEY="bench", USE_TZ=True, DEFAULT_CURRENCY="USD", CURRENCIES=["USD"], DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    )  # fmt: skip
    import django

    django.setup()
    from django.core.management import call_command
    from hordak.models import Account, AccountType, Leg, Transaction
    from moneyed import Money

    call_command("migrate", verbosity=0)
    accounts = [
        Account.objects.create(name=f"a{number}", code=str(number), type=AccountType.income, currencies=["USD"]) for number in range(200)
    ]
    pairs = itertools.cycle(zip(accounts, accounts[1:] + accounts[:1], strict=True))

    def one() -> object:
        first, second = next(pairs)
        return first.transfer_to(second, Money(1, "USD"))

    def batch() -> object:
        from django.db import transaction

        with transaction.atomic():
            made = Transaction.objects.bulk_create([Transaction() for _ in range(BATCH)])
            legs: list[Any] = []
            for row in made:
                first, second = next(pairs)
                legs += [
                    Leg(transaction=row, account=first, credit=Money(1, "USD")),
                    Leg(transaction=row, account=second, debit=Money(1, "USD")),
                ]
            return Leg.objects.bulk_create(legs)

    return {"one": lambda seconds: rate(one, seconds), "batch": lambda seconds: rate(batch, seconds, BATCH)}


def main() -> int:
    try:
        verbs = {"ours": ours, "hordak": hordak}[sys.argv[1]]()
    except ImportError as error:
        print(f"missing {error.name}", flush=True)
        return 1
    print("ready", flush=True)
    for line in sys.stdin:
        what, seconds = line.split()
        print(verbs[what](float(seconds)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
