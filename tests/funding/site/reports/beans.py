"""Beancount as an oracle: it shares no line with us, reads the file that we write, and adds it up by itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from beancount import loader
from beancount.core.data import Open, Transaction

from funding.ledger.models import Account
from funding.ledger.selectors import DEBIT_NORMAL, balances
from funding.money import Money


def check(file: Path) -> str:
    """What `bean-check` has to say of the file; nothing when it accepts it."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "from beancount.scripts.check import main; main()", "--no-cache", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    return (done.stdout + done.stderr).strip() or ("" if done.returncode == 0 else f"it ended with {done.returncode}")


def added_up(file: Path) -> dict[str, Money]:
    """Our code of each account → what Beancount says that the postings add up to, a debit positive."""
    entries, errors, _options = loader.load_file(str(file))
    assert errors == []
    codes = {entry.account: (entry.meta["code"], entry.currencies[0]) for entry in entries if isinstance(entry, Open)}
    assert len({code for code, _currency in codes.values()}) == len(codes)
    sums = dict.fromkeys(codes, Decimal(0))
    for account, number, currency in _postings(entries):
        assert codes[account][1] == currency
        sums[account] += number
    return {code: Money.parse(sums[account], currency) for account, (code, currency) in codes.items()}


def _postings(entries: list[object]) -> Iterator[tuple[str, Decimal, str]]:
    for entry in entries:
        if isinstance(entry, Transaction):
            for posting in entry.postings:
                yield posting.account, posting.units.number, posting.units.currency


def ours(*, moved: bool = True) -> dict[str, Money]:
    """The same from our own totals; accounts that nothing has moved only where `moved` is False."""
    found = {}
    for held in balances(Account.objects.all()).values():
        sign = 1 if held.account.klass in DEBIT_NORMAL else -1
        if held.debits or held.credits or not moved:
            found[held.account.code] = held.amount if sign == 1 else -held.amount
    return found
